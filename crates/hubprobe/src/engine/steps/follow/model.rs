//! What the hub's model says of a spawn: not there yet, starting, ready,
//! somebody else's, or a hub that does not answer.

use std::time::Duration;

use indexmap::IndexMap;
use jupyterhub_client::{Error, Server};
use tokio::time::{Instant, sleep, timeout};

use super::{
    BELIEVED_AFTER, Follow, Following, LOOK_ALONE, LOOKS, Stream, by_the_hub, last_failure,
};
use crate::diagnose::hub;
use crate::diagnose::queue::job_in_state;
use crate::explain;
use crate::undo::Made;
use crate::undo::birth::{State, state, undecided};
use crate::vocabulary::{Cause, Finding};

/// One look takes no longer than this.
const LONGEST_LOOK: Duration = Duration::from_secs(10);

/// How long after the server is ready its start request may take to be
/// answered.
const ANSWER_DUE: Duration = Duration::from_millis(700);

/// Within so long a hub writes that a token was used.
const TOKEN_USE_IS_NOTED: Duration = Duration::from_secs(34);

/// A hub that does not answer for so long is told of.
const AWAY_IS_TOLD: Duration = Duration::from_secs(5);

/// A hub that does not answer for so long, while a spawn is under way, is down.
const HUB_AWAY: Duration = Duration::from_secs(30);

impl Following<'_> {
    /// One look at the model.
    pub(super) async fn look(&mut self) -> Option<Follow> {
        self.look_at_least(Duration::from_millis(500)).await
    }

    /// The same, for so long at least, even where the deadline has come.
    pub(super) async fn look_at_least(&mut self, shortest: Duration) -> Option<Follow> {
        let left = self.deadline().saturating_duration_since(Instant::now());
        let length = left.clamp(shortest, LONGEST_LOOK);
        let looked = Instant::now();
        let seen = timeout(length, self.hub.user(self.walk.user(), false)).await;
        self.schedule();
        let Ok(seen) = seen else {
            return self.no_answer();
        };
        let user = match seen {
            Ok(seen) => {
                self.was_away |= self.away_since.take().is_some();
                self.away_told = false;
                seen.value
            }
            Err(error) => return self.hub_away(&error).await,
        };
        match state(&user, &self.asking.made) {
            State::Absent => self.not_there().await,
            State::Foreign(_)
                if undecided(&user, &self.asking.made, self.answered_at.is_some()) =>
            {
                self.look_soon(LOOKS[1]);
                None
            }
            State::Foreign(why) => Some(self.foreign(&why, user.servers)),
            State::Ours { .. } => {
                let server = user.servers?.shift_remove(&self.asking.made.name)?;
                self.there(server, looked).await
            }
        }
    }

    /// Nothing of that name in the model: not yet, or not any more.
    async fn not_there(&mut self) -> Option<Follow> {
        if !self.pending_seen && self.answered_at.is_none() {
            return None;
        }
        self.absent += 1;
        if self.absent < 2 {
            self.look_soon(LOOKS[1]);
            return None;
        }
        if let Some(error) = self.in_front.take() {
            return Some(Follow::Refused(error));
        }
        if self.was_away {
            return Some(Follow::Failed(self.restarted()));
        }
        // A restart may be over before the next look. A hub that was there all
        // the time still tells why the spawn failed.
        if self.was_cut && self.pending_seen {
            let told = last_failure(self.hub, self.walk.user(), &self.asking.made.name).await;
            return Some(match told {
                Some(text) => self.failed(Some(text)).await,
                None => Follow::Failed(self.restarted()),
            });
        }
        Some(self.failed(None).await)
    }

    fn restarted(&self) -> Finding {
        Finding::new(
            Cause::HubRestarted,
            "the hub went away while the server started, and came back without it",
        )
        .seen_all(self.failure.answer.clone())
        .seen("the account's model shows no such server any more")
    }

    /// Ours is there: starting, stopping after a failure, or ready.
    async fn there(&mut self, server: Server, looked: Instant) -> Option<Follow> {
        self.absent = 0;
        self.remember(&server);
        if let Some(job) = server.state.as_ref().and_then(job_in_state) {
            self.walk.job_id = Some(job);
            self.job_in_state = true;
        }
        match server.pending.as_deref() {
            None if server.ready => self.ready(&server).await,
            Some("spawn") => {
                self.pending_seen = true;
                self.asked.still_pending(looked);
                let due = Instant::now() >= self.reopen_at;
                if self.stream.is_none() && !self.stream_over && due {
                    self.stream = Some(Stream::open(
                        self.hub,
                        self.walk.user(),
                        &self.asking.made.name,
                    ));
                }
                None
            }
            Some("stop") => {
                self.failure.was_stopped = true;
                None
            }
            _ => None,
        }
    }

    /// Its birth and its address go into the ledger, once known.
    fn remember(&mut self, server: &Server) {
        let made = &mut self.asking.made;
        let new = (server.started.is_some() && made.started != server.started)
            || (server.url.is_some() && made.url != server.url);
        if !new {
            return;
        }
        made.started = server.started.or(made.started);
        made.url = server.url.clone().or_else(|| made.url.clone());
        self.write_down();
    }

    /// The ledger learns what is now known.
    pub(super) fn write_down(&mut self) {
        let made = &self.asking.made;
        if let Some(entry) = &mut self.walk.entry {
            entry.made = Made::Server(made.clone());
            if let Err(error) = self.walk.ledger.enter(entry) {
                self.walk.voice.warn(&error.to_string());
            }
        }
    }

    async fn ready(&mut self, server: &Server) -> Option<Follow> {
        self.hear_the_answer().await;
        if let Some((finding, since)) = self.stumbled.take() {
            if since.elapsed() < BELIEVED_AFTER {
                self.stumbled = Some((finding, since));
                self.shown_ready = true;
                self.look_soon(LOOKS[1]);
                return None;
            }
            return Some(Follow::Failed(self.explained(finding).await));
        }
        if self.was_away {
            self.walk
                .voice
                .warn("the hub went away while the server started, and came back");
        }
        let url = server.url.as_deref()?;
        match self.hub.resolve(url) {
            Ok(url) => {
                // Whatever was said last of a queue.
                if let Some(share) = &self.walk.share {
                    share.waits(false);
                }
                Some(Follow::Ready(self.hub.server(&url)))
            }
            Err(error) => Some(Follow::Failed(
                Finding::new(Cause::HubError, "the hub gives no usable URL of the server")
                    .seen(error.to_string()),
            )),
        }
    }

    /// The start request is answered at the moment when the server is ready; what
    /// it says counts, so it is waited for, but not for long.
    async fn hear_the_answer(&mut self) {
        if self.answered_at.is_some() {
            return;
        }
        let Ok(answer) = timeout(ANSWER_DUE, &mut self.asking.answer).await else {
            return;
        };
        self.answered_at = Some(Instant::now());
        match answer {
            Ok(Ok(seen)) => self.answered_with(seen.head.status),
            Ok(Err(error)) => {
                if let Some(status) = error.status() {
                    self.answered_with(status);
                }
                if error.status() == Some(500) && by_the_hub(&error) {
                    self.failure.answer = Some(format!("the start request: {error}"));
                    self.stumbled = Some((hub::stumbled(&error), Instant::now()));
                }
            }
            Err(_) => {}
        }
    }

    /// A hub that stumbled: over its database? One that cannot be written shows
    /// itself only when it must write that the token was used, which a hub does
    /// every 30 s (`JupyterHub.activity_resolution`).
    async fn explained(&self, finding: Finding) -> Finding {
        let until = Instant::now() + TOKEN_USE_IS_NOTED;
        loop {
            let asked = timeout(LONGEST_LOOK, self.hub.whoami()).await;
            if let Ok(Err(error)) = asked {
                return self.walk.hub_failure(self.hub, &error).await;
            }
            if Instant::now() >= until {
                return explain::database_or(self.hub, finding).await;
            }
            sleep(Duration::from_secs(4)).await;
        }
    }

    fn foreign(&self, why: &str, servers: Option<IndexMap<String, Server>>) -> Follow {
        let pending = servers
            .and_then(|mut all| all.shift_remove(&self.asking.made.name))
            .is_some_and(|server| server.pending.as_deref() == Some("spawn"));
        let (cause, summary) = if pending {
            (
                Cause::SpawnForeignPending,
                "somebody else's spawn is under way, and our request joined it",
            )
        } else {
            (
                Cause::SpawnAlreadyRunning,
                "a server that somebody else started is in the place of ours",
            )
        };
        // Born when we asked, and not as we asked: it may be ours after all.
        let finding = if pending && why.contains("other options") {
            Finding::new(
                cause,
                "a spawn is under way with other options than ours: it is somebody else's, or a hook \
                 of the site changed ours",
            )
            .advise(
                "If nobody else uses the account, a hook replaces the options (look for user_options in \
                 pre_spawn_hook): send those that it puts in their place.",
            )
        } else {
            Finding::new(cause, summary)
        };
        Follow::Failed(finding.seen(why))
    }

    /// The hub does not say a word, not even a refusal.
    fn no_answer(&mut self) -> Option<Follow> {
        let since = self.away();
        (since.elapsed() >= HUB_AWAY).then(|| {
            Follow::Failed(
                Finding::new(
                    Cause::ReachTimeout,
                    "the hub does not answer any more while the server starts",
                )
                .seen(format!(
                    "GET {}: no answer for {:.0} s",
                    self.hub.api_url(&format!("users/{}", self.walk.user())),
                    since.elapsed().as_secs_f64()
                )),
            )
        })
    }

    async fn hub_away(&mut self, error: &Error) -> Option<Follow> {
        if error.status().is_some_and(|status| status < 500) {
            return Some(Follow::Failed(self.walk.hub_failure(self.hub, error).await));
        }
        let since = self.away();
        if since.elapsed() < HUB_AWAY {
            return None;
        }
        let finding = self.walk.hub_failure(self.hub, error).await;
        let finding = finding.seen("it answered before, and went away while the server started");
        // The URL was right.
        Some(Follow::Failed(match finding.cause {
            Cause::ReachRefused => finding.advise(
                "See whether the hub and the proxy before it still run, and what their logs say last.",
            ),
            _ => finding,
        }))
    }

    /// Since when the hub does not answer; whoever watches is told after a moment.
    fn away(&mut self) -> Instant {
        self.look_soon(LOOK_ALONE);
        let since = *self.away_since.get_or_insert_with(Instant::now);
        if since.elapsed() >= AWAY_IS_TOLD && !self.away_told {
            self.away_told = true;
            let patience = HUB_AWAY.as_secs();
            let words = format!("the hub does not answer; it is waited for, {patience} s at most");
            self.walk.voice.progress(None, &words);
        }
        since
    }
}
