//! Layers 5 to 7: what a finding passes on of what was said while a server
//! started.

use serde_json::{Value, json};

use super::{error, hub_says};
use crate::diagnose::spawn::{self, Failure};
use crate::vocabulary::Cause;

/// What the server and Kubernetes say in the progress stream is kept for the
/// time when the spawn fails.
#[test]
fn the_stream_is_taken_in() {
    let no_node = json!({"raw_event": {
        "reason": "FailedScheduling",
        "message": "0/3 nodes are available: 3 Insufficient memory."
    }});
    for (message, event, cause) in [
        (
            "Failed to connect to my Hub at http://hub:8081/hub/api (attempt 1/5). Is it running?",
            Value::Null,
            Cause::SpawnCannotReachHub,
        ),
        (
            "Failed to connect to Hub API at 'http://hub:8081/hub/api'.",
            Value::Null,
            Cause::SpawnCannotReachHub,
        ),
        (
            "Is the Hub accessible at this URL (from host: node-1)?",
            Value::Null,
            Cause::SpawnCannotReachHub,
        ),
        (
            "2026 [Warning] 0/3 nodes are available",
            no_node,
            Cause::SpawnUnschedulable,
        ),
        ("Spawning server...", Value::Null, Cause::SpawnNeverAnswered),
    ] {
        let mut failure = Failure {
            text: Some("Spawn failed: Server at http://x didn't respond in 30 seconds".into()),
            ..Failure::default()
        };
        failure.take(message, &event);
        let finding = spawn::failed(&failure);
        assert_eq!(finding.cause, cause, "{message}");
        if cause == Cause::SpawnCannotReachHub {
            assert_eq!(finding.evidence[0], format!("the server says: {message}"));
        }
    }
}

/// The report of a failure holds the hub's words, the start request's answer
/// and how far it was; and a line for what was never said, not an empty one.
#[test]
fn a_failure_is_told_in_the_hub_s_words() {
    let evidence = |failure: Failure| spawn::failed(&failure).evidence;
    let never = "the hub never said how far it was";
    assert_eq!(
        evidence(Failure {
            text: Some("Spawn failed: boom".into()),
            answer: Some("500: Internal Server Error".into()),
            last_progress: Some("Server requested".into()),
            ..Failure::default()
        }),
        [
            "the hub said: Spawn failed: boom",
            "500: Internal Server Error",
            "the last that the hub said of it: Server requested"
        ]
    );
    assert_eq!(evidence(Failure::default()), [never]);
    let blank = Failure {
        text: Some(" ".into()),
        last_progress: Some(" ".into()),
        ..Failure::default()
    };
    assert_eq!(evidence(blank), [never]);
    let waiting = Failure {
        last_progress: Some("Pending in queue...".into()),
        ..Failure::default()
    };
    let last = "the last that the hub said of it: Pending in queue...";
    assert_eq!(spawn::too_slow(9.0, &waiting).evidence, [last]);
    assert_eq!(spawn::queued(9.0, &waiting).evidence, [last]);
}

/// A refusal passes on its words, and says so where there are none.
#[test]
fn a_refusal_is_told_in_the_hub_s_words() {
    for (status, words, summary) in [
        (
            403,
            "",
            "the hub refuses the spawn with 403 and says no more",
        ),
        (
            422,
            " ",
            "the hub refuses the spawn with 422 and says no more",
        ),
        (
            403,
            "You need a project",
            "the hub refuses the spawn: You need a project",
        ),
        (
            400,
            "mem must be at most 8G",
            "the hub refuses the options: mem must be at most 8G",
        ),
        (429, "", "the hub asks us to come again later"),
        (
            429,
            "not before noon",
            "the hub asks us to come again later: not before noon",
        ),
    ] {
        let finding = spawn::refused(&error(hub_says(status, words)));
        assert_eq!(finding.summary, summary);
    }
}
