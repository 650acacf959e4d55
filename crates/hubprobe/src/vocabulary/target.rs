//! Which hub, and how to reach it: what a visit, the ledger and an account
//! command all need to make a connection. It holds the places of secrets, never
//! the secrets, so that it can be written down.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use super::SecretSource;

/// A hub's URL with all that a connection to it needs, the token apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The hub's own URL; ends with `/`.
    pub url: Url,
    /// A file of PEM certificates to trust beside the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Extra headers, for access proxies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, SecretSource)>,
}
