//! The way back: stop and gone, whatever the way forward came to.
//!
//! They are steps like the others in the report, and undoing at the same time:
//! the same code that `hubprobe clean` runs. Their budget, `stop`, is their
//! own, and does not end with the visit's total deadline or a signal.
//!
//! A visit knows more of a stop than `clean` does: the server was there a moment
//! ago, and a kernel of it is still connected. A hub that has only forgotten
//! the server says "gone" like one that has stopped it; the kernel does not.

use std::time::Duration;

use jupyterhub_client::KernelConnection;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::company::{self, Since};
use super::{lost, scheduler};
use crate::diagnose::{server, stop, token};
use crate::engine::Walk;
use crate::explain;
use crate::undo::entry::server_words;
use crate::undo::server::{LATE_START, Stopped, Taking, Trouble};
use crate::undo::{Entry, Made, ServerMade};
use crate::vocabulary::{Cause, Finding, StepName, Verdict};

/// Stops what the visit started, sees that it is gone, and strikes it from the
/// ledger; or says what is left.
pub async fn take_back(walk: &mut Walk, may_keep: bool, passed: bool) {
    let began = Instant::now();
    // Whoever asks us to end wants the server stopped at once.
    if may_keep && let Err(busy) = company::give_way_at_last(walk).await {
        company::leave(walk).await;
        walk.voice.step_failed(StepName::Stop, busy);
        walk.voice
            .step_finished(StepName::Gone, Verdict::Skipped, "");
        return;
    }
    let mut witness = walk.kernel.take();
    let Some(mut entry) = walk.entry.take() else {
        skip(walk, "");
        return;
    };
    let Made::Server(made) = entry.made.clone() else {
        return;
    };
    let Some(hub) = walk.hub.clone() else {
        return;
    };
    if walk.probe.keep && may_keep && walk.server.is_some() {
        entry.kept = true;
        if let Err(error) = walk.ledger.enter(&entry) {
            walk.voice.warn(&error.to_string());
        }
        // Of a server that goes on, nothing of ours is left.
        if let Some(kernel) = witness {
            kernel.close().await;
        }
        super::execute::end_session(walk).await;
        walk.voice.kept(&format!(
            "{} (hubprobe clean --kept takes it away)",
            entry.describe()
        ));
        skip(walk, "kept on purpose");
        return;
    }
    let unanswered = made.started.is_none() && made.answered.is_none();
    let taking = Taking {
        hub: &hub,
        user: &walk.probe.account.name,
        made: &made,
        fresh: made.started.is_some(),
        may_come_until: walk
            .asked_again
            .filter(|_| unanswered)
            .map(|asked| asked + LATE_START),
        answered: walk.answered.clone(),
        // A hub that restarts is back by then.
        unreachable: Duration::from_secs(45),
        deadline: began + walk.probe.deadlines.stop,
    };
    let expected = passed && walk.server.is_some();
    let ended = tokio::select! {
        biased;
        ended = take(walk, &taking, expected) => ended,
        () = keep_alive(&mut witness) => return,
    };
    let ended = match ended {
        Err((StepName::Gone, trouble)) if is_somebody_elses(&trouble) => {
            match company::has_come_since(walk, &hub, taking.deadline).await {
                Since::Run(run) => Ok(format!("gone; the run {run} has started its own since")),
                Since::Gone => Ok("gone; another server came since, and went".to_owned()),
                Since::Stays => Err((StepName::Gone, trouble)),
            }
        }
        ended => ended,
    };
    let ended = match ended {
        Ok(summary) => {
            let outlived = outlived(&mut witness, &taking).await;
            by_the_scheduler(walk, outlived, &taking)
                .await
                .map(|also| summary + also)
        }
        Err(failed) => Err(failed),
    };
    match ended {
        Ok(summary) => {
            strike(walk, &entry);
            walk.voice
                .step_finished(StepName::Gone, Verdict::Passed, &summary);
        }
        Err((step, trouble)) => {
            // A run ends within its deadlines and 5 s, whatever the hub does.
            let until = taking.deadline + REASONING;
            let reasoned = timeout_at(until, with_reason(walk, trouble.clone())).await;
            let trouble = reasoned.unwrap_or(trouble);
            fail(walk, step, &entry, &made, trouble);
            if step == StepName::Stop {
                walk.voice
                    .step_finished(StepName::Gone, Verdict::Skipped, "");
            }
        }
    }
}

/// What went wrong, and in which step.
type Failed = (StepName, Trouble);

/// Stops, and sees that it is gone. `expected`: it was there a moment ago.
async fn take(walk: &Walk, taking: &Taking<'_>, expected: bool) -> Result<String, Failed> {
    walk.voice.step_started(StepName::Stop);
    let stopped = taking
        .stop()
        .await
        .map_err(|trouble| (StepName::Stop, trouble))?;
    if expected && stopped == Stopped::WasNotThere {
        let finding = lost::by_its_limit(walk, server::gone_before_the_stop()).await;
        return Err((
            StepName::Stop,
            Trouble {
                finding,
                ours: false,
            },
        ));
    }
    walk.voice
        .step_finished(StepName::Stop, Verdict::Passed, &stopped.to_string());
    walk.voice.step_started(StepName::Gone);
    taking
        .gone()
        .await
        .map_err(|trouble| (StepName::Gone, trouble))
}

/// Ours was stopped, and the server that is there now is not ours.
fn is_somebody_elses(trouble: &Trouble) -> bool {
    trouble.finding.cause == Cause::StopUndone && !trouble.ours
}

/// How long a process may go on after the hub has called it stopped: pods and
/// jobs get some seconds to end.
const AFTERLIFE: Duration = Duration::from_secs(30);

/// So long after the deadline of the stop it is still asked why it went wrong.
const REASONING: Duration = Duration::from_millis(3500);

/// How long a kernel may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// Keeps the connection of the kernel open while something else is done; never returns.
pub(super) async fn keep_alive(witness: &mut Option<KernelConnection>) {
    match witness {
        Some(kernel) => kernel.keep_alive().await,
        None => std::future::pending().await,
    }
}

/// Whether the kernel outlives its server.
async fn outlived(
    witness: &mut Option<KernelConnection>,
    taking: &Taking<'_>,
) -> Result<(), Failed> {
    let Some(kernel) = witness else {
        return Ok(());
    };
    let until =
        Instant::now() + AFTERLIFE.min(taking.deadline.saturating_duration_since(Instant::now()));
    let left = (taking.deadline + REASONING).saturating_duration_since(Instant::now());
    while kernel.still_answers(ANSWER.min(left)).await {
        if Instant::now() >= until {
            let finding = stop::survived(&server_words(&taking.made.name));
            return Err((
                StepName::Gone,
                Trouble {
                    finding,
                    ours: true,
                },
            ));
        }
        sleep(Duration::from_millis(500)).await;
    }
    Ok(())
}

/// What the scheduler says of it, where the suite has it asked; beside what the kernel showed.
async fn by_the_scheduler(
    walk: &Walk,
    outlived: Result<(), Failed>,
    taking: &Taking<'_>,
) -> Result<&'static str, Failed> {
    let said = scheduler::ask(walk, taking.deadline + REASONING).await;
    match (outlived, said) {
        (Ok(()), scheduler::Answer::NotAsked) => Ok(""),
        (Ok(()), scheduler::Answer::Gone) => Ok(", and from the scheduler"),
        (Ok(()), scheduler::Answer::StillThere(finding)) => Err((
            StepName::Gone,
            Trouble {
                finding,
                ours: true,
            },
        )),
        (Err((step, trouble)), scheduler::Answer::StillThere(there)) => {
            let finding = trouble.finding.seen(there.summary).seen_all(there.evidence);
            Err((step, Trouble { finding, ..trouble }))
        }
        (Err(failed), _) => Err(failed),
    }
}

/// Where the hub did not let us stop the server: is it that it does not know
/// us any more?
async fn with_reason(walk: &Walk, trouble: Trouble) -> Trouble {
    let Some(hub) = walk.hub.as_ref().filter(|_| {
        matches!(
            trouble.finding.cause,
            Cause::StopRefused | Cause::StopTimeout
        )
    }) else {
        return trouble;
    };
    let asked = timeout(ANSWER, hub.whoami()).await;
    let finding = match asked {
        Ok(Err(error)) if error.status() == Some(403) => {
            explain::token::refused(hub, &error, walk.known()).await
        }
        Ok(Ok(seen)) => {
            let version = walk.version.as_ref();
            let lacks = token::lacks(&seen.value, version, walk.user(), &walk.probe.server);
            match lacks {
                Some(finding) => {
                    finding.seen("when the visit began the token held all that is needed")
                }
                None => return trouble,
            }
        }
        _ => return trouble,
    };
    let finding = finding
        .seen(trouble.finding.summary)
        .seen_all(trouble.finding.evidence);
    Trouble { finding, ..trouble }
}

fn fail(walk: &Walk, step: StepName, entry: &Entry, made: &ServerMade, trouble: Trouble) {
    let Trouble { finding, ours } = trouble;
    let shown = with_curl(walk, finding);
    if ours {
        let started = made
            .started
            .map(|at| format!(", started {at}"))
            .unwrap_or_default();
        walk.voice
            .left_behind(&format!("{}{started}: {}", entry.describe(), shown.summary));
    } else {
        strike(walk, entry);
    }
    walk.voice.step_failed(step, shown);
}

fn with_curl(walk: &Walk, finding: Finding) -> Finding {
    match &walk.hub {
        Some(hub) => {
            let url = hub.api_url(&format!("users/{}", walk.user()));
            finding.with_curl(walk.curl("GET", url.as_str()))
        }
        None => finding,
    }
}

fn strike(walk: &Walk, entry: &Entry) {
    if let Err(error) = walk.ledger.strike(entry.id) {
        walk.voice.warn(&error.to_string());
    }
}

fn skip(walk: &Walk, why: &str) {
    for step in [StepName::Stop, StepName::Gone] {
        walk.voice.step_finished(step, Verdict::Skipped, why);
    }
}
