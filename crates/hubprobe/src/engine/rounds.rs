//! The rounds of a run: visits begin as the roster lets them, so many at a time, and what did not pass may be tried again.
//!
//! Each visit is a task of its own. In one task together they would share its budget of work, and one that always has
//! more to do, such as a kernel that never stops talking, could keep the others from their deadlines.

use std::panic::resume_unwind;
use std::sync::Arc;

use tokio::task::{JoinSet, LocalSet};
use tokio::time::sleep;

use super::roster::{Roster, Turn};
use super::spacing::Outcome;
use super::{Engine, visit};
use crate::suite::Probe;
use crate::vocabulary::{VisitId, What};

/// An attempt that has ended.
struct Ended {
    id: VisitId,
    probe: Arc<Probe>,
    attempt: u32,
    /// None where it was to be another, and a signal came first.
    outcome: Option<Outcome>,
}

/// Walks all probes; ends early, with the visits that are under way undone, when the run is asked to end.
pub(super) async fn all(engine: &Engine, probes: Vec<Probe>) {
    LocalSet::new().run_until(walked(engine, probes)).await;
}

async fn walked(engine: &Engine, probes: Vec<Probe>) {
    let mut roster = Roster::new(probes);
    let mut visits = JoinSet::new();
    let mut begun = 0;
    let mut panic = None;
    loop {
        while visits.len() < engine.jobs && panic.is_none() && !engine.end.is_cancelled() {
            let Some(turn) = roster.next() else { break };
            visits.spawn_local(first(engine.clone(), begun, turn));
            begun += 1;
        }
        let ended = match visits.join_next().await {
            None => break,
            Some(Ok(ended)) => ended,
            // The others take back what they have made before it is told.
            Some(Err(error)) => {
                panic = panic.or_else(|| error.try_into_panic().ok());
                continue;
            }
        };
        let again = ended.outcome.as_ref().is_some_and(|outcome| {
            roster.note(outcome);
            is_tried_again(&roster, &ended, outcome)
        });
        if again && !engine.end.is_cancelled() {
            visits.spawn_local(another(engine.clone(), ended));
            continue;
        }
        roster.left(&ended.probe);
        engine.events.say(What::VisitFinished { visit: ended.id });
    }
    if let Some(panic) = panic {
        resume_unwind(panic);
    }
}

fn is_tried_again(roster: &Roster, ended: &Ended, outcome: &Outcome) -> bool {
    let retries = ended.probe.retries;
    ended.attempt <= retries.times
        && outcome.is_worth_another(retries.spawn)
        && !roster.is_enough(&ended.probe)
}

async fn first(engine: Engine, id: VisitId, turn: Turn) -> Ended {
    let outcome = visit::visit(&engine, id, 1, Arc::clone(&turn.probe), turn.held_back).await;
    Ended {
        id,
        probe: turn.probe,
        attempt: 1,
        outcome: Some(outcome),
    }
}

async fn another(engine: Engine, ended: Ended) -> Ended {
    let attempt = ended.attempt + 1;
    let outcome = tokio::select! {
        biased;
        () = engine.end.cancelled() => None,
        () = sleep(ended.probe.retries.wait) => {
            engine.events.say(What::VisitRetried { visit: ended.id });
            let probe = Arc::clone(&ended.probe);
            Some(visit::visit(&engine, ended.id, attempt, probe, None).await)
        }
    };
    Ended {
        attempt,
        outcome,
        ..ended
    }
}
