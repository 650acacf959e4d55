//! What went wrong, where, and with which evidence.
//!
//! An [`Error`] names the operation and the URL, and its [`Stage`] says how far the operation came: from
//! setting up over name, connection, TLS and time to the status and the body of an answer. It keeps what a
//! diagnosis wants (head, the hub's own message, the body) and never a token. It does not say what is wrong with
//! the deployment; that takes more than one answer.

#[cfg(any(test, fuzzing))]
pub(crate) mod invariants;
mod words;

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use serde_json::Value;

use crate::head::Head;

/// The failure of one operation. One pointer wide; its fields are those of [`Failure`].
pub struct Error(Box<Failure>);

/// The parts of an [`Error`], which derefs to it.
#[derive(Debug)]
pub struct Failure {
    /// What was being done, in a few words: `start server`.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: String,
    /// The URL, without user information and with the values of unknown query parameters left out.
    pub url: String,
    /// How far it came.
    pub stage: Stage,
    /// From the start of the operation to its failure.
    pub elapsed: Duration,
}

/// How far an operation came before it failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Stage {
    /// Nothing was sent: an argument or a setting is wrong.
    Setup {
        /// What is wrong with it.
        message: String,
    },
    /// The name was not resolved.
    Dns {
        /// The resolver's words.
        message: String,
        /// The name does not exist, rather than that no resolver answered.
        no_such_name: bool,
    },
    /// No connection.
    Connect {
        /// Why, as far as the system says.
        kind: ConnectKind,
        /// The system's words.
        message: String,
    },
    /// The TLS handshake.
    Tls {
        /// Why.
        kind: TlsKind,
        /// The words of the TLS library.
        message: String,
    },
    /// A deadline came first.
    Timeout {
        /// What was waited for: `connect`, `response`, `body`, `progress`, `upgrade`, `kernel`, `execute`.
        phase: &'static str,
        /// How long it was waited for.
        after: Duration,
    },
    /// The answer was a redirect, which is never followed.
    Redirect {
        /// The answer.
        head: Head,
        /// Where it points.
        location: String,
    },
    /// The answer's status is not one that this operation expects.
    Status {
        /// The answer.
        head: Head,
        /// `message` of the JSON that JupyterHub and Jupyter Server answer errors with.
        message: Option<String>,
        /// The start of the body.
        body: String,
    },
    /// The body could not be read, or is larger than allowed.
    Body {
        /// Why.
        message: String,
    },
    /// The body is not what it should be.
    Decode {
        /// The answer.
        head: Head,
        /// What is wrong with it.
        message: String,
        /// The start of the body.
        body: String,
    },
    /// The websocket handshake was refused.
    Upgrade {
        /// The answer.
        head: Head,
        /// `message` of a JSON body, or what is wrong with the handshake.
        message: Option<String>,
        /// The start of the body.
        body: String,
    },
    /// The websocket was closed.
    Closed {
        /// The close code; none if it ended without one (1006 in other tools).
        code: Option<u16>,
        /// The reason sent with it.
        reason: String,
        /// How long it was open.
        after: Duration,
    },
    /// The kernel died.
    KernelDied {
        /// What was said of it: `restarting`, `dead`, `gone`.
        state: String,
    },
    /// The connection broke in mid-answer.
    Lost {
        /// The words of the HTTP library or the system.
        message: String,
    },
}

/// Why there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectKind {
    /// Nothing listens there.
    Refused,
    /// No route to the network or the host.
    Unreachable,
    /// Anything else, such as a proxy that refuses to connect.
    Other,
}

/// Why the TLS handshake failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsKind {
    /// The certificate's issuer is not trusted here.
    Untrusted,
    /// The certificate has expired.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
    /// The certificate is for other names.
    WrongName,
    /// Anything else, such as an answer that is no TLS.
    Other,
}

impl Error {
    /// An error of these parts; for whoever tests a judgement on errors.
    #[must_use]
    pub fn new(
        operation: &'static str,
        method: impl Into<String>,
        url: impl Into<String>,
        stage: Stage,
        elapsed: Duration,
    ) -> Error {
        Error(Box::new(Failure {
            operation,
            method: method.into(),
            url: url.into(),
            stage,
            elapsed,
        }))
    }

    /// An error before anything was sent.
    pub(crate) fn setup(
        operation: &'static str,
        url: impl Into<String>,
        message: impl Into<String>,
    ) -> Error {
        Error::new(
            operation,
            "",
            url,
            Stage::Setup {
                message: message.into(),
            },
            Duration::ZERO,
        )
    }

    /// The status of the answer, where there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.head().map(|head| head.status)
    }

    /// The `message` of the JSON error that the hub or the Jupyter server answered with.
    #[must_use]
    pub fn hub_message(&self) -> Option<&str> {
        match &self.stage {
            Stage::Status { message, .. } | Stage::Upgrade { message, .. } => message.as_deref(),
            _ => None,
        }
    }

    /// The start of the answer's body, where there was one.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        match &self.stage {
            Stage::Status { body, .. }
            | Stage::Decode { body, .. }
            | Stage::Upgrade { body, .. } => Some(body),
            _ => None,
        }
    }

    /// The head of the answer, where there was one.
    #[must_use]
    pub fn head(&self) -> Option<&Head> {
        match &self.stage {
            Stage::Redirect { head, .. }
            | Stage::Status { head, .. }
            | Stage::Decode { head, .. }
            | Stage::Upgrade { head, .. } => Some(head),
            _ => None,
        }
    }

    /// Whether a deadline came first.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.stage, Stage::Timeout { .. })
    }

    /// Whether there was no complete answer at all: name, connection, TLS, time, or a broken connection.
    #[must_use]
    pub fn is_transport(&self) -> bool {
        matches!(
            self.stage,
            Stage::Dns { .. }
                | Stage::Connect { .. }
                | Stage::Tls { .. }
                | Stage::Timeout { .. }
                | Stage::Body { .. }
                | Stage::Lost { .. }
        )
    }
}

impl Deref for Error {
    type Target = Failure;

    fn deref(&self) -> &Failure {
        &self.0
    }
}

impl std::error::Error for Error {}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The `message` of a JSON error body (JupyterHub: `{"status": 403, "message": "…"}`; Jupyter Server adds
/// `reason`, which is often null). An empty or null message is none.
pub(crate) fn json_message(body: &str) -> Option<String> {
    let value: Value = serde_json::from_str(body).ok()?;
    let text = |key: &str| {
        value
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    text("message")
        .or_else(|| text("reason"))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_and_one_pointer() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        let error = Error::new(
            "start server",
            "POST",
            "https://hub.example.org/hub/api/users/x/server",
            Stage::Status {
                head: Head {
                    status: 403,
                    ..Head::default()
                },
                message: Some("Missing or invalid credentials.".to_owned()),
                body: String::new(),
            },
            Duration::from_millis(12),
        );
        assert_eq!(
            error.to_string(),
            "start server: POST https://hub.example.org/hub/api/users/x/server: 403 Forbidden: Missing or invalid credentials. (after 0.012 s)"
        );
        assert_eq!(
            (error.status(), error.hub_message()),
            (Some(403), Some("Missing or invalid credentials."))
        );
        assert!(!error.is_transport() && !error.is_timeout());
    }

    #[test]
    fn messages_of_json_errors() {
        assert_eq!(
            json_message(r#"{"status":403,"message":"Forbidden"}"#).as_deref(),
            Some("Forbidden")
        );
        assert_eq!(json_message(r#"{"status":404,"message":null}"#), None);
        assert_eq!(
            json_message(r#"{"message":"","reason":"gone"}"#).as_deref(),
            Some("gone")
        );
        assert_eq!(json_message("<html>"), None);
        assert_eq!(json_message("[1]"), None);
    }
}
