//! What the suite's command `queue` says of the job while its server is pending.
//!
//! It asks the scheduler itself, for this very job, and the hub relays the same,
//! later or not at all: so its word that the job waits makes the start deadline
//! stand still, and its word that it runs or is over ends that, whatever the hub
//! still says. A word holds until the next one, and lapses when the command fails.
//! That the job is over counts once it was seen before, and where the hub has not
//! begun to take it back, which ends the job too.
//!
//! A command that fails or knows nothing is warned of once, and breaks nothing.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::{Follow, Following, LOOKS};
use crate::diagnose::queue::{is_queued, is_running};
use crate::diagnose::scheduler::{Job, Word, is_down};
use crate::diagnose::spawn::is_vague;
use crate::engine::steps::scheduler::{NO_ID, filled, run};
use crate::suite::SchedulerHook;
use crate::vocabulary::Finding;

/// Between two questions: schedulers do not like to be asked.
const BETWEEN: Duration = Duration::from_secs(10);

/// How long one question may take, also when a deadline has come: Slurm's commands give a controller that is away eight to ten seconds
/// (22.05, with its `MessageTimeout`), and it is then that its word is wanted most.
const LONGEST: Duration = Duration::from_secs(12);

/// How long the hub may take then to say whether it still waits.
const LAST_LOOK: Duration = Duration::from_secs(6);

/// An answer that is younger is not asked for again when a deadline comes.
const FRESH: Duration = Duration::from_secs(1);

/// A word of before a command began to fail holds for so long.
const HOLDS: Duration = Duration::from_secs(30);

type Said = Result<String, String>;

/// What was asked, and what was said.
pub(super) struct Asked {
    asking: JoinSet<Said>,
    command: String,
    /// The job that it was last asked for.
    about: Option<String>,
    next: Instant,
    job: Option<Job>,
    heard: Instant,
    /// The scheduler has said something of this job.
    known: bool,
    /// Since when it is over.
    over_since: Option<Instant>,
    /// The hub still waited for it after that.
    still_pending: bool,
    warned: bool,
}

impl Asked {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            asking: JoinSet::new(),
            command: String::new(),
            about: None,
            next: now,
            job: None,
            heard: now,
            known: false,
            over_since: None,
            still_pending: false,
            warned: false,
        }
    }

    /// The next answer; waits for ever where nobody is asked.
    pub(super) async fn heard(&mut self) -> Said {
        match self.asking.join_next().await {
            Some(said) => said.unwrap_or_else(|error| Err(error.to_string())),
            None => std::future::pending().await,
        }
    }

    /// A look at the model that began at `looked` shows the spawn as pending.
    pub(super) fn still_pending(&mut self, looked: Instant) {
        self.still_pending |= self.over_since.is_some_and(|since| looked > since);
    }

    /// What a finding may say of the job.
    pub(super) fn told(&self) -> Option<Job> {
        let job = self.job.as_ref();
        job.filter(|job| job.word != Word::Over || self.still_pending)
            .cloned()
    }

    /// Its job is over, and no look at the model has begun since.
    fn wants_a_look(&self) -> bool {
        self.word() == Some(Word::Over) && !self.still_pending
    }

    fn word(&self) -> Option<Word> {
        self.job.as_ref().map(|job| job.word)
    }
}

impl Following<'_> {
    /// When it is to be asked next; none where that cannot be, or is under way.
    pub(super) fn asks_at(&self) -> Option<Instant> {
        let hook = self.walk.probe.queue.as_ref()?;
        let can_be = self.pending_seen && (!hook.wants_job() || self.walk.job_id.is_some());
        (can_be && self.asked.asking.is_empty()).then_some(self.asked.next)
    }

    /// Asks, where it is time to.
    pub(super) fn ask_the_scheduler(&mut self) {
        let due = self.asks_at().is_some_and(|at| Instant::now() >= at);
        let Some(hook) = self.walk.probe.queue.as_ref().filter(|_| due) else {
            return;
        };
        let (asked, job) = (&mut self.asked, &self.walk.job_id);
        if asked.about != *job {
            asked.about.clone_from(job);
            (asked.known, asked.job) = (false, None);
            (asked.over_since, asked.still_pending) = (None, false);
        }
        let words = filled(hook, self.walk);
        asked.command = words.join(" ");
        asked.next = Instant::now() + BETWEEN;
        let voice = self.walk.voice.clone();
        asked.asking.spawn(async move {
            let late = || Err(format!("it did not answer within {} s", LONGEST.as_secs()));
            timeout(LONGEST, run(&voice, &words))
                .await
                .unwrap_or_else(|_| late())
        });
    }

    /// An answer.
    pub(super) fn heard(&mut self, said: Said) {
        self.mark();
        let now = Instant::now();
        let last = self.asked.job.take();
        let job = match said {
            Ok(said) => {
                self.asked.heard = now;
                self.answer(&said)
            }
            Err(why) => {
                self.warn_once(&why);
                if self.asked.known && is_down(&why) {
                    let why = self.walk.voice.clean(&why);
                    Some(Job::down(&self.asked.command, &why))
                } else {
                    let holds = now - self.asked.heard < HOLDS;
                    last.clone().filter(|_| holds)
                }
            }
        };
        let changed = job != last;
        self.asked.job = job;
        self.weigh();
        match self.asked.word() {
            Some(Word::Waits) => self.walk.queued_at = Some(now),
            Some(Word::Over) if self.asked.over_since.is_none() => {
                self.asked.over_since = Some(now);
                self.look_soon(LOOKS[0]);
            }
            Some(Word::Over) => {}
            _ => (self.asked.over_since, self.asked.still_pending) = (None, false),
        }
        if let Some(job) = self.asked.job.as_ref().filter(|_| changed) {
            let words = match &self.failure.last_progress {
                Some(message) if self.queued && is_queued(message) => job.beside(message),
                _ => format!("the scheduler says: {}", job.in_words()),
            };
            self.walk.voice.progress(None, &words);
        }
    }

    /// What it said of the job, if that is anything.
    fn answer(&mut self, said: &str) -> Option<Job> {
        let about_it = self.walk.probe.queue.as_ref()?.wants_job();
        if said.is_empty() && !(self.asked.known && about_it) {
            let nothing = format!("{} says nothing", self.asked.command);
            self.warn_once(&nothing);
            return None;
        }
        self.asked.known = true;
        let said = self.walk.voice.clean(said);
        Some(Job::of(&self.asked.command, &said, about_it))
    }

    /// A message of the hub's.
    pub(super) fn hub_says(&mut self, message: &str) {
        self.hub_says_queued = is_queued(message);
        if is_running(message) && self.asked.word() == Some(Word::Waits) {
            // That was so before.
            self.asked.job = None;
        }
        self.weigh();
        if self.queued && self.hub_says_queued {
            self.walk.queued_at = Some(Instant::now());
        }
    }

    /// Whether the server waits in a queue, by all that was said.
    fn weigh(&mut self) {
        self.queued = match self.asked.word() {
            Some(Word::Waits) => true,
            Some(Word::Runs | Word::Over) => false,
            Some(Word::Down | Word::Unclear) | None => self.hub_says_queued,
        };
        if let Some(share) = &self.walk.share {
            share.waits(self.queued);
        }
    }

    /// The hub's message that the server waits, with the reason where it is known.
    pub(super) fn with_reason(&self, message: &str) -> String {
        match &self.asked.job {
            Some(job) if job.word == Word::Waits && is_queued(message) => job.beside(message),
            _ => message.to_owned(),
        }
    }

    /// A deadline has come: the last answer, if it is not that of a moment ago.
    pub(super) async fn ask_once_more(&mut self) -> Option<Follow> {
        if self.asked.asking.is_empty() {
            if self.asked.job.is_some() && self.asked.heard.elapsed() < FRESH {
                return self.look_again().await;
            }
            self.asked.next = Instant::now();
            self.ask_the_scheduler();
        }
        if self.asked.asking.is_empty() {
            return None;
        }
        let said = self.asked.heard().await;
        self.heard(said);
        self.look_again().await
    }

    /// Whether the hub still waits for a job that is over: what is said of that job counts only then.
    async fn look_again(&mut self) -> Option<Follow> {
        match self.asked.wants_a_look() {
            true => self.look_at_least(LAST_LOOK).await,
            false => None,
        }
    }

    /// Where its word was missed.
    pub(super) fn say_if_not_asked(&self, finding: &Finding) {
        let wants = self.walk.probe.queue.as_ref();
        let wants = wants.is_some_and(SchedulerHook::wants_job);
        if wants && self.walk.job_id.is_none() && is_vague(finding.cause) {
            self.walk.voice.warn(&format!(
                "the scheduler was not asked why the server waits: {NO_ID}"
            ));
        }
    }

    fn warn_once(&mut self, why: &str) {
        if !std::mem::replace(&mut self.asked.warned, true) {
            self.walk.voice.warn(&format!(
                "not known what the scheduler says of the job: {why}"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer of the moment in which the deadline comes is told too, once the hub was looked at.
    #[test]
    fn over_counts_after_a_look() {
        let now = Instant::now();
        let mut asked = Asked::new(now);
        assert!(!asked.wants_a_look());
        asked.job = Some(Job::of("squeue", "RUNNING None", true));
        assert!(!asked.wants_a_look());
        assert!(asked.told().is_some());

        asked.job = Some(Job::of("squeue", "", true));
        asked.over_since = Some(now);
        assert!(asked.wants_a_look());
        assert!(asked.told().is_none());
        // A look that began before says nothing of it.
        asked.still_pending(now);
        assert!(asked.wants_a_look());
        asked.still_pending(now + Duration::from_millis(1));
        assert!(!asked.wants_a_look());
        assert!(asked.told().is_some());
    }
}
