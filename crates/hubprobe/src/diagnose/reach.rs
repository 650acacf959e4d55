//! Layers 1 and 2: from the name to a hub that answers.
//!
//! An error that did not come from a hub at all belongs here, at whatever step
//! of a visit it is met.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use jupyterhub_client::{Certificate, ConnectKind, Error, Look, Stage, TlsKind};

use super::{excerpt, first_line, front, hub, server_of};
use crate::vocabulary::{Cause, Finding};

/// What one more look at the proxy's own health path showed: `None` where it
/// was not looked at, or did not answer.
pub type ProxyHealth<'a> = Option<&'a Look>;

/// The finding for an error that came from below the hub, if it did: name,
/// connection, TLS, time, redirect, or an answer of something in front of it.
pub fn below_the_hub(error: &Error, proxy: ProxyHealth<'_>) -> Option<Finding> {
    transport(error)
        .or_else(|| front::login_wall(error))
        .or_else(|| front::redirect(error))
        .or_else(|| front::in_its_place(error, proxy))
}

/// What the HTTP library says of an answer that is no HTTP.
const GARBAGE: &[&str] = &[
    // `invalid HTTP version parsed`, and of whatever else it could not read.
    "parse",
    "head is too large",
    // A banner that comes before anything is asked, as of SSH or SMTP.
    "unexpected message",
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
            hub::failed(error).seen(excerpt(body))
        }
        Stage::Status { head, body, .. } => {
            let finding = not_a_hub(url)
                .seen(format!("GET {url} answers {}", head.status))
                .seen(server_of(error))
                .seen(first_line(body));
            if head.status == 403 && head.hub_version().is_none() {
                finding.advise(
                    "Something refuses us before the hub is asked: look for a firewall, an allow list of \
                     addresses or a filter of paths in front of it.",
                )
            } else {
                finding
            }
        }
        Stage::Decode {
            head,
            message,
            body,
        } => not_a_hub(url)
            .seen(format!(
                "GET {url} answers {}, but it is not the JSON of a hub: {message}",
                head.status
            ))
            .seen(server_of(error))
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

/// The finding for an API that takes the token and does not say who we are, as
/// every hub does: it looked like a hub by its version alone.
pub fn no_identity(url: &str) -> Finding {
    not_a_hub(url).seen(format!(
        "GET {url} answers with JSON in which no user and no service is named"
    ))
}

/// The finding for a hub that answers at another base URL.
pub fn elsewhere(error: &Error, there: &str, version: &str) -> Finding {
    Finding::new(
        Cause::ReachWrongBaseUrl,
        format!("the hub is not there, but at {there}"),
    )
    .seen(error.to_string())
    .seen(format!(
        "GET {there}hub/api/ answers as JupyterHub {version}"
    ))
    .advise(format!("Give the URL {there}"))
}

/// The finding for a first request that was not answered in time. `late` is
/// how long a second one took, which was waited for longer.
pub fn no_answer(
    url: &str,
    deadline: Duration,
    late: Option<Duration>,
    proxy: ProxyHealth<'_>,
) -> Finding {
    let finding = match late {
        Some(late) => Finding::new(
            Cause::ReachOverloaded,
            format!(
                "the hub answers, but only after {:.1} s",
                late.as_secs_f64()
            ),
        )
        .seen(format!("GET {url}: no answer within {deadline:.0?}"))
        .seen(format!(
            "asked again, and waited for: an answer after {:.1} s",
            late.as_secs_f64()
        )),
        None => Finding::new(
            Cause::ReachTimeout,
            format!("{url} does not answer within {deadline:.0?}"),
        )
        .seen(format!("GET {url}: no answer, neither good nor bad")),
    };
    match proxy {
        Some(health) if health.head.status == 200 => finding.seen(format!(
            "GET {} answers 200 after {:.2} s: the proxy lives, so it is the hub's process that does not keep up",
            health.url,
            health.head.elapsed.as_secs_f64()
        )),
        _ => finding,
    }
}

/// Clocks that differ by more than this break logins and tokens (Kerberos and
/// OpenID Connect providers allow five minutes).
const SKEW: SignedDuration = SignedDuration::from_secs(300);

/// The finding for a clock that is off: the answer's date against ours, which
/// may be late by as long as the answer took.
pub fn clock_skew(date: Timestamp, now: Timestamp) -> Option<Finding> {
    let skew = date.duration_since(now);
    if skew.abs() <= SKEW {
        return None;
    }
    let (length, direction) = (
        skew.abs(),
        if skew.is_negative() {
            "behind"
        } else {
            "ahead of"
        },
    );
    Some(
        Finding::new(
            Cause::ReachClockSkew,
            format!("the hub's clock is {} {direction} ours", minutes(length)),
        )
        .seen(format!("its answer is dated {date}, and it is {now} here"))
        .advise(
            "See which of the two is right, and set the other (NTP): tokens, logins and cookies \
             expire by these clocks. The date may also be that of a proxy in between.",
        ),
    )
}

fn minutes(length: SignedDuration) -> String {
    match length.as_secs() {
        seconds @ 0..7_200 => format!("{} minutes", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} hours", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

/// Adds what the server's certificate says, where the finding is about it.
pub fn with_certificate(finding: Finding, certificate: Option<&Certificate>) -> Finding {
    let about = matches!(
        finding.cause,
        Cause::ReachTlsUntrusted | Cause::ReachTlsExpired | Cause::ReachTlsName
    );
    let Some(certificate) = certificate.filter(|_| about) else {
        return finding;
    };
    let finding = finding
        .seen(format!(
            "the certificate is for {}, from {} to {}",
            if certificate.names.is_empty() {
                "no name at all".to_owned()
            } else {
                certificate.names.join(", ")
            },
            certificate.not_before,
            certificate.not_after
        ))
        .seen(if certificate.is_self_signed() {
            format!("it is signed by itself ({})", certificate.issuer)
        } else {
            format!("it is issued by: {}", certificate.issuer)
        });
    if finding.cause == Cause::ReachTlsUntrusted
        && !certificate.is_self_signed()
        && certificate.sent == 1
    {
        finding.seen(
            "the server sent this certificate alone: if its issuer is not an authority itself, \
             the server must send the issuer's certificate too",
        )
    } else {
        finding
    }
}

/// What the system says when a process may open no more (EMFILE, ENFILE), or
/// has no memory for it.
const OUR_LIMITS: &[&str] = &[
    "Too many open files",
    "os error 24",
    "os error 23",
    "os error 12",
];

/// A limit of our own, which looks like a failed connection.
fn our_limit(error: &Error) -> Option<Finding> {
    let (Stage::Dns { message, .. }
    | Stage::Connect { message, .. }
    | Stage::Lost { message }
    | Stage::Setup { message }) = &error.stage
    else {
        return None;
    };
    OUR_LIMITS
        .iter()
        .any(|words| message.contains(words))
        .then(|| {
            Finding::new(
                Cause::ProberLimits,
                "this process may not open one more file or connection",
            )
            .seen(error.to_string())
        })
}

/// Name, connection, TLS, time.
fn transport(error: &Error) -> Option<Finding> {
    if let Some(finding) = our_limit(error) {
        return Some(finding);
    }
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
