//! Layer 9: kernelspec, session, websocket, code.

use jupyterhub_client::{Error, KernelError, Stage};

use super::{excerpt, first_line};
use crate::vocabulary::{Cause, Finding};

/// The finding for a kernelspec that is not there.
pub fn no_spec(name: &str, there: &[String]) -> Finding {
    Finding::new(
        Cause::KernelNoSpec,
        format!("the server has no kernel {name}"),
    )
    .seen(if there.is_empty() {
        "it has no kernel at all".to_owned()
    } else {
        format!("it has: {}", there.join(", "))
    })
}

/// The finding for a session that could not be started.
pub fn not_started(error: &Error) -> Finding {
    if let Some(finding) = super::reach::below_the_hub(error, None)
        && error.status().is_none()
        && !error.is_timeout()
    {
        return finding;
    }
    let said = error.hub_message().unwrap_or_default();
    if error.status() == Some(501) || said.contains("kernel is not available") {
        return Finding::new(Cause::KernelNoSpec, "the server has no such kernel")
            .seen(error.to_string());
    }
    if let Some(finding) = super::front::cut_in(error) {
        return finding;
    }
    Finding::new(Cause::KernelNotStarted, "the kernel does not start").seen(error.to_string())
}

/// The finding for a websocket that could not be opened, or a kernel that did
/// not greet.
pub fn silent(error: &Error) -> Finding {
    match &error.stage {
        Stage::Upgrade { head, body, .. } if head.status == 500 => Finding::new(
            Cause::KernelSilent,
            "the server gave up on the kernel before it answered",
        )
        .seen(error.to_string())
        .seen(excerpt(body)),
        // Jupyter's page of an error, which has lost its headers, or its JSON.
        Stage::Upgrade { head, body, .. }
            if head.hub_version().is_some()
                || head.is_json()
                || body.contains("<title>Jupyter Server</title>") =>
        {
            Finding::new(
                Cause::KernelWebsocketBlocked,
                format!("the server itself refuses the websocket ({})", head.status),
            )
            .seen(error.to_string())
            .seen(first_line(body))
            .advise(
                "The request arrives, and the server says no: see its log for an authorizer, or for an \
                 Origin or Host header that a proxy changed.",
            )
        }
        Stage::Upgrade { body, .. } => Finding::new(
            Cause::KernelWebsocketBlocked,
            "plain requests to the server work, a websocket does not",
        )
        .seen(error.to_string())
        .seen(excerpt(body)),
        Stage::KernelDied { .. } => Finding::new(
            Cause::KernelNotStarted,
            "the kernel died before it answered",
        )
        .seen(error.to_string()),
        Stage::Closed { .. } | Stage::Lost { .. } => cut(error),
        Stage::Timeout { after, .. } => Finding::new(
            Cause::KernelSilent,
            format!("the kernel was started, but did not answer within {after:.0?}"),
        )
        .seen(error.to_string()),
        _ => not_started(error),
    }
}

/// The finding for a kernel that the server has given up before it answered:
/// what it says of it.
pub fn given_up(state: &str) -> Finding {
    Finding::new(
        Cause::KernelNotStarted,
        "the kernel ends again and again before it answers, and the server has given it up",
    )
    .seen(format!("the server says of the kernel: {state}"))
}

/// The finding for code that did not come to its end.
pub fn unfinished(error: &Error, interrupt: &str) -> Finding {
    match &error.stage {
        Stage::KernelDied { state } => {
            Finding::new(Cause::KernelDied, "the kernel died while it ran the code")
                .seen(format!("the server says of the kernel: {state}"))
        }
        Stage::Closed { .. } | Stage::Lost { .. } => cut(error),
        Stage::Timeout { after, .. } => Finding::new(
            Cause::KernelHung,
            format!("the code did not end within {after:.0?}"),
        )
        .seen(interrupt),
        _ => super::reach::below_the_hub(error, None).unwrap_or_else(|| {
            Finding::new(Cause::KernelDied, "the kernel was lost").seen(error.to_string())
        }),
    }
}

fn cut(error: &Error) -> Finding {
    let summary = match &error.stage {
        Stage::Closed { after, .. } => format!("the websocket was cut after {after:.1?}"),
        _ => "the websocket was cut".to_owned(),
    };
    Finding::new(Cause::KernelWebsocketCut, summary).seen(error.to_string())
}

/// The finding for code that raised.
pub fn raised(error: Option<&KernelError>, code: &str) -> Finding {
    let (name, value) = error.map_or(("an error", ""), |e| (e.ename.as_str(), e.evalue.as_str()));
    let finding = Finding::new(
        Cause::KernelError,
        format!("the code raised {name}: {}", excerpt(value)),
    )
    .seen(format!("the code: {}", excerpt(code)));
    let last = error.and_then(|e| e.traceback.last());
    match (name, last) {
        ("ModuleNotFoundError" | "ImportError", _) => finding.advise(
            "The environment of the server lacks a package: install it where servers run, or \
             take it out of the code.",
        ),
        (_, Some(line)) => finding.seen(format!("the end of the traceback: {}", excerpt(line))),
        _ => finding,
    }
}

/// The finding for an output that is not the expected one.
pub fn wrong_output(code: &str, expected: &str, seen: &str) -> Finding {
    Finding::new(
        Cause::KernelWrongOutput,
        "the code ran, but said something else than it should",
    )
    .seen(format!("the code: {}", excerpt(code)))
    .seen(format!("expected: {}", excerpt(expected)))
    .seen(format!("seen: {}", excerpt(seen)))
}
