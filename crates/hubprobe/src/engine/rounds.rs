//! The rounds of a run: visits begin as the roster lets them, so many at a time, and what did not pass may be tried again.
//!
//! Each visit is a task of its own. In one task together they would share its budget of work, and one that always has
//! more to do, such as a kernel that never stops talking, could keep the others from their deadlines.

use std::panic::resume_unwind;
use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinSet, LocalSet};
use tokio::time::sleep;

use super::roster::{Again, Roster, Turn};
use super::spacing::Outcome;
use super::{Engine, visit};
use crate::suite::Probe;
use crate::vocabulary::{VisitId, What};

/// What a visit says while it walks.
#[derive(Debug)]
pub enum Word {
    /// Its server is ready.
    Ready(Arc<Probe>),
    /// It wants to start its server again; says whether it may.
    Again(Arc<Probe>, oneshot::Sender<bool>),
}

/// What comes back from a task.
enum Back {
    /// An attempt has ended.
    Ended(Again, Outcome),
    /// One that is not tried has been told.
    Told(VisitId, Arc<Probe>),
    /// The wait before another attempt is over; not so where a signal came first.
    Rested(Again, bool),
}

/// Walks all probes; ends early, with the visits that are under way undone, when the run is asked to end.
pub(super) async fn all(engine: &Engine, probes: Vec<Probe>) {
    let (words, heard) = unbounded_channel();
    let rounds = Rounds {
        engine,
        roster: Roster::new(probes, engine.dry_run),
        tasks: JoinSet::new(),
        walking: 0,
        begun: 0,
        words,
        restarts: Vec::new(),
        panic: None,
    };
    LocalSet::new().run_until(rounds.walk(heard)).await;
}

struct Rounds<'a> {
    engine: &'a Engine,
    roster: Roster,
    tasks: JoinSet<Back>,
    /// Tasks that walk, not those that rest before another attempt.
    walking: usize,
    begun: VisitId,
    words: UnboundedSender<Word>,
    /// Those that wait to start their server again.
    restarts: Vec<(Arc<Probe>, oneshot::Sender<bool>)>,
    panic: Option<Box<dyn std::any::Any + Send>>,
}

impl Rounds<'_> {
    async fn walk(mut self, mut heard: UnboundedReceiver<Word>) {
        loop {
            self.grant();
            self.begin();
            if self.tasks.is_empty() {
                break;
            }
            tokio::select! {
                biased;
                Some(word) = heard.recv() => self.hear(word),
                Some(back) = self.tasks.join_next() => {
                    // What it said before it ended comes first.
                    while let Ok(word) = heard.try_recv() {
                        self.hear(word);
                    }
                    self.back(back);
                }
            }
        }
        for again in self.roster.give_up() {
            self.engine
                .events
                .say(What::VisitFinished { visit: again.id });
        }
        if let Some(panic) = self.panic {
            resume_unwind(panic);
        }
    }

    fn hear(&mut self, word: Word) {
        match word {
            Word::Ready(probe) => self.roster.ready(&probe),
            Word::Again(probe, say) => self.restarts.push((probe, say)),
        }
    }

    /// Servers that are to be started again go before new ones.
    fn grant(&mut self) {
        for (probe, say) in std::mem::take(&mut self.restarts) {
            if say.is_closed() {
                continue;
            }
            match self.roster.restarts(&probe) {
                Some(may) => drop(say.send(may)),
                None => self.restarts.push((probe, say)),
            }
        }
    }

    /// Whoever can go goes.
    fn begin(&mut self) {
        while self.walking < self.engine.jobs
            && self.panic.is_none()
            && !self.engine.end.is_cancelled()
        {
            let Some(turn) = self.roster.next() else {
                return;
            };
            self.turn(turn);
        }
    }

    fn turn(&mut self, turn: Turn) {
        let again = match turn {
            Turn::First(probe) => Again {
                id: self.new_id(),
                probe,
                attempts: 0,
            },
            Turn::Again(again) => {
                self.engine
                    .events
                    .say(What::VisitRetried { visit: again.id });
                again
            }
            Turn::NotAgain(again) => return self.finish(&again),
            Turn::HeldBack(probe, why) => {
                let (engine, id) = (self.engine.clone(), self.new_id());
                self.walking += 1;
                self.tasks.spawn_local(async move {
                    visit::held_back(&engine, id, Arc::clone(&probe), &why).await;
                    Back::Told(id, probe)
                });
                return;
            }
        };
        self.walking += 1;
        self.tasks
            .spawn_local(attempt(self.engine.clone(), again, self.words.clone()));
    }

    fn new_id(&mut self) -> VisitId {
        self.begun += 1;
        self.begun - 1
    }

    fn back(&mut self, back: Result<Back, JoinError>) {
        match back {
            Ok(Back::Ended(again, outcome)) => {
                self.walking -= 1;
                self.roster.ended(&again.probe, &outcome);
                let retries = again.probe.retries;
                let wanted =
                    again.attempts <= retries.times && outcome.is_worth_another(retries.spawn);
                if wanted && !self.engine.end.is_cancelled() {
                    self.tasks.spawn_local(rest(self.engine.clone(), again));
                } else {
                    self.finish(&again);
                }
            }
            Ok(Back::Told(id, probe)) => {
                self.walking -= 1;
                self.roster.left(&probe);
                self.engine.events.say(What::VisitFinished { visit: id });
            }
            Ok(Back::Rested(again, true)) => self.roster.again(again),
            Ok(Back::Rested(again, false)) => self.finish(&again),
            // The others take back what they have made before it is told.
            Err(error) => {
                self.walking = self.walking.saturating_sub(1);
                self.panic = self.panic.take().or_else(|| error.try_into_panic().ok());
            }
        }
    }

    fn finish(&mut self, again: &Again) {
        self.roster.left(&again.probe);
        self.engine
            .events
            .say(What::VisitFinished { visit: again.id });
    }
}

async fn attempt(engine: Engine, again: Again, words: UnboundedSender<Word>) -> Back {
    let attempts = again.attempts + 1;
    let probe = Arc::clone(&again.probe);
    let outcome = visit::visit(&engine, again.id, attempts, probe, words).await;
    Back::Ended(Again { attempts, ..again }, outcome)
}

async fn rest(engine: Engine, again: Again) -> Back {
    let rested = tokio::select! {
        biased;
        () = engine.end.cancelled() => false,
        () = sleep(again.probe.retries.wait) => true,
    };
    Back::Rested(again, rested)
}
