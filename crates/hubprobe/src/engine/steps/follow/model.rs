//! What the hub's model says of a spawn: not there yet, starting, ready,
//! somebody else's, or a hub that does not answer.

use std::time::Duration;

use indexmap::IndexMap;
use jupyterhub_client::{Error, Server};
use tokio::time::{Instant, timeout};

use super::{Follow, Following, LOOK_ALONE, LOOKS, Stream};
use crate::undo::Made;
use crate::undo::birth::{State, state};
use crate::vocabulary::{Cause, Finding};

/// One look takes no longer than this.
const LONGEST_LOOK: Duration = Duration::from_secs(10);

/// A hub that does not answer for so long, while a spawn is under way, is down.
const HUB_AWAY: Duration = Duration::from_secs(30);

impl Following<'_> {
    /// One look at the model.
    pub(super) async fn look(&mut self) -> Option<Follow> {
        let left = self.deadline().saturating_duration_since(Instant::now());
        let length = left.clamp(Duration::from_millis(500), LONGEST_LOOK);
        let seen = timeout(length, self.hub.user(self.walk.user(), false)).await;
        self.schedule();
        let Ok(seen) = seen else {
            return self.no_answer();
        };
        let user = match seen {
            Ok(seen) => {
                self.was_away |= self.away_since.take().is_some();
                seen.value
            }
            Err(error) => return self.hub_away(&error).await,
        };
        match state(&user, &self.asking.made) {
            State::Absent => self.not_there().await,
            State::Foreign(why) => Some(self.foreign(&why, user.servers)),
            State::Ours { .. } => {
                let server = user.servers?.shift_remove(&self.asking.made.name)?;
                self.there(server)
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
            return Some(Follow::Failed(
                Finding::new(
                    Cause::HubRestarted,
                    "the hub went away while the server started, and came back without it",
                )
                .seen("the account's model shows no such server any more"),
            ));
        }
        Some(self.failed(None).await)
    }

    /// Ours is there: starting, stopping after a failure, or ready.
    fn there(&mut self, server: Server) -> Option<Follow> {
        self.absent = 0;
        self.remember(&server);
        match server.pending.as_deref() {
            None if server.ready => self.ready(&server),
            Some("spawn") => {
                self.pending_seen = true;
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

    fn ready(&mut self, server: &Server) -> Option<Follow> {
        let url = server.url.as_deref()?;
        match self.hub.resolve(url) {
            Ok(url) => Some(Follow::Ready(self.hub.server(&url))),
            Err(error) => Some(Follow::Failed(
                Finding::new(Cause::HubError, "the hub gives no usable URL of the server")
                    .seen(error.to_string()),
            )),
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
        Follow::Failed(Finding::new(cause, summary).seen(why))
    }

    /// The hub does not say a word, not even a refusal.
    fn no_answer(&mut self) -> Option<Follow> {
        let since = *self.away_since.get_or_insert_with(Instant::now);
        self.look_soon(LOOK_ALONE);
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
        let since = *self.away_since.get_or_insert_with(Instant::now);
        self.look_soon(LOOK_ALONE);
        if since.elapsed() < HUB_AWAY {
            return None;
        }
        let finding = self.walk.hub_failure(self.hub, error).await;
        Some(Follow::Failed(finding.seen(
            "it answered before, and went away while the server started",
        )))
    }
}
