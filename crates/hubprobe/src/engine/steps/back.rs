//! The way back: stop and gone, whatever the way forward came to.
//!
//! They are steps like the others in the report, and undoing at the same time:
//! the same code that `hubprobe clean` runs. Their budget, `stop`, is their
//! own, and does not end with the visit's total deadline or a signal.

use std::time::Duration;

use jupyterhub_client::KernelConnection;
use tokio::time::{Instant, timeout, timeout_at};

use super::ending::{self, REASONING};
use super::{company, execute};
use crate::engine::Walk;
use crate::undo::server::{LATE_START, Taking, Trouble};
use crate::undo::{Entry, Made, ServerMade};
use crate::vocabulary::{Finding, StepName, Verdict};

/// How long a kernel that may outlive its server is given to end: jupyter_client gives it 5 s to end by itself, and then
/// kills it (`KernelManager.shutdown_wait_time`).
const ENDING: Duration = Duration::from_secs(6);

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
        execute::end_session(walk).await;
        walk.voice.kept(&format!(
            "{} ({} takes it away)",
            entry.describe(),
            walk.clean_command("--kept")
        ));
        skip(walk, "kept on purpose");
        return;
    }
    walk.voice.step_started(StepName::Stop);
    if may_keep {
        end_what_may_outlive(walk, witness.is_some()).await;
    }
    let unanswered = made.started.is_none() && made.answered.is_none();
    let taking = Taking {
        may_come_until: walk
            .asked_again
            .filter(|_| unanswered)
            .map(|asked| asked + LATE_START),
        deadline: began + walk.probe.deadlines.stop,
        ..ending::taking(walk, &hub, &made, witness.is_some())
    };
    let expected = passed && walk.server.is_some();
    let ended = take(walk, &taking, expected, &mut witness).await;
    match ended {
        Ok(summary) => {
            strike(walk, &entry);
            walk.voice
                .step_finished(StepName::Gone, Verdict::Passed, &summary);
        }
        Err((step, trouble)) => {
            // A run ends within its deadlines and 5 s, whatever the hub does.
            let until = taking.deadline + REASONING;
            let reasoned = timeout_at(until, ending::with_reason(walk, trouble.clone())).await;
            let trouble = reasoned.unwrap_or(trouble);
            fail(walk, step, entry, &made, trouble);
            if step == StepName::Stop {
                walk.voice
                    .step_finished(StepName::Gone, Verdict::Skipped, "");
            }
        }
    }
}

/// A kernel that never spoke may outlive its server, and so may a notebook's that does not end; there is no witness that would
/// see it. A signal does not wait for that.
async fn end_what_may_outlive(walk: &mut Walk, has_witness: bool) {
    let share = (walk.probe.deadlines.stop / 4).min(ENDING);
    let end = walk.end.clone();
    let ending = async {
        if has_witness {
            execute::end_beside(walk).await;
        } else {
            execute::end_session(walk).await;
        }
    };
    tokio::select! {
        biased;
        () = end.cancelled() => {}
        _ = timeout(share, ending) => {}
    }
}

/// What went wrong, and in which step.
type Failed = (StepName, Trouble);

/// Stops, and sees that it is gone. `expected`: it was there a moment ago.
async fn take(
    walk: &Walk,
    taking: &Taking<'_>,
    expected: bool,
    witness: &mut Option<KernelConnection>,
) -> Result<String, Failed> {
    let stopped = ending::stop(walk, taking, expected, witness)
        .await
        .map_err(|trouble| (StepName::Stop, trouble))?;
    walk.voice
        .step_finished(StepName::Stop, Verdict::Passed, &stopped.to_string());
    walk.voice.step_started(StepName::Gone);
    ending::gone(walk, taking, witness)
        .await
        .map(|gone| gone.words)
        .map_err(|trouble| (StepName::Gone, trouble))
}

fn fail(walk: &Walk, step: StepName, mut entry: Entry, made: &ServerMade, trouble: Trouble) {
    let Trouble {
        finding,
        ours,
        survived,
    } = trouble;
    let shown = with_curl(walk, finding);
    if ours {
        let started = made
            .started
            .map(|at| format!(", started {at}"))
            .unwrap_or_default();
        let what = format!("{}{started}: {}", entry.describe(), shown.summary);
        match survived {
            Some(survivor) => {
                let place = survivor.place();
                entry.survived = Some(*survivor);
                // The hub would say of it that it is gone.
                if let Err(error) = walk.ledger.enter(&entry) {
                    walk.voice.warn(&error.to_string());
                }
                let place = if place.is_empty() {
                    place
                } else {
                    format!("; {place}")
                };
                walk.voice.lives_on(&format!("{what}{place}"));
            }
            None => walk.voice.left_behind(&what),
        }
    } else {
        strike(walk, &entry);
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
