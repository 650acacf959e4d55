//! Layer 9.

use std::time::Duration;

use jupyterhub_client::{KernelError, Stage};

use super::{error, head, hub_page, hub_says, jupyter_says, page};
use crate::diagnose::kernel;
use crate::vocabulary::Cause;

fn upgrade(status: u16) -> Stage {
    Stage::Upgrade {
        head: head(status, &[]),
        message: None,
        body: "Can \"Upgrade\" only to \"WebSocket\".".into(),
    }
}

fn closed() -> Stage {
    Stage::Closed {
        code: None,
        reason: String::new(),
        after: Duration::from_secs(60),
    }
}

fn timeout(phase: &'static str) -> Stage {
    Stage::Timeout {
        phase,
        after: Duration::from_secs(60),
    }
}

fn died() -> Stage {
    Stage::KernelDied {
        state: "restarting".into(),
    }
}

#[test]
fn before_it_answers() {
    for (stage, cause) in [
        (upgrade(400), Cause::KernelWebsocketBlocked),
        (upgrade(404), Cause::KernelWebsocketBlocked),
        (upgrade(500), Cause::KernelSilent),
        (closed(), Cause::KernelWebsocketCut),
        (
            Stage::Lost {
                message: "x".into(),
            },
            Cause::KernelWebsocketCut,
        ),
        (died(), Cause::KernelNotStarted),
        (timeout("kernel"), Cause::KernelSilent),
        (
            hub_says(501, "The 'x' kernel is not available"),
            Cause::KernelNoSpec,
        ),
    ] {
        let words = format!("{stage:?}");
        assert_eq!(kernel::silent(&error(stage)).cause, cause, "{words}");
    }
    assert_eq!(kernel::given_up("dead").cause, Cause::KernelNotStarted);
    let dead = kernel::silent(&error(died()));
    assert_eq!(dead.summary, "the kernel died before it answered");
    for (stage, cause) in [
        (hub_says(501, "no"), Cause::KernelNoSpec),
        (
            hub_says(500, "The 'x' kernel is not available. Please pick another"),
            Cause::KernelNoSpec,
        ),
        (
            hub_says(500, "[Errno 2] No such file"),
            Cause::KernelNotStarted,
        ),
        (page(502, "bad gateway"), Cause::ReachProxyDown),
        // Jupyter's own 503, and a page of its own: no gateway cuts in.
        (
            jupyter_says(
                503,
                "Error attempting to connect to Gateway server url 'http://gw'.",
            ),
            Cause::KernelNotStarted,
        ),
        (
            hub_page(502, "<h1>502 : Bad Gateway</h1>"),
            Cause::KernelNotStarted,
        ),
        (page(500, "oops"), Cause::KernelNotStarted),
        (timeout("response"), Cause::KernelNotStarted),
        (
            Stage::Lost {
                message: "reset".into(),
            },
            Cause::ReachTimeout,
        ),
    ] {
        let words = format!("{stage:?}");
        assert_eq!(kernel::not_started(&error(stage)).cause, cause, "{words}");
    }
}

#[test]
fn while_it_runs() {
    for (stage, cause) in [
        (died(), Cause::KernelDied),
        (closed(), Cause::KernelWebsocketCut),
        (timeout("execute"), Cause::KernelHung),
        (
            Stage::Body {
                message: "no frame".into(),
            },
            Cause::KernelDied,
        ),
        (page(429, ""), Cause::ReachRateLimited),
    ] {
        let words = format!("{stage:?}");
        assert_eq!(
            kernel::unfinished(&error(stage), "an interrupt helped").cause,
            cause,
            "{words}"
        );
    }
    let cut = kernel::unfinished(&error(closed()), "");
    assert!(cut.summary.contains("60.0s"), "{}", cut.summary);
    let dead = kernel::unfinished(&error(died()), "");
    assert_eq!(dead.evidence, ["the server says of the kernel: restarting"]);
    let hung = kernel::unfinished(&error(timeout("execute")), "an interrupt helped");
    assert!(
        hung.evidence
            .iter()
            .any(|line| line == "an interrupt helped")
    );
}

#[test]
fn code_that_raises() {
    let raised = |ename: &str| KernelError {
        ename: ename.into(),
        evalue: "value".into(),
        traceback: vec!["first".into(), "last".into()],
    };
    let finding = kernel::raised(Some(&raised("ValueError")), "code");
    assert_eq!(finding.cause, Cause::KernelError);
    assert!(finding.evidence.iter().any(|line| line.contains("last")));
    for name in ["ModuleNotFoundError", "ImportError"] {
        let finding = kernel::raised(Some(&raised(name)), "code");
        assert!(finding.advice.contains("lacks a package"), "{name}");
    }
    assert!(!finding.advice.contains("lacks a package"));
    assert_eq!(kernel::raised(None, "code").cause, Cause::KernelError);
    assert_eq!(
        kernel::wrong_output("c", "1", "2").cause,
        Cause::KernelWrongOutput
    );
    let none = kernel::no_spec("x", &[]);
    assert!(none.evidence[0].contains("no kernel at all"));
    assert!(kernel::no_spec("x", &["python3".into()]).evidence[0].contains("python3"));
}

/// Whoever says no says what to look at: the server's own page is no proxy's.
#[test]
fn a_websocket_that_the_server_itself_refuses() {
    const HTML: (&str, &str) = ("content-type", "text/html");
    const JSON: (&str, &str) = ("content-type", "application/json");
    const VERSION: (&str, &str) = ("x-jupyterhub-version", "6.1.1");
    for (headers, body, by_the_server) in [
        (
            &[HTML][..],
            "<html><head><title>Jupyter Server</title></head></html>",
            true,
        ),
        (&[JSON], "{\"message\": \"Forbidden\"}", true),
        (&[VERSION, HTML], "<h1>403 : Forbidden</h1>", true),
        (&[HTML], "<html><title>403 Forbidden</title></html>", false),
    ] {
        let stage = Stage::Upgrade {
            head: head(403, headers),
            message: None,
            body: body.to_owned(),
        };
        let finding = kernel::silent(&error(stage));
        assert_eq!(finding.cause, Cause::KernelWebsocketBlocked, "{body}");
        assert_eq!(
            finding.summary.contains("the server itself"),
            by_the_server,
            "{body}"
        );
    }
}
