//! The way back: stop and gone, whatever the way forward came to.
//!
//! They are steps like the others in the report, and undoing at the same time:
//! the same code that `hubprobe clean` runs. Their budget, `stop`, is their
//! own, and does not end with the visit's total deadline or a signal.

use std::time::Duration;

use tokio::time::Instant;

use crate::engine::Walk;
use crate::undo::server::{LATE_START, Taking, Trouble};
use crate::undo::{Entry, Made, ServerMade};
use crate::vocabulary::{Finding, StepName, Verdict};

/// Stops what the visit started, sees that it is gone, and strikes it from the
/// ledger; or says what is left.
pub async fn take_back(walk: &mut Walk, may_keep: bool) {
    walk.kernel = None;
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
        deadline: Instant::now() + walk.probe.deadlines.stop,
    };
    take(walk, &taking, &entry, &made).await;
}

async fn take(walk: &Walk, taking: &Taking<'_>, entry: &Entry, made: &ServerMade) {
    walk.voice.step_started(StepName::Stop);
    match taking.stop().await {
        Ok(summary) => walk
            .voice
            .step_finished(StepName::Stop, Verdict::Passed, &summary),
        Err(trouble) => {
            fail(walk, StepName::Stop, entry, made, trouble);
            walk.voice
                .step_finished(StepName::Gone, Verdict::Skipped, "");
            return;
        }
    }
    walk.voice.step_started(StepName::Gone);
    match taking.gone().await {
        Ok(summary) => {
            strike(walk, entry);
            walk.voice
                .step_finished(StepName::Gone, Verdict::Passed, &summary);
        }
        Err(trouble) => fail(walk, StepName::Gone, entry, made, trouble),
    }
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
