//! A typed, async client of JupyterHub: its REST API, its progress stream, the Jupyter servers behind it, and
//! their kernels over the websocket.
//!
//! It is for tools that drive a hub with an API token and want to know exactly what was answered. It follows
//! no redirect, keeps no cookie, sends no `Origin`, gives the token to nobody but the hub and its servers,
//! puts a deadline on every request, and reports failures with the stage they happened at ([`Error`], [`Stage`]).
//! It knows nothing of tests, prints nothing, and decides nothing about what an answer means for a deployment.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use jupyterhub_client::{Framing, Hub, HubVersion, Settings, Token, start_body};
//! use std::time::Duration;
//!
//! let mut settings = Settings::new("https://jupyter.example.org/".parse()?);
//! settings.token = Some(Token::parse("0123456789abcdef")?);
//! let hub = Hub::new(settings)?;
//! let version = HubVersion::parse(&hub.root().await?.value.version).ok_or("no version")?;
//! let me = hub.whoami().await?.value.name;
//! let options = serde_json::json!({});
//! hub.start_server(&me, "", &start_body(&version, &options), Duration::from_secs(30)).await?;
//! # let url = hub.resolve("/user/x/")?;
//! let server = hub.server(&url);
//! let session = server.start_session("check.ipynb", "python3").await?;
//! let mut kernel = server.connect(&session.kernel.id, Framing::PreferV1).await?;
//! kernel.ready(Duration::from_secs(60)).await?;
//! let done = kernel.execute("print(6*7)", Duration::from_secs(60)).await?;
//! assert_eq!(done.text(), "42\n");
//! # Ok(()) }
//! ```

mod error;
mod exchange;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod head;
mod http;
mod hub;
pub mod json;
mod kernel;
mod message;
mod model;
mod place;
mod progress;
mod server;
mod settings;
mod token;
mod version;
mod wire;

pub use error::{ConnectKind, Error, Failure, Stage, TlsKind};
pub use exchange::{Answered, Exchange, Observer, Watched};
pub use head::{Head, Headers, KEPT, Look, Page, Seen};
pub use http::Certificate;
pub use hub::{AuthState, Hub, MintedToken};
pub use kernel::{
    Execution, ExecutionStatus, Framing, FramingUsed, KernelConnection, KernelError, KernelInfo,
    LanguageInfo, Output,
};
pub use model::{
    ApiRoot, ApiVersion, Component, Content, HubInfo, Identity, Kernel, KernelSpec, KernelSpecs,
    Me, NewToken, Server, ServerStatus, Session, SpecFile, Started, Stopped, TokenModel, User,
};
pub use progress::{ProgressEvent, ProgressStream};
pub use reqwest::Method;
pub use server::{FileFormat, JupyterServer};
pub use settings::Settings;
pub use token::{Secret, Token, TokenError};
pub use url::Url;
pub use version::{HubVersion, start_body};
