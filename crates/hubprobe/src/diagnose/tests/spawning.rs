//! Layers 5 to 7.

use super::{error, hub_says};
use crate::diagnose::spawn::{self, Failure};
use crate::vocabulary::Cause;

fn refused(status: u16, words: &str) -> Cause {
    spawn::refused(&error(hub_says(status, words))).cause
}

fn failure(text: &str) -> Failure {
    Failure {
        text: Some(text.to_owned()),
        elapsed_s: 60.0,
        ..Failure::default()
    }
}

fn failed(text: &str) -> Cause {
    spawn::failed(&failure(text)).cause
}

#[test]
fn refusals() {
    for (status, words, cause) in [
        (400, "x is already running", Cause::SpawnAlreadyRunning),
        (400, "x is pending stop", Cause::SpawnPendingStop),
        (400, "x is pending check", Cause::SpawnPendingStop),
        (
            429,
            "Too many users trying to log in right now. Try again in 40 seconds.",
            Cause::SpawnThrottled,
        ),
        (
            429,
            "Active user limit exceeded. Try again in a few minutes.",
            Cause::SpawnHubFull,
        ),
        (429, "something else", Cause::SpawnThrottled),
        (
            400,
            "Named servers are not enabled.",
            Cause::SpawnNamedServers,
        ),
        (
            400,
            "User x already has the maximum of 1 named servers.  One must be deleted before a new server can be created",
            Cause::SpawnNamedServers,
        ),
        (400, "Invalid server_name: A B", Cause::SpawnNamedServers),
        (
            403,
            "auth has expired for x, login again",
            Cause::SpawnStaleLogin,
        ),
        (
            400,
            "x's authentication has expired",
            Cause::SpawnStaleLogin,
        ),
        (
            401,
            "'NoneType' object is not subscriptable",
            Cause::SpawnNoCredentials,
        ),
        (
            400,
            "{\"error\": \"invalid_grant\", \"error_description\": \"Session not active\"}",
            Cause::SpawnCredentialsExpired,
        ),
        (400, "No such profile: huge", Cause::SpawnBadOptions),
        (400, "Invalid user options", Cause::SpawnBadOptions),
        (400, "partition must be one of a, b", Cause::SpawnBadOptions),
        (422, "unknown image", Cause::SpawnBadOptions),
        (403, "image x is not for you", Cause::SpawnDenied),
        (400, "come back on Monday", Cause::SpawnDenied),
        (403, "You need a project", Cause::SpawnDenied),
        (403, "", Cause::SpawnDenied),
        (404, "", Cause::AccountNoSuchUser),
        (404, "Not Found", Cause::AccountNoSuchUser),
        (404, "No such user: x", Cause::AccountNoSuchUser),
        (
            404,
            "Image scipy-2019 is not in the catalogue",
            Cause::SpawnDenied,
        ),
        (
            422,
            "memory: 512 is more than 256 GB",
            Cause::SpawnBadOptions,
        ),
        (400, "memory exceeds 256 GB", Cause::SpawnBadOptions),
        (
            401,
            "Your login has expired, please log in again",
            Cause::SpawnStaleLogin,
        ),
        (
            403,
            "pods \"x\" is forbidden: exceeded quota: compute",
            Cause::SpawnQuota,
        ),
        (
            400,
            "(sqlite3.OperationalError) database is locked",
            Cause::HubDatabase,
        ),
    ] {
        assert_eq!(refused(status, words), cause, "{status} {words}");
    }
    let denied = spawn::refused(&error(hub_says(403, "You need a project")));
    assert!(
        denied.summary.contains("You need a project"),
        "{}",
        denied.summary
    );
}

#[test]
fn failures() {
    for (text, cause) in [
        (
            "Spawn failed: auth has expired for x, login again",
            Cause::SpawnStaleLogin,
        ),
        (
            "Spawn failed: 'NoneType' object is not subscriptable",
            Cause::SpawnNoCredentials,
        ),
        (
            "Spawn failed: 'NoneType' object has no attribute 'get'",
            Cause::SpawnNoCredentials,
        ),
        (
            "Spawn failed: auth_state is None, log in first",
            Cause::SpawnNoCredentials,
        ),
        (
            "Spawn failed: refresh token has expired",
            Cause::SpawnCredentialsExpired,
        ),
        (
            "Spawn failed: Spawner failed to start [status=1]. The logs",
            Cause::SpawnExited,
        ),
        (
            "Spawn failed: Spawner failed to start [status=127]. The logs",
            Cause::SpawnNoCommand,
        ),
        (
            "Spawn failed: Spawner failed to start [status=126]. The logs",
            Cause::SpawnNoCommand,
        ),
        (
            "Spawn failed: exec: \"jupyterhub-singleuser\": executable file not found in $PATH",
            Cause::SpawnNoCommand,
        ),
        (
            "Spawn failed: [Errno 2] No such file or directory: '/opt/bin/notebook'",
            Cause::SpawnNoCommand,
        ),
        // A home that is missing is no missing command.
        (
            "Spawn failed: [Errno 2] No such file or directory: '/srv/homes/x'",
            Cause::SpawnError,
        ),
        (
            "Spawn failed: [Errno 13] Permission denied: '/opt/jupyterhub-singleuser'",
            Cause::SpawnNoCommand,
        ),
        (
            "Spawn failed: pod jhub/jupyter-x did not start in 300 seconds!",
            Cause::SpawnStartTimeout,
        ),
        ("Spawn failed: TIMEOUT", Cause::SpawnStartTimeout),
        (
            "Spawn failed: (403) Reason: Forbidden: exceeded quota: q, requested: memory=1G",
            Cause::SpawnQuota,
        ),
        (
            "Spawn failed: admission webhook \"policy\" denied the request: no root",
            Cause::SpawnQuota,
        ),
        (
            "Spawn failed: 404 Client Error: pull access denied for x",
            Cause::SpawnImagePull,
        ),
        (
            "Spawn failed: pods is forbidden: User \"hub\" cannot create resource \"pods\"",
            Cause::SpawnError,
        ),
        (
            "Spawn failed: (psycopg2.OperationalError) server closed the connection unexpectedly",
            Cause::HubDatabase,
        ),
        ("Spawn failed: the moon is full", Cause::SpawnError),
    ] {
        assert_eq!(failed(text), cause, "{text}");
    }
}

#[test]
fn what_is_queued_is_not_broken() {
    let queued = Failure {
        queued: true,
        ..failure("Spawn failed: ")
    };
    assert_eq!(spawn::failed(&queued).cause, Cause::SpawnQueued);
    assert_eq!(spawn::queued(9.0, &queued).cause, Cause::SpawnQueued);
    assert_eq!(
        spawn::too_slow(9.0, &Failure::default()).cause,
        Cause::SpawnTooSlow
    );
    // An error with words is an error, queued or not.
    let error = Failure {
        queued: true,
        ..failure("Spawn failed: boom")
    };
    assert_eq!(spawn::failed(&error).cause, Cause::SpawnError);
}

#[test]
fn a_stop_that_nobody_explains_is_somebody_s() {
    let stopped = Failure {
        was_stopped: true,
        ..Failure::default()
    };
    assert_eq!(spawn::failed(&stopped).cause, Cause::SpawnCancelled);
    // After a failure the hub stops what is left, which is no cancelling.
    let failed = Failure {
        was_stopped: true,
        ..failure("Spawn failed: boom")
    };
    assert_eq!(spawn::failed(&failed).cause, Cause::SpawnError);
    let timed_out = Failure {
        was_stopped: true,
        ..failure("Spawn failed: ")
    };
    assert_eq!(spawn::failed(&timed_out).cause, Cause::SpawnStartTimeout);
    let no_route = Failure {
        was_stopped: true,
        ..failure("Spawn failed")
    };
    assert_eq!(spawn::failed(&no_route).cause, Cause::SpawnProxyUnreachable);
    let answered = Failure {
        answer: Some("500: timeout".into()),
        ..Failure::default()
    };
    assert_eq!(spawn::failed(&answered).cause, Cause::SpawnStartTimeout);
}

#[test]
fn a_server_that_does_not_reach_the_hub_says_so() {
    let mut told = failure("Spawn failed: Server at http://h didn't respond in 30 seconds");
    told.no_hub =
        Some("Failed to connect to my Hub at http://hub:8081/hub/api (attempt 1/5)".into());
    assert_eq!(spawn::failed(&told).cause, Cause::SpawnCannotReachHub);
    told.text = Some("Spawn failed: Spawner failed to start [status=1]".into());
    assert_eq!(spawn::failed(&told).cause, Cause::SpawnCannotReachHub);
    told.ended_early = true;
    assert_eq!(spawn::failed(&told).cause, Cause::SpawnCannotReachHub);
    assert_eq!(
        spawn::too_slow(9.0, &told).cause,
        Cause::SpawnCannotReachHub
    );
    // But a stop is a stop.
    told.text = Some("Spawn cancelled".into());
    assert_eq!(spawn::failed(&told).cause, Cause::SpawnCancelled);
}
