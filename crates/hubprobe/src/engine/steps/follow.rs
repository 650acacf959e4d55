//! Following a spawn: the start request's answer, the progress stream and the
//! hub's model, side by side, until one of them decides.
//!
//! The request may block for 10 s; the stream is opened once the hub shows the
//! new spawn (before that it tells of the last one), and may be buffered, cut
//! or end early while the spawn goes on; the model is always right, but slow
//! to ask. Ready is what the model says. While the last word is that a
//! scheduler keeps the server waiting, the start deadline stands still and the
//! queue deadline runs; the suite's command may say the same ([`queue`]).

mod model;
mod queue;

use std::collections::HashSet;
use std::time::Duration;

use jupyterhub_client::{Error, Hub, JupyterServer, ProgressEvent, Seen, Started};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use self::queue::Asked;
use super::stream::{News, Stream, last_failure};
use crate::diagnose::hub;
use crate::diagnose::queue::job_in_words;
use crate::diagnose::spawn::{self as diagnose, Failure};
use crate::engine::Walk;
use crate::undo::ServerMade;
use crate::vocabulary::{Cause, Finding};

/// The first looks at the model come fast, so that the stream is opened early;
/// later ones only watch over the stream.
const LOOKS: [Duration; 4] = [
    Duration::from_millis(120),
    Duration::from_millis(400),
    Duration::from_millis(1000),
    Duration::from_secs(3),
];

/// Without a stream, the model is all there is.
const LOOK_ALONE: Duration = Duration::from_secs(1);

/// A stream that ended without a last word is opened again: it may have been
/// cut, or asked for a moment too early. Not at once, since some spawners end it
/// for good (firecrestspawner without credentials).
const REOPEN: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
];

/// A stream that is opened again tells all from the start: so many words are
/// remembered, to be told once.
const WORDS_REMEMBERED: usize = 500;

/// A server that is shown ready after its start request was answered 500 is
/// believed only after a moment: a cancelled spawn is shown so for a second
/// (JupyterHub 5.1 to 6.1), and then it is gone.
const BELIEVED_AFTER: Duration = Duration::from_secs(3);

/// A start request under way.
#[derive(Debug)]
pub(super) struct Asking {
    /// What stands in the ledger.
    pub(super) made: ServerMade,
    /// The answer, when it comes.
    pub(super) answer: oneshot::Receiver<Result<Seen<Started>, Error>>,
}

/// How it ended.
#[derive(Debug)]
pub(super) enum Follow {
    /// The server is ready.
    Ready(JupyterServer),
    /// The request was refused (4xx): nothing was made.
    Refused(Error),
    /// It failed, or something else is in its place.
    Failed(Finding),
}

/// Follows a spawn to its end.
pub(super) async fn follow(walk: &mut Walk, hub: &Hub, asking: Asking) -> Follow {
    Following::new(walk, hub, asking).run().await
}

struct Following<'a> {
    walk: &'a mut Walk,
    hub: &'a Hub,
    asking: Asking,
    began: Instant,
    stream: Option<Stream>,
    stream_over: bool,
    streams: usize,
    reopen_at: Instant,
    told: HashSet<String>,
    pending_seen: bool,
    absent: u32,
    looks: usize,
    next_look: Instant,
    away_since: Option<Instant>,
    was_away: bool,
    away_told: bool,
    /// What is in front of the hub lost it in the middle of the start request.
    was_cut: bool,
    answered_at: Option<Instant>,
    /// The model showed it ready, and it was not believed yet.
    shown_ready: bool,
    in_front: Option<Error>,
    stumbled: Option<(Finding, Instant)>,
    start_left: Duration,
    queue_left: Duration,
    /// The hub's last word was that a scheduler keeps the server waiting.
    hub_says_queued: bool,
    queued: bool,
    asked: Asked,
    marked: Instant,
    failure: Failure,
    /// The job's id is known from the server's state.
    job_in_state: bool,
}

impl<'a> Following<'a> {
    fn new(walk: &'a mut Walk, hub: &'a Hub, asking: Asking) -> Self {
        let now = Instant::now();
        let deadlines = walk.probe.deadlines;
        Self {
            walk,
            hub,
            asking,
            began: now,
            stream: None,
            stream_over: false,
            streams: 0,
            reopen_at: now,
            told: HashSet::new(),
            pending_seen: false,
            absent: 0,
            looks: 0,
            next_look: now + LOOKS[0],
            away_since: None,
            was_away: false,
            away_told: false,
            was_cut: false,
            answered_at: None,
            shown_ready: false,
            in_front: None,
            stumbled: None,
            start_left: deadlines.start,
            queue_left: deadlines.queue,
            hub_says_queued: false,
            queued: false,
            asked: Asked::new(now),
            marked: now,
            failure: Failure::default(),
            job_in_state: false,
        }
    }

    async fn run(mut self) -> Follow {
        loop {
            self.ask_the_scheduler();
            let deadline = self.deadline();
            let asks_at = self.asks_at();
            let ended = tokio::select! {
                biased;
                news = next(&mut self.stream) => self.news(news).await,
                answer = &mut self.asking.answer, if self.answered_at.is_none() => {
                    self.answered(answer.ok()).await
                }
                () = sleep_until(self.next_look) => self.look().await,
                said = self.asked.heard() => {
                    self.heard(said);
                    None
                }
                () = until(asks_at) => None,
                () = sleep_until(deadline) => self.out_of_time().await,
            };
            self.mark();
            if let Some(ended) = ended {
                return ended;
            }
        }
    }

    /// Charges the time since the last mark to the clock that was running.
    fn mark(&mut self) {
        let now = Instant::now();
        let spent = now - self.marked;
        let left = if self.queued {
            &mut self.queue_left
        } else {
            &mut self.start_left
        };
        *left = left.saturating_sub(spent);
        self.marked = now;
    }

    fn deadline(&self) -> Instant {
        self.marked
            + if self.queued {
                self.queue_left
            } else {
                self.start_left
            }
    }

    async fn out_of_time(&mut self) -> Option<Follow> {
        if let Some(ended) = self.ask_once_more().await {
            return Some(ended);
        }
        self.mark();
        if Instant::now() < self.deadline() {
            // It is the other clock that runs.
            return None;
        }
        self.failure.job = self.asked.told();
        let failure = &self.failure;
        let finding = if self.queued {
            let budget = self.walk.probe.deadlines.queue;
            diagnose::queued(budget.as_secs_f64(), failure)
        } else {
            let budget = self.walk.probe.deadlines.start;
            diagnose::too_slow(budget.as_secs_f64(), failure)
        };
        self.say_if_not_asked(&finding);
        Some(Follow::Failed(finding))
    }

    /// A word of the stream.
    async fn news(&mut self, news: News) -> Option<Follow> {
        match news {
            News::Ended => {
                self.stream = None;
                let pause = REOPEN[self.streams.min(REOPEN.len() - 1)];
                self.streams += 1;
                self.reopen_at = Instant::now() + pause;
                self.look_soon(pause.min(LOOK_ALONE));
                None
            }
            News::Event(event) if event.failed => Some(self.failed(Some(event.message)).await),
            News::Event(event) if event.ready => {
                self.stream = None;
                self.stream_over = true;
                self.look().await
            }
            News::Event(event) => {
                self.tell(&event);
                None
            }
        }
    }

    fn tell(&mut self, event: &ProgressEvent) {
        self.mark();
        // Prose may say "job 2 of 3"; what the spawner itself keeps is better.
        if let Some(job) = job_in_words(&event.message).filter(|_| !self.job_in_state) {
            self.walk.job_id = Some(job);
        }
        self.hub_says(&event.message);
        self.failure.last_progress = Some(self.walk.voice.clean(&event.message));
        self.failure.take(&event.message, &event.raw);
        let repeated = self.streams > 0 && self.told.contains(&event.message);
        if !repeated {
            let message = self.with_reason(&event.message);
            self.walk.voice.progress(event.percent, &message);
        }
        if self.told.len() < WORDS_REMEMBERED {
            self.told.insert(event.message.clone());
        }
    }

    /// The start request's answer.
    async fn answered(&mut self, answer: Option<Result<Seen<Started>, Error>>) -> Option<Follow> {
        self.answered_at = Some(Instant::now());
        let error = match answer {
            Some(Ok(seen)) => {
                let ready = seen.value == Started::Ready;
                self.answered_with(seen.head.status);
                return match self.look().await {
                    // 201 does not prove that a server is there (jupyterhub
                    // handlers/base.py: errors of adding the route are
                    // swallowed).
                    None if ready && self.absent > 0 => Some(self.no_server_after_201()),
                    ended => ended,
                };
            }
            Some(Err(error)) => error,
            None => return None,
        };
        if let Some(status) = error.status() {
            self.answered_with(status);
        } else {
            // It may have gone away in mid-request, and be back in no time.
            self.was_away = true;
        }
        match error.status() {
            Some(400..500) if by_the_hub(&error) => Some(Follow::Refused(error)),
            Some(500) => {
                self.failure.answer = Some(format!("the start request: {error}"));
                if by_the_hub(&error) {
                    self.stumbled = Some((hub::stumbled(&error), Instant::now()));
                }
                let ended = self.look().await;
                // The model still shows the spawn: the hub has stumbled over a
                // process that is dead, and goes on waiting for it.
                self.failure.ended_early =
                    ended.is_none() && self.pending_seen && self.absent == 0 && !self.shown_ready;
                if self.absent > 0 {
                    return Some(self.failed(None).await);
                }
                ended
            }
            // Something in front of the hub says no, but may have passed the
            // request on: the model tells.
            Some(400..500) => {
                self.in_front = Some(error);
                self.look_soon(LOOK_ALONE);
                None
            }
            // The spawn may well go on: the model tells.
            _ => {
                self.was_cut = lost_by_the_front(&error);
                self.failure.answer = Some(format!("the start request: {error}"));
                self.look_soon(LOOK_ALONE);
                None
            }
        }
    }

    fn answered_with(&mut self, status: u16) {
        self.asking.made.answered = Some(status);
        self.write_down();
    }

    fn no_server_after_201(&self) -> Follow {
        Follow::Failed(
            Finding::new(
                Cause::SpawnProxyUnreachable,
                "the hub said that the server was ready, but it is not there",
            )
            .seen("POST answered 201, and the account's model shows no such server"),
        )
    }

    async fn failed(&mut self, text: Option<String>) -> Follow {
        let text = match text {
            Some(text) => Some(text),
            None => last_failure(self.hub, self.walk.user(), &self.asking.made.name).await,
        };
        self.failure.text = text;
        self.failure.queued = self.queued;
        self.failure.was_stopped |= self.shown_ready;
        self.failure.elapsed_s = self.began.elapsed().as_secs_f64();
        self.failure.job = self.asked.told();
        let finding = diagnose::failed(&self.failure);
        self.say_if_not_asked(&finding);
        Follow::Failed(finding)
    }

    fn schedule(&mut self) {
        self.looks += 1;
        let alone = self.stream_over || (self.streams > 0 && self.stream.is_none());
        let length = if alone {
            LOOK_ALONE
        } else {
            LOOKS[self.looks.min(LOOKS.len() - 1)]
        };
        self.look_soon(length);
    }

    fn look_soon(&mut self, length: Duration) {
        self.next_look = Instant::now() + length.mul_f64(rand::random_range(0.9..1.1));
    }
}

/// Whether a refusal is the hub's own word, and not that of something in front
/// of it that may have passed the request on.
fn by_the_hub(error: &Error) -> bool {
    error.hub_message().is_some()
        || error
            .head()
            .is_some_and(|head| head.hub_version().is_some())
}

/// A proxy that loses the hub in the middle of a request says 502 (nginx) or 503
/// (configurable-http-proxy); where it only waited too long, it says 504.
fn lost_by_the_front(error: &Error) -> bool {
    matches!(error.status(), Some(502 | 503)) && !by_the_hub(error)
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn next(stream: &mut Option<Stream>) -> News {
    match stream {
        Some(stream) => stream.next().await,
        None => std::future::pending().await,
    }
}
