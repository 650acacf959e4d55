//! How errors read: one line each, for people.
//!
//! A body that is a page is not quoted; its first line would say nothing. What others have said is cut, and holds
//! nothing that a terminal would obey.

use std::fmt::{self, Write as _};
use std::time::Duration;

use super::{ConnectKind, Error, Stage, TlsKind};

/// The most characters that are quoted of others' words.
const QUOTED: usize = 300;

/// Somebody else's words on one line.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chars = self.0.trim().chars();
        for c in chars.by_ref().take(QUOTED) {
            f.write_char(if c.is_control() { ' ' } else { c })?;
        }
        match chars.next() {
            Some(_) => f.write_char('…'),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.operation)?;
        if !self.method.is_empty() {
            write!(f, "{} ", self.method)?;
        }
        if !self.url.is_empty() {
            write!(f, "{}: ", self.url)?;
        }
        self.stage.fmt(f)?;
        if self.elapsed > Duration::ZERO
            && !matches!(self.stage, Stage::Timeout { .. } | Stage::Closed { .. })
        {
            write!(f, " (after {:.3} s)", self.elapsed.as_secs_f64())?;
        }
        Ok(())
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stage::Setup { message } => f.write_str(message),
            Stage::Dns {
                message,
                no_such_name: true,
            } => write!(f, "the name does not resolve: {message}"),
            Stage::Dns {
                message,
                no_such_name: false,
            } => write!(f, "no answer from the name resolver: {message}"),
            Stage::Connect { kind, message } => match kind {
                ConnectKind::Refused => write!(f, "connection refused: {message}"),
                ConnectKind::Unreachable => write!(f, "no route: {message}"),
                ConnectKind::Other => write!(f, "no connection: {message}"),
            },
            Stage::Tls { kind, message } => match kind {
                TlsKind::Untrusted => write!(f, "TLS: the certificate is not trusted: {message}"),
                TlsKind::Expired => write!(f, "TLS: the certificate has expired: {message}"),
                TlsKind::NotYetValid => {
                    write!(f, "TLS: the certificate is not valid yet: {message}")
                }
                TlsKind::WrongName => {
                    write!(f, "TLS: the certificate is for another name: {message}")
                }
                TlsKind::Other => write!(f, "TLS: {message}"),
            },
            Stage::Timeout { phase, after } => {
                write!(
                    f,
                    "no {} within {:.1} s",
                    phase_words(phase),
                    after.as_secs_f64()
                )
            }
            Stage::Redirect { head, location } => {
                write!(f, "redirected ({}) to {}", head.status, Quoted(location))
            }
            Stage::Status {
                head,
                message,
                body,
            } => said(f, "", head.status, message.as_deref(), body),
            Stage::Body { message } => write!(f, "the body of the answer: {}", Quoted(message)),
            Stage::Decode { head, message, .. } => write!(
                f,
                "the answer ({}, {}) is not what was expected: {}",
                head.status,
                Quoted(
                    head.headers
                        .get("content-type")
                        .unwrap_or("no content type")
                ),
                Quoted(message)
            ),
            Stage::Upgrade {
                head,
                message,
                body,
            } => said(f, "no websocket: ", head.status, message.as_deref(), body),
            Stage::Closed {
                code,
                reason,
                after,
            } => {
                let after = after.as_secs_f64();
                match code {
                    Some(code) => write!(
                        f,
                        "the websocket was closed after {after:.1} s with code {code}"
                    )?,
                    None => write!(
                        f,
                        "the websocket was cut after {after:.1} s without a close code"
                    )?,
                }
                if reason.is_empty() {
                    Ok(())
                } else {
                    write!(f, ": {}", Quoted(reason))
                }
            }
            Stage::KernelDied { state } => write!(f, "the kernel died ({})", Quoted(state)),
            Stage::Lost { message } => write!(
                f,
                "the connection broke before the answer was complete: {}",
                Quoted(message)
            ),
        }
    }
}

fn phase_words(phase: &str) -> &str {
    match phase {
        "connect" => "connection",
        "body" => "end of the answer's body",
        "progress" => "progress event or keep-alive",
        "upgrade" => "answer to the websocket handshake",
        "kernel" => "answer from the kernel",
        "execute" => "end of the execution",
        other => other,
    }
}

/// A status with the message, else the first line of a body that is no page.
fn said(
    f: &mut fmt::Formatter<'_>,
    before: &str,
    status: u16,
    message: Option<&str>,
    body: &str,
) -> fmt::Result {
    let words = reqwest::StatusCode::from_u16(status)
        .ok()
        .and_then(|code| code.canonical_reason());
    write!(
        f,
        "{before}{status} {}",
        words.unwrap_or("(no standard status)")
    )?;
    let line = match message {
        Some(message) => Some(message),
        None => body
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty())
            .filter(|line| !line.starts_with(['<', '{'])),
    };
    match line {
        Some(line) => write!(f, ": {}", Quoted(line)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::Head;

    #[test]
    fn an_error_is_one_short_line_whatever_was_said() {
        let evil = format!("a\n\u{1b}[2J{}", "b".repeat(5_000));
        for stage in [
            Stage::Closed {
                code: Some(1000),
                reason: evil.clone(),
                after: Duration::ZERO,
            },
            Stage::Status {
                head: Head::default(),
                message: Some(evil.clone()),
                body: String::new(),
            },
            Stage::Decode {
                head: Head::default(),
                message: evil.clone(),
                body: String::new(),
            },
            Stage::Redirect {
                head: Head::default(),
                location: evil.clone(),
            },
            Stage::KernelDied { state: evil },
        ] {
            let words = stage.to_string();
            assert!(
                words.contains("a  [2Jbbb") && words.contains('…'),
                "{words}"
            );
            assert!(!words.chars().any(char::is_control), "{words:?}");
            assert!(words.chars().count() < 400, "{words}");
        }
    }

    #[test]
    fn pages_are_not_quoted() {
        let status = |body: &str| {
            Stage::Status {
                head: Head {
                    status: 503,
                    ..Head::default()
                },
                message: None,
                body: body.to_owned(),
            }
            .to_string()
        };
        assert_eq!(status("<html>long</html>"), "503 Service Unavailable");
        assert_eq!(
            status("\n  no upstream \nmore"),
            "503 Service Unavailable: no upstream"
        );
    }
}
