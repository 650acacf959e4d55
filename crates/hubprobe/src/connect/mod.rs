//! From data to a connection: reads the secrets, the certificates and the
//! headers that a [`Target`] names, and makes a client of them.
//!
//! The only room that reads secrets. What it hands on are the client's own
//! secret types, which cannot be printed. It sends nothing.

mod secret;

use std::time::Duration;

use jupyterhub_client::{Hub, Observer, Secret, Settings, Token};
use uuid::Uuid;

pub use secret::{SecretError, read_secret, read_token, read_word};

use crate::vocabulary::Target;

/// How long a connection to the hub may take, where no deadline is shorter.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an ordinary request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The file of certificates cannot be read.
    #[error("the CA file {path} cannot be read: {source}. Give a readable PEM file with --ca-file")]
    CaFile {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A header's value cannot be read.
    #[error("the value of the header {name}: {source}")]
    Header {
        /// Which header.
        name: String,
        /// Why.
        source: SecretError,
    },
    /// The client refuses its settings.
    #[error(transparent)]
    Client(#[from] jupyterhub_client::Error),
}

/// A client, and the secrets that it carries beside the token.
#[derive(Debug)]
pub struct Connected {
    /// The client.
    pub hub: Hub,
    /// The values of extra headers, so that they can be taken out of what is said.
    pub secrets: Vec<Secret>,
}

/// How this tool names itself to a hub: version and run.
pub fn user_agent(run: Uuid) -> String {
    format!("hubprobe/{} (run {run})", env!("CARGO_PKG_VERSION"))
}

/// A client of the hub. Nothing is sent yet.
///
/// # Errors
/// [`ConnectError`] where a file or a header's value cannot be read.
pub async fn hub(
    target: &Target,
    token: Option<Token>,
    run: Uuid,
) -> Result<Connected, ConnectError> {
    watched(target, token, run, None).await
}

/// As [`hub`], with somebody who is told of each request.
///
/// # Errors
/// As [`hub`].
pub async fn watched(
    target: &Target,
    token: Option<Token>,
    run: Uuid,
    observer: Option<Observer>,
) -> Result<Connected, ConnectError> {
    let mut settings = Settings::new(target.url.clone());
    settings.observer = observer;
    settings.token = token;
    settings.user_agent = user_agent(run);
    settings.connect_timeout = CONNECT_TIMEOUT;
    settings.request_timeout = REQUEST_TIMEOUT;
    if let Some(path) = &target.ca_file {
        let pem = std::fs::read(path).map_err(|source| ConnectError::CaFile {
            path: path.display().to_string(),
            source,
        })?;
        settings.ca_pem = Some(pem);
    }
    for (name, source) in &target.headers {
        let value = read_secret(source)
            .await
            .map_err(|source| ConnectError::Header {
                name: name.clone(),
                source,
            })?;
        settings
            .headers
            .push((name.clone(), Secret::new(value.trim())));
    }
    let secrets = settings.headers.iter().map(|(_, value)| value.clone());
    let secrets = secrets.collect();
    Ok(Connected {
        hub: Hub::new(settings)?,
        secrets,
    })
}
