//! Layers 5 to 7: a spawn that is refused, and a spawn that fails.
//!
//! By the hub's own texts ([`texts`]), by what Kubernetes and the server itself
//! said meanwhile, by the words of a batch scheduler ([`jobs`]), by the time that it took. The first failing layer counts:
//! words that say why stand before the words that say only that.

mod jobs;
mod texts;

use jupyterhub_client::Error;
use serde_json::Value;

use super::kubernetes::{self, Pod};
use super::scheduler::Job;
use super::token::by_the_hub;
use super::{excerpt, hub};
use crate::vocabulary::{Cause, Finding};
pub use jobs::{is_down, is_vague};
use texts::{CREDENTIALS, FAILURES, OF_OPTIONS, REFUSALS, find};

/// What a server says of itself when it cannot reach the hub
/// (jupyterhub/singleuser/extension.py and app.py, services/auth.py).
const NO_HUB: &[&str] = &[
    "failed to connect to my hub",
    "failed to connect to hub api",
    "is the hub accessible at this url",
];

/// No spawner's `start_timeout` (60 s by default) is shorter than this.
const NO_TIMEOUT_S: f64 = 2.5;

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
    /// The hub was seen stopping it, and not because we asked.
    pub was_stopped: bool,
    /// What Kubernetes said of its pod.
    pub pod: Pod,
    /// The server's own words that it does not reach the hub.
    pub no_hub: Option<String>,
    /// What the suite's command last said of the job, while the spawn was pending.
    pub job: Option<Job>,
}

impl Failure {
    /// Takes in a progress event: its message and the whole of it.
    pub fn take(&mut self, message: &str, event: &Value) {
        self.pod.take(message, event);
        let lower = message.to_lowercase();
        if NO_HUB.iter().any(|words| lower.contains(words)) {
            self.no_hub = Some(message.to_owned());
        }
    }

    /// What stood in the way, by the words of whoever starts the server or of
    /// the server itself.
    fn told(&self) -> Option<Finding> {
        if let Some(words) = &self.no_hub {
            return Some(
                Finding::new(
                    Cause::SpawnCannotReachHub,
                    "the server was started, and cannot reach the hub",
                )
                .seen(format!("the server says: {}", excerpt(words))),
            );
        }
        self.pod.trouble().map(kubernetes::Trouble::finding)
    }
}

/// The finding for a start request that was refused (4xx), by its text.
pub fn refused(error: &Error) -> Finding {
    let text = error.hub_message().unwrap_or_default();
    let status = error.status().unwrap_or_default();
    let options = || {
        let lower = text.to_lowercase();
        // 422 says of itself that it is about what was sent.
        status == 422 || (status == 400 && OF_OPTIONS.iter().any(|word| lower.contains(word)))
    };
    if !by_the_hub(error) {
        return refused_in_front(error);
    }
    let finding = match find(REFUSALS, text).or_else(|| find(CREDENTIALS, text)) {
        Some(row) => Finding::new(row.cause, row.summary),
        None if hub::is_database(text) => hub::database("the hub's database does not work"),
        None if status == 404 && of_the_user(text) => {
            Finding::new(Cause::AccountNoSuchUser, "the hub has no such user")
        }
        None if status == 429 => Finding::new(
            Cause::SpawnThrottled,
            match excerpt(text) {
                words if words.is_empty() => "the hub asks us to come again later".to_owned(),
                words => format!("the hub asks us to come again later: {words}"),
            },
        ),
        None if text.trim().is_empty() => Finding::new(
            Cause::SpawnDenied,
            format!("the hub refuses the spawn with {status} and says no more"),
        ),
        None => match kubernetes::of_text(text) {
            Some(trouble) => trouble.finding(),
            None if options() => Finding::new(
                Cause::SpawnBadOptions,
                format!("the hub refuses the options: {}", excerpt(text)),
            ),
            None => Finding::new(
                Cause::SpawnDenied,
                format!("the hub refuses the spawn: {}", excerpt(text)),
            ),
        },
    };
    finding.seen(error.to_string())
}

/// Whether a 404 of the hub's is about the user: its own has no words, or these.
/// A hook or a spawner has others (an image, a project that is not there).
fn of_the_user(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    ["", "not found"].contains(&text.as_str()) || text.contains("user")
}

/// A refusal that no hub has written, of a request that needs every right: a
/// firewall or an ingress that lets reading through, and nothing else.
fn refused_in_front(error: &Error) -> Finding {
    let status = error.status().unwrap_or_default();
    Finding::new(
        Cause::SpawnError,
        format!("something in front of the hub refuses the start request with {status}"),
    )
    .seen(error.to_string())
    .seen(super::server_of(error))
    .seen(super::first_line(error.body().unwrap_or_default()))
    .advise(
        "It is not the hub that says no: let POST and DELETE through to the hub's API (an access \
         rule of an ingress, a web application firewall).",
    )
}

/// The finding for a spawn that failed, by the text of the stream and what
/// else is known.
pub fn failed(failure: &Failure) -> Finding {
    let said = failure.text.as_deref().unwrap_or_default();
    let finding = by_text(failure, said, reason(said))
        .seen(quoted("the hub said", said))
        .seen(failure.answer.clone().unwrap_or_default())
        .seen(last_words(failure.last_progress.as_deref()));
    jobs::with_job(finding, failure)
}

fn by_text(failure: &Failure, said: &str, reason: &str) -> Finding {
    let answer = failure.answer.as_deref().unwrap_or_default();
    if hub::is_database(said) || hub::is_database(answer) {
        return hub::database("the spawn failed over the hub's database");
    }
    if let Some(finding) = jobs::of_text(reason) {
        return finding;
    }
    let row = find(CREDENTIALS, said)
        .or_else(|| texts::missing_key(reason))
        .or_else(|| find(FAILURES, said));
    // Somebody's stop and the account's login are what they are; all else is
    // explained better by whoever started the server.
    let firm = |cause| {
        !matches!(
            cause,
            Cause::SpawnExited | Cause::SpawnNeverAnswered | Cause::SpawnNoCommand
        )
    };
    if let Some(row) = row.filter(|row| firm(row.cause)) {
        return Finding::new(row.cause, row.summary);
    }
    if let Some(told) = failure.told() {
        return told;
    }
    if failure.ended_early {
        let process = || {
            Finding::new(
                Cause::SpawnExited,
                "the server's process ended before it answered",
            )
        };
        return jobs::ended(failure.last_progress.as_deref())
            .unwrap_or_else(process)
            .seen("the start request was answered 500 while the spawn was still pending, which the hub does when it finds the process dead");
    }
    if let Some(row) = row {
        return Finding::new(row.cause, row.summary);
    }
    if let Some(trouble) = kubernetes::of_text(reason) {
        return trouble.finding();
    }
    if is_timeout(said, reason, failure) {
        return start_timeout(failure);
    }
    match (reason.is_empty(), said.is_empty()) {
        // After a failure the hub stops what is left; then it has said so.
        (true, true) if failure.was_stopped => Finding::new(
            Cause::SpawnCancelled,
            "somebody stopped the server while it started",
        )
        .seen("the hub showed it stopping, or ready for a moment, and then it was gone; we had not asked for that"),
        (true, false) if said.trim_end().ends_with(':') => Finding::new(
            Cause::SpawnError,
            "the spawner or a hook raised an error without words",
        ),
        (true, false) => Finding::new(
            Cause::SpawnProxyUnreachable,
            "the spawn ended without an error and without a server",
        )
        .advise(
            "The hub says no more. Most often it could not add the route: look for \"Failed to \
             add\" in the hub's log, check the proxy's API address and CONFIGPROXY_AUTH_TOKEN; or \
             somebody stopped the server.",
        ),
        (true, true) => Finding::new(
            Cause::SpawnError,
            "the spawn failed, and the hub does not say why",
        ),
        (false, _) => Finding::new(
            Cause::SpawnError,
            format!("the spawn failed: {}", excerpt(reason)),
        ),
    }
}

fn start_timeout(failure: &Failure) -> Finding {
    let elapsed = failure.elapsed_s;
    if failure.queued {
        return Finding::new(
            Cause::SpawnQueued,
            format!(
                "the hub gave up after {elapsed:.0} s, when its start_timeout was over, while a scheduler still kept \
                 the server waiting"
            ),
        )
        .advise("Wait, use a reservation, or raise c.Spawner.start_timeout.");
    }
    if let Some(unheard) = jobs::unheard(failure.last_progress.as_deref(), elapsed) {
        return unheard;
    }
    Finding::new(
        Cause::SpawnStartTimeout,
        format!("the spawner gave up after {elapsed:.0} s, when its start_timeout was over"),
    )
}

/// The finding for our own start deadline.
pub fn too_slow(deadline_s: f64, failure: &Failure) -> Finding {
    let ours = format!("our start deadline of {deadline_s:.0} s came");
    let unheard = || jobs::unheard(failure.last_progress.as_deref(), deadline_s);
    let finding = match failure.told().or_else(unheard) {
        Some(told) => told.seen(ours),
        None => Finding::new(
            Cause::SpawnTooSlow,
            format!("the server was not ready within {deadline_s:.0} s"),
        ),
    };
    let finding = finding.seen(last_words(failure.last_progress.as_deref()));
    jobs::with_job(finding, failure)
}

/// The finding for our own queue deadline.
pub fn queued(deadline_s: f64, failure: &Failure) -> Finding {
    let ours = format!("our queue deadline of {deadline_s:.0} s came");
    let finding = match failure.told() {
        Some(told) => told.seen(ours),
        None => Finding::new(
            Cause::SpawnQueued,
            format!("the scheduler had not started the server within {deadline_s:.0} s"),
        ),
    };
    let finding = finding.seen(last_words(failure.last_progress.as_deref()));
    jobs::with_job(finding, failure)
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
    let by_text = reason.eq_ignore_ascii_case("timeout")
        // KubeSpawner's own words for it.
        || reason.contains("did not start in");
    // An exception without words reads the same. A start request that waited for
    // the end says which it was; and no start_timeout is as short as this.
    let answer = failure.answer.as_deref().map(str::to_lowercase);
    let by_answer = reason.is_empty()
        && answer
            .as_deref()
            .is_some_and(|words| words.contains("timeout"));
    let by_silence =
        reason.is_empty() && said.trim_end().ends_with(':') && failure.elapsed_s >= NO_TIMEOUT_S;
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

    /// As firecrestspawner's stream ends it.
    #[test]
    fn a_job_that_was_seen_to_run_or_never_heard_of() {
        let of = |progress: &str, ended_early| {
            let failure = Failure {
                text: Some("Spawn failed: ".into()),
                last_progress: Some(progress.into()),
                elapsed_s: 30.0,
                ended_early,
                ..Failure::default()
            };
            failed(&failure).cause
        };
        let ran = "Cluster job running... waiting to connect. If the server fails";
        assert_eq!(of(ran, true), Cause::SpawnJobVanished);
        assert_eq!(of(ran, false), Cause::SpawnStartTimeout);
        let unheard = "Waiting for job status...";
        assert_eq!(of(unheard, false), Cause::SpawnSchedulerDown);
        let slow = Failure {
            last_progress: Some(unheard.into()),
            ..Failure::default()
        };
        assert_eq!(too_slow(300.0, &slow).cause, Cause::SpawnSchedulerDown);
        assert_eq!(too_slow(2.0, &slow).cause, Cause::SpawnTooSlow);
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
