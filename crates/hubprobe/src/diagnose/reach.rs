//! Layers 1 and 2: from the name to a hub that answers.
//!
//! An error that did not come from a hub at all belongs here, at whatever step
//! of a visit it is met.

use jupyterhub_client::{ConnectKind, Error, Look, Stage, TlsKind};

use super::excerpt;
use crate::vocabulary::{Cause, Finding};

/// What one more look at the proxy's own health path showed: `None` where it
/// was not looked at, or did not answer.
pub type ProxyHealth<'a> = Option<&'a Look>;

/// The finding for an error that came from below the hub, if it did: name,
/// connection, TLS, time, redirect, or an answer of something in front of it.
pub fn below_the_hub(error: &Error, proxy: ProxyHealth<'_>) -> Option<Finding> {
    transport(error)
        .or_else(|| redirect(error))
        .or_else(|| in_front(error, proxy))
}

/// What the HTTP library says of an answer that is no HTTP.
const GARBAGE: &[&str] = &[
    "invalid HTTP",
    "invalid header",
    "head is too large",
    "parse",
];

/// The finding for the first request, `GET /hub/api/`, that failed.
pub fn first_request(error: &Error, proxy: ProxyHealth<'_>) -> Finding {
    let url = &error.url;
    if let Stage::Lost { message } = &error.stage
        && GARBAGE.iter().any(|word| message.contains(word))
    {
        return not_a_hub(url).seen(error.to_string());
    }
    if let Some(finding) = below_the_hub(error, proxy) {
        return finding;
    }
    match &error.stage {
        Stage::Status { head, body, .. } if head.status >= 500 && head.hub_version().is_some() => {
            Finding::new(Cause::HubError, "the hub answers, but with an error")
                .seen(format!("GET {url} answers {}", head.status))
                .seen(excerpt(body))
        }
        Stage::Status { head, body, .. } => not_a_hub(url)
            .seen(format!(
                "GET {url} answers {}{}",
                head.status,
                server_of(error)
            ))
            .seen(first_line(body)),
        Stage::Decode {
            head,
            message,
            body,
        } => not_a_hub(url)
            .seen(format!(
                "GET {url} answers {}{}, but it is not the JSON of a hub: {message}",
                head.status,
                server_of(error)
            ))
            .seen(first_line(body)),
        _ => not_a_hub(url).seen(error.to_string()),
    }
}

fn not_a_hub(url: &str) -> Finding {
    Finding::new(
        Cause::ReachNotAHub,
        format!("something answers at {url}, but it is no JupyterHub"),
    )
}

/// Name, connection, TLS, time.
fn transport(error: &Error) -> Option<Finding> {
    if let Stage::Tls { message, .. } = &error.stage
        && message.contains("InvalidContentType")
    {
        return Some(not_a_hub(&error.url).seen(error.to_string()).advise(
            "What listens there does not speak TLS: try the URL with http:// in place of https://.",
        ));
    }
    let (cause, summary) = match &error.stage {
        Stage::Dns {
            no_such_name: true, ..
        } => (
            Cause::ReachDns,
            format!("the name in {} does not resolve", error.url),
        ),
        Stage::Dns { .. } => (
            Cause::ProberNetwork,
            "no resolver answers on this machine".to_owned(),
        ),
        Stage::Connect { kind, .. } => match kind {
            ConnectKind::Refused => (
                Cause::ReachRefused,
                format!("nothing listens at {}", error.url),
            ),
            ConnectKind::Unreachable => (
                Cause::ProberNetwork,
                format!("this machine has no route to {}", error.url),
            ),
            ConnectKind::Other => (
                Cause::ReachRefused,
                format!("no connection to {}", error.url),
            ),
        },
        Stage::Tls { kind, .. } => match kind {
            TlsKind::Untrusted => (
                Cause::ReachTlsUntrusted,
                "the certificate is signed by nobody known here".to_owned(),
            ),
            TlsKind::Expired => (
                Cause::ReachTlsExpired,
                "the certificate has expired".to_owned(),
            ),
            TlsKind::NotYetValid => (
                Cause::ReachTlsExpired,
                "the certificate is not valid yet".to_owned(),
            ),
            TlsKind::WrongName => (
                Cause::ReachTlsName,
                "the certificate is for another name".to_owned(),
            ),
            TlsKind::Other => (
                Cause::ReachTlsUntrusted,
                "no secure connection can be made".to_owned(),
            ),
        },
        Stage::Timeout { phase, after } => (
            Cause::ReachTimeout,
            format!("no answer within {:.0?} (waiting for: {phase})", after),
        ),
        Stage::Lost { .. } => (
            Cause::ReachTimeout,
            "the connection broke before an answer came".to_owned(),
        ),
        _ => return None,
    };
    Some(Finding::new(cause, summary).seen(error.to_string()))
}

fn redirect(error: &Error) -> Option<Finding> {
    let Stage::Redirect { head, location } = &error.stage else {
        return None;
    };
    Some(
        Finding::new(
            Cause::ReachRedirect,
            format!("the hub's API redirects to {location}"),
        )
        .seen(format!(
            "{} {} answers {}, Location: {location}",
            error.method, error.url, head.status
        ))
        .advise(format!(
            "If {location} is the hub, give its URL; if it is a login page, something in front \
             of the hub wants a login: exempt /hub/api and /user from it."
        )),
    )
}

/// 429 and 502 to 504 that no hub has written.
fn in_front(error: &Error, proxy: ProxyHealth<'_>) -> Option<Finding> {
    let Stage::Status { head, body, .. } = &error.stage else {
        return None;
    };
    let by_the_hub =
        head.hub_version().is_some() || (head.is_json() && error.hub_message().is_some());
    let answer = format!(
        "{} {} answers {}{}",
        error.method,
        error.url,
        head.status,
        server_of(error)
    );
    match head.status {
        429 if !by_the_hub => Some(
            Finding::new(
                Cause::ReachRateLimited,
                "something in front of the hub throttles us",
            )
            .seen(answer)
            .seen(first_line(body)),
        ),
        502..=504 if !by_the_hub => Some(match proxy {
            Some(health) if health.head.status == 200 => Finding::new(
                Cause::ReachHubDown,
                "the proxy is there, but the hub behind it is not",
            )
            .seen(answer)
            .seen(format!("GET {} answers 200: the proxy lives", health.url)),
            other => Finding::new(
                Cause::ReachProxyDown,
                "something in front of the hub answers in its place, and the hub's proxy does not",
            )
            .seen(answer)
            .seen(first_line(body))
            .seen(match other {
                Some(health) => format!("GET {} answers {}", health.url, health.head.status),
                None => "the proxy's health path does not answer".to_owned(),
            }),
        }),
        _ => None,
    }
}

fn server_of(error: &Error) -> String {
    error
        .head()
        .and_then(|head| head.headers.get("server"))
        .map(|server| format!(" (Server: {server})"))
        .unwrap_or_default()
}

/// The first line with something on it: of an error page, that is enough.
fn first_line(body: &str) -> String {
    let line = body.lines().map(str::trim).find(|line| !line.is_empty());
    line.map(|line| format!("it says: {}", excerpt(line)))
        .unwrap_or_default()
}
