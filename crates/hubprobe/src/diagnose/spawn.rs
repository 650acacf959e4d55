//! Layers 5 to 7: a spawn that is refused, and a spawn that fails.
//!
//! Two tables of the hub's own texts, first match wins. The texts and their
//! versions are in JupyterHub's sources: refusals in `apihandlers/users.py` and
//! `handlers/base.py` (`spawn_single_user`), failures in `user.py` (`spawn`,
//! `_wait_up`) as the progress stream repeats them.

use jupyterhub_client::Error;

use super::excerpt;
use crate::vocabulary::{Cause, Finding};

/// One row: where the text is found, the cause, and the summary.
struct Row {
    text: &'static str,
    cause: Cause,
    summary: &'static str,
}

const fn row(text: &'static str, cause: Cause, summary: &'static str) -> Row {
    Row {
        text,
        cause,
        summary,
    }
}

/// What a hub says when it refuses a start request.
const REFUSALS: &[Row] = &[
    row(
        "is already running",
        Cause::SpawnAlreadyRunning,
        "a server is running that we did not start",
    ),
    row(
        "is pending stop",
        Cause::SpawnPendingStop,
        "the server's last stop does not end",
    ),
    row(
        "is pending check",
        Cause::SpawnPendingStop,
        "the hub has not yet looked after the server since it was restarted",
    ),
    row(
        "Too many users trying to log in",
        Cause::SpawnThrottled,
        "too many servers are starting at once",
    ),
    row(
        "Active user limit exceeded",
        Cause::SpawnHubFull,
        "the hub's limit of running servers is reached",
    ),
    row(
        "Named servers are not enabled",
        Cause::SpawnNamedServers,
        "the hub has named servers disabled",
    ),
    row(
        "already has the maximum of",
        Cause::SpawnNamedServers,
        "the account has as many named servers as the hub allows",
    ),
    row(
        "Invalid server_name",
        Cause::SpawnNamedServers,
        "the hub does not like the server's name",
    ),
    row(
        "auth has expired for",
        Cause::SpawnStaleLogin,
        "the hub wants the account to log in again before a spawn",
    ),
    row(
        "authentication has expired",
        Cause::SpawnStaleLogin,
        "the hub wants the account to log in again before a spawn",
    ),
    row(
        "Invalid user options",
        Cause::SpawnBadOptions,
        "the hub refuses the options",
    ),
    row(
        "No such profile",
        Cause::SpawnBadOptions,
        "the hub has no such profile",
    ),
    row(
        "'NoneType' object is not subscriptable",
        Cause::SpawnNoCredentials,
        "the spawner needs credentials that the account does not have",
    ),
    row(
        "Action is not authorized with current scopes",
        Cause::TokenMissingScope,
        "the token may not start servers",
    ),
    row(
        "No access to resources",
        Cause::TokenWrongUser,
        "the hub hides the account from this token",
    ),
    row(
        "Missing or invalid credentials",
        Cause::TokenLost,
        "the hub does not accept the token any more",
    ),
];

/// What a hub says of a spawn that failed.
const FAILURES: &[Row] = &[
    row(
        "didn't respond in",
        Cause::SpawnNeverAnswered,
        "the server was started, but the hub never reached it",
    ),
    row(
        "Spawner failed to start [status",
        Cause::SpawnExited,
        "the server's process ended before it answered",
    ),
    row(
        "Spawn cancelled",
        Cause::SpawnCancelled,
        "somebody stopped the server while it started",
    ),
    row(
        "'NoneType' object is not subscriptable",
        Cause::SpawnNoCredentials,
        "the spawner or a hook needs an auth_state that the account does not have",
    ),
    row(
        "No such profile",
        Cause::SpawnBadOptions,
        "the hub has no such profile",
    ),
    row(
        "Invalid user options",
        Cause::SpawnBadOptions,
        "the hub refuses the options",
    ),
    row(
        "auth has expired for",
        Cause::SpawnStaleLogin,
        "the hub wants the account to log in again before a spawn",
    ),
    row(
        "No such file or directory",
        Cause::SpawnNoCommand,
        "the single-user command is missing",
    ),
];

/// What is known of a spawn that did not come to its end.
#[derive(Debug, Clone, Default)]
pub struct Failure {
    /// The text after "Spawn failed", colon included, as the stream said it.
    pub text: Option<String>,
    /// The last thing that it was doing, as the stream said it.
    pub last_progress: Option<String>,
    /// How long it had been going on, in seconds.
    pub elapsed_s: f64,
    /// The start request's own answer, where it was an error.
    pub answer: Option<String>,
    /// The start request was answered 500 while the model still showed the
    /// spawn as pending: the hub had seen the process end, and stumbled over
    /// that (seen on 5.4.3 and 6.1.1).
    pub ended_early: bool,
    /// The hub's last word was that a scheduler keeps the server waiting.
    pub queued: bool,
}

/// The finding for a start request that was refused (4xx), by its text.
pub fn refused(error: &Error) -> Finding {
    let text = error.hub_message().unwrap_or_default();
    let status = error.status().unwrap_or_default();
    let finding = match find(REFUSALS, text) {
        Some(row) => Finding::new(row.cause, row.summary),
        None if status == 404 => Finding::new(Cause::AccountNoSuchUser, "the hub has no such user"),
        None if status == 429 => {
            Finding::new(Cause::SpawnThrottled, "the hub asks us to come again later")
        }
        None if text.trim().is_empty() => Finding::new(
            Cause::SpawnDenied,
            format!("the hub refuses the spawn with {status} and says no more"),
        ),
        None => Finding::new(
            Cause::SpawnDenied,
            format!("the hub refuses the spawn: {}", excerpt(text)),
        ),
    };
    finding.seen(error.to_string())
}

/// The finding for a spawn that failed, by the text of the stream and what
/// else is known.
pub fn failed(failure: &Failure) -> Finding {
    let said = failure.text.as_deref().unwrap_or_default();
    let reason = reason(said);
    let finding = if failure.ended_early {
        Finding::new(
            Cause::SpawnExited,
            "the server's process ended before it answered",
        )
        .seen("the start request was answered 500 while the spawn was still pending, which the hub does when it finds the process dead")
    } else if let Some(row) = find(FAILURES, said) {
        Finding::new(row.cause, row.summary)
    } else if is_timeout(said, reason, failure) && failure.queued {
        Finding::new(
            Cause::SpawnQueued,
            format!(
                "the hub gave up after {:.0} s (its start_timeout), while a scheduler still kept \
                 the server waiting",
                failure.elapsed_s
            ),
        )
        .advise("Wait, use a reservation, or raise c.Spawner.start_timeout.")
    } else if is_timeout(said, reason, failure) {
        Finding::new(
            Cause::SpawnStartTimeout,
            format!(
                "the spawner gave up after {:.0} s (its start_timeout)",
                failure.elapsed_s
            ),
        )
    } else if reason.is_empty() && !said.is_empty() {
        Finding::new(
            Cause::SpawnProxyUnreachable,
            "the spawn ended without an error and without a server",
        )
        .advise(
            "The hub says no more. Most often it could not add the route: look for \"Failed to \
             add\" in the hub's log, check the proxy's API address and CONFIGPROXY_AUTH_TOKEN; or \
             somebody stopped the server.",
        )
    } else if reason.is_empty() {
        Finding::new(
            Cause::SpawnError,
            "the spawn failed, and the hub does not say why",
        )
    } else {
        Finding::new(
            Cause::SpawnError,
            format!("the spawn failed: {}", excerpt(reason)),
        )
    };
    let finding = finding.seen(quoted("the hub said", said));
    let finding = finding.seen(failure.answer.clone().unwrap_or_default());
    finding.seen(last_words(failure.last_progress.as_deref()))
}

/// The finding for our own start deadline.
pub fn too_slow(deadline_s: f64, last: Option<&str>) -> Finding {
    Finding::new(
        Cause::SpawnTooSlow,
        format!("the server was not ready within {deadline_s:.0} s"),
    )
    .seen(last_words(last))
}

/// The finding for our own queue deadline.
pub fn queued(deadline_s: f64, last: Option<&str>) -> Finding {
    Finding::new(
        Cause::SpawnQueued,
        format!("the scheduler had not started the server within {deadline_s:.0} s"),
    )
    .seen(last_words(last))
}

fn find(table: &'static [Row], text: &str) -> Option<&'static Row> {
    table.iter().find(|row| text.contains(row.text))
}

/// What stands after "Spawn failed:"; empty where nothing does.
fn reason(said: &str) -> &str {
    let said = said.trim();
    match said.strip_prefix("Spawn failed") {
        Some(rest) => rest.trim_start_matches(':').trim(),
        None => said,
    }
}

/// Up to 5.0 the stream says "Spawn failed: Timeout", from 5.1 on nothing
/// after the colon; the answer to a start request in time says "timeout".
fn is_timeout(said: &str, reason: &str, failure: &Failure) -> bool {
    let by_text = reason == "Timeout" || reason.eq_ignore_ascii_case("timeout");
    let by_silence = reason.is_empty() && said.trim_end().ends_with(':');
    let by_answer = reason.is_empty()
        && failure
            .answer
            .as_deref()
            .is_some_and(|answer| answer.to_lowercase().contains("timeout"));
    by_text || by_silence || by_answer
}

fn quoted(who: &str, said: &str) -> String {
    if said.trim().is_empty() {
        String::new()
    } else {
        format!("{who}: {}", excerpt(said))
    }
}

fn last_words(last: Option<&str>) -> String {
    match last {
        Some(last) if !last.trim().is_empty() => {
            format!("the last that the hub said of it: {}", excerpt(last))
        }
        _ => "the hub never said how far it was".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(text: &str) -> Cause {
        let failure = Failure {
            text: Some(text.to_owned()),
            elapsed_s: 5.0,
            ..Failure::default()
        };
        failed(&failure).cause
    }

    #[test]
    fn the_stream_s_texts() {
        let cases = [
            (
                "Spawn failed: Server at http://127.0.0.1:5/user/x/api didn't respond in 30 seconds",
                Cause::SpawnNeverAnswered,
            ),
            ("Spawn failed: Timeout", Cause::SpawnStartTimeout),
            ("Spawn failed: ", Cause::SpawnStartTimeout),
            ("Spawn failed", Cause::SpawnProxyUnreachable),
            ("Spawn cancelled", Cause::SpawnCancelled),
            ("Spawn failed: I don't work!", Cause::SpawnError),
            (
                "Spawn failed: HTTP 500: Internal Server Error (Spawner failed to start [status=3]. The logs for x may contain details.)",
                Cause::SpawnExited,
            ),
            (
                "Spawn failed: [Errno 2] No such file or directory: '/nonexistent/jupyterhub-singleuser'",
                Cause::SpawnNoCommand,
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(cause(text), expected, "{text}");
        }
    }

    #[test]
    fn a_failure_without_words_is_a_plain_error() {
        assert_eq!(failed(&Failure::default()).cause, Cause::SpawnError);
    }

    #[test]
    fn a_500_while_pending_is_a_process_that_ended() {
        let failure = Failure {
            text: Some("Spawn failed: Server at http://x didn't respond in 5 seconds".into()),
            ended_early: true,
            ..Failure::default()
        };
        assert_eq!(failed(&failure).cause, Cause::SpawnExited);
    }
}
