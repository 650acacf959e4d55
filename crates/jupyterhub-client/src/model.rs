//! What hubs and Jupyter servers answer, as types.
//!
//! Fields come and go with versions and with the scopes of the asking token, so nearly all are optional, and
//! an unreadable instant is as good as none: a model never fails to decode over something that nobody asked
//! for. What is not here: `auth_state`, which is secret and is dropped on arrival.

mod hub;
mod jupyter;

pub use hub::{
    ApiRoot, Component, HubInfo, Identity, NewToken, Server, Started, Stopped, TokenModel, User,
};
pub use jupyter::{
    ApiVersion, Content, Kernel, KernelSpec, KernelSpecs, Me, ServerStatus, Session, SpecFile,
};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// An instant, if there is one that can be read. Python's `isoformat` without an offset is taken as UTC.
fn instant<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let value = Value::deserialize(from)?;
    Ok(value.as_str().and_then(read_instant))
}

/// Reads an instant as JupyterHub and Jupyter Server write it.
pub(crate) fn read_instant(text: &str) -> Option<Timestamp> {
    text.parse()
        .ok()
        .or_else(|| format!("{text}Z").parse().ok())
}
