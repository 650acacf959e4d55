//! Taking a notebook server back: stop it, and see that it is gone.
//!
//! DELETE is asked only of a server whose birth is the one in the ledger. What
//! it answers proves nothing: the hub's model is read until the server is away
//! from it, twice, and then the proxy is asked whether anything still answers
//! (JupyterHub swallows errors of a spawner's stop, in every version from 2 to
//! 6: handlers/base.py, `stop_single_user`).

use std::time::Duration;

use jupyterhub_client::{Error, Hub};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::birth::{State, state, undecided};
use super::entry::server_words;
use super::{ServerMade, Survivor};
use crate::vocabulary::{Cause, Finding};

/// Between two looks at the hub's model.
pub(super) const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// Between two DELETEs that were refused for now (a pending spawn, before
/// JupyterHub 5.1), or that failed.
const BETWEEN_TRIES: Duration = Duration::from_secs(2);

/// A hub goes on with a start request whose asker is gone, and may show the
/// server only after a while (a refresh of the login comes first): while the
/// request was not answered, an absent server is believed to be absent only so
/// long after it was asked for.
pub const LATE_START: Duration = Duration::from_secs(90);

/// The longest pause before a DELETE that was throttled is asked again without a new look: in longer ones somebody else could
/// have come.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// One look at the hub takes no longer than this.
const LONGEST_LOOK: Duration = Duration::from_secs(10);

/// The first DELETE goes out within a second of a signal: a look that takes
/// longer is not waited for where the server was seen to be ours just now.
const FIRST_LOOK: Duration = Duration::from_millis(700);

/// So often a refusal is asked again before it is believed.
const REFUSALS: u32 = 3;

/// So many DELETEs that the hub took, and that had no effect, are enough.
const DELETES: u32 = 4;

/// A server to take back.
#[derive(Debug, Clone)]
pub struct Taking<'a> {
    /// The hub, with a token that may stop the server.
    pub hub: &'a Hub,
    /// Whose server.
    pub user: &'a str,
    /// What is known of it.
    pub made: &'a ServerMade,
    /// It was seen by this process, a moment ago.
    pub fresh: bool,
    /// Until when a server that is not there may still come; none where the
    /// start request was answered.
    pub may_come_until: Option<Instant>,
    /// Says true once the start request under way is answered.
    pub answered: Option<watch::Receiver<bool>>,
    /// A hub that cannot be reached at all is asked again only so long.
    pub unreachable: Duration,
    /// When the budget is used up.
    pub deadline: Instant,
}

/// A hub that does not let us look is asked again for so long: a database
/// that is locked refuses for some seconds.
const REFUSED_LOOKS: Duration = Duration::from_secs(20);

/// A look that showed nothing.
pub(super) struct Blind {
    /// Why.
    pub(super) words: String,
    /// How far it came.
    kind: Blindness,
}

/// Why a look showed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blindness {
    /// It did not come as far as an answer, not even a late one.
    Unreachable,
    /// The hub does not let us look.
    Refused,
    /// Anything else, such as a hub that is slow.
    Other,
}

impl Blind {
    fn seeing(words: impl ToString) -> Self {
        Self {
            words: words.to_string(),
            kind: Blindness::Other,
        }
    }
}

/// How a server came to be stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// We asked, and the hub did.
    ByUs,
    /// It was not there any more.
    WasNotThere,
}

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ByUs => "stopped",
            Self::WasNotThere => "it was not there",
        })
    }
}

/// A server that could not be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What is wrong.
    pub finding: Finding,
    /// Ours may still be there; where it is false, what is there is somebody
    /// else's.
    pub ours: bool,
    /// It is stopped as the hub has it, and lives on.
    pub survived: Option<Box<Survivor>>,
}

impl Taking<'_> {
    /// Stops the server.
    ///
    /// # Errors
    /// `stop.refused`, `stop.timeout` or `stop.undone`: the server may still be
    /// there, or is somebody else's.
    pub async fn stop(&self) -> Result<Stopped, Trouble> {
        let mut refusals = 0;
        let mut deletes = 0;
        let mut removed = false;
        let mut last = String::new();
        let mut blind_since: Option<(Blindness, Instant)> = None;
        loop {
            let mut blindness = None;
            match self.first_or_next_look(deletes > 0).await {
                Ok(State::Absent) if removed => return Ok(Stopped::WasNotThere),
                Ok(State::Absent) if deletes > 0 => return Ok(Stopped::ByUs),
                Ok(State::Absent) if !self.may_still_come() => {
                    return Ok(Stopped::WasNotThere);
                }
                Ok(State::Absent) => {
                    "it is not there, but the start request was not answered, so it may still come"
                        .clone_into(&mut last);
                }
                // Its options may not be there yet: see `Following::undecided`.
                Ok(State::Foreign(why)) if self.made.started.is_none() && self.may_still_come() => {
                    last = format!("{why}, and the start request was not answered");
                }
                // Somebody was quick to start another in its place.
                Ok(State::Foreign(_)) if deletes > 0 && self.made.started.is_some() => {
                    return Ok(Stopped::ByUs);
                }
                Ok(State::Foreign(why)) => return Err(self.foreign(&why)),
                Ok(State::Ours { stopping: true, .. }) => {
                    "the hub shows it as pending stop".clone_into(&mut last);
                }
                // A record that a spawn may still come to: removing it would not stop that.
                Ok(State::Ours { stopped: true, .. }) if deletes == 0 && self.may_still_come() => {
                    "it stands there stopped, but the start request was not answered, so it may still come"
                        .clone_into(&mut last);
                }
                Ok(State::Ours { .. }) if deletes >= DELETES => {
                    return Err(self.undone("the hub shows it again after every DELETE"));
                }
                Ok(State::Ours { stopped, .. }) => match self.delete().await {
                    Ok(()) => {
                        // What did not run was not stopped by us.
                        removed |= stopped && deletes == 0;
                        deletes += 1;
                        if deletes == 1 {
                            continue;
                        }
                    }
                    Err(error) => {
                        last = error.to_string();
                        refusals += u32::from(refused(&error));
                        if refusals >= REFUSALS {
                            return Err(self.refused(&error));
                        }
                        self.pause(BETWEEN_TRIES).await;
                    }
                },
                Err(blind) => {
                    blindness = Some(blind.kind);
                    last = blind.words;
                }
            }
            blind_since = match (blindness, blind_since) {
                (Some(now), Some((before, since))) if now == before => Some((now, since)),
                (Some(now), _) => Some((now, Instant::now())),
                (None, _) => None,
            };
            match blind_since {
                Some((Blindness::Unreachable, since)) if since.elapsed() >= self.unreachable => {
                    return Err(self.not_asked(&last));
                }
                Some((Blindness::Refused, since)) if since.elapsed() >= REFUSED_LOOKS => {
                    return Err(self.not_allowed(&last));
                }
                _ => {}
            }
            if Instant::now() >= self.deadline {
                return Err(self.never_ended(&last));
            }
            self.pause(BETWEEN_LOOKS).await;
        }
    }

    /// Whether the start request is known to be answered.
    fn is_answered(&self) -> bool {
        self.made.answered.is_some()
            || self
                .answered
                .as_ref()
                .is_some_and(|answered| *answered.borrow())
    }

    /// Whether a server that is not there may still come.
    fn may_still_come(&self) -> bool {
        let answered = self
            .answered
            .as_ref()
            .is_some_and(|answered| *answered.borrow());
        !answered
            && self
                .may_come_until
                .is_some_and(|until| Instant::now() < until)
    }

    /// No look goes on for long after the budget is used up.
    pub(super) fn look_until(&self) -> Instant {
        let now = Instant::now();
        self.deadline
            .max(now + Duration::from_secs(1))
            .min(now + LONGEST_LOOK)
    }

    async fn first_or_next_look(&self, asked: bool) -> Result<State, Blind> {
        if asked || !self.fresh || self.made.started.is_none() {
            return self.look().await;
        }
        match timeout(FIRST_LOOK, self.look()).await {
            Ok(looked) => looked,
            // Seen by us a moment ago, and the hub is slow to say it again.
            Err(_) => Ok(State::Ours {
                stopping: false,
                stopped: false,
            }),
        }
    }

    pub(super) async fn look(&self) -> Result<State, Blind> {
        let looking = self.hub.user(self.user, self.made.removable);
        let Ok(seen) = timeout_at(self.look_until(), looking).await else {
            return Err(Blind::seeing("the hub does not answer"));
        };
        match seen {
            // A token for one server alone (`!server=`) is shown no list where that
            // server is not; it was shown while ours was there.
            Ok(user) if user.value.servers.is_none() && self.made.started.is_none() => {
                Err(Blind::seeing(
                    "the hub does not show the account's servers: the token lacks read:servers",
                ))
            }
            Ok(user) => match state(&user.value, self.made) {
                State::Foreign(why) if undecided(&user.value, self.made, self.is_answered()) => {
                    Err(Blind::seeing(format!(
                        "a spawn is under way that does not look like ours yet: {why}"
                    )))
                }
                state => Ok(state),
            },
            // No such user: nothing of it can run. (With filtered scopes the
            // hub says 404 of what it only hides, in other words.)
            Err(error)
                if error.status() == Some(404)
                    && !error
                        .hub_message()
                        .is_some_and(|text| text.contains("No access")) =>
            {
                Ok(State::Absent)
            }
            Err(error) if error.is_transport() && !error.is_timeout() => Err(Blind {
                words: format!("the hub cannot be reached: {error}"),
                kind: Blindness::Unreachable,
            }),
            Err(error) if matches!(error.status(), Some(401 | 403 | 404)) => Err(Blind {
                words: error.to_string(),
                kind: Blindness::Refused,
            }),
            Err(error) => Err(Blind::seeing(error)),
        }
    }

    async fn delete(&self) -> Result<(), Error> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let asking = self.patiently();
        match timeout(left.max(Duration::from_secs(1)), asking).await {
            Ok(Ok(())) | Err(_) => Ok(()),
            Ok(Err(error)) if error.status() == Some(404) => Ok(()),
            Ok(Err(error)) => Err(error),
        }
    }

    /// Asks until it is not throttled any more: whoever throttles counts our
    /// looks too, so a DELETE after a look each time would never get through.
    async fn patiently(&self) -> Result<(), Error> {
        let mut pause = BETWEEN_TRIES;
        loop {
            let asked = self
                .hub
                .stop_server(self.user, &self.made.name, self.made.removable)
                .await;
            match asked {
                Err(error) if error.status() == Some(429) && pause <= LONGEST_PAUSE => {
                    let wanted = error.head().and_then(|head| head.retry_after());
                    sleep(wanted.unwrap_or(pause).min(LONGEST_PAUSE)).await;
                    pause *= 2;
                }
                other => return other.map(drop),
            }
        }
    }

    pub(super) async fn pause(&self, length: Duration) {
        let left = self.deadline.saturating_duration_since(Instant::now());
        sleep(length.min(left)).await;
    }

    pub(super) fn words(&self) -> String {
        format!("{} of {}", server_words(&self.made.name), self.user)
    }

    pub(super) fn foreign(&self, why: &str) -> Trouble {
        let summary = format!(
            "{} is not the one that we started, so it is left alone",
            self.words()
        );
        Trouble {
            finding: Finding::new(Cause::StopUndone, summary)
                .seen(why)
                .advise("Look who uses this account; hubprobe wants one of its own."),
            // Without a birth certificate, and with a request that the hub took,
            // it may be ours after all: it is left alone, but not forgotten.
            ours: self.made.started.is_none()
                && self
                    .made
                    .answered
                    .is_some_and(|status| !(300..500).contains(&status)),
            survived: None,
        }
    }

    pub(super) fn undone(&self, why: &str) -> Trouble {
        let summary = format!("{} was stopped and is there again", self.words());
        left(Finding::new(Cause::StopUndone, summary).seen(why))
    }

    fn refused(&self, error: &Error) -> Trouble {
        let by_the_hub = error.hub_message().is_some()
            || error
                .head()
                .is_some_and(|head| head.hub_version().is_some());
        let who = if by_the_hub {
            "the hub"
        } else {
            "something in front of the hub"
        };
        let summary = format!("{who} refuses to stop {}", self.words());
        let finding = Finding::new(Cause::StopRefused, summary).seen(error.to_string());
        left(if by_the_hub {
            finding
        } else {
            finding.advise(
                "Let DELETE through to the hub's API (an access rule of an ingress or a firewall), and stop the \
                 server by hand.",
            )
        })
    }

    fn not_asked(&self, last: &str) -> Trouble {
        let summary = format!("the hub could not be asked to stop {}", self.words());
        left(
            Finding::new(Cause::StopTimeout, summary)
                .seen(last)
                .advise("When the hub is back, hubprobe clean takes the server away."),
        )
    }

    fn not_allowed(&self, last: &str) -> Trouble {
        let summary = format!(
            "the hub does not let us look at {} any more, so it cannot be stopped",
            self.words()
        );
        left(Finding::new(Cause::StopRefused, summary).seen(last))
    }

    pub(super) fn never_ended(&self, last: &str) -> Trouble {
        let summary = format!("{} does not stop within its deadline", self.words());
        left(Finding::new(Cause::StopTimeout, summary).seen(last))
    }
}

pub(super) fn left(finding: Finding) -> Trouble {
    Trouble {
        finding,
        ours: true,
        survived: None,
    }
}

/// Whether the hub has understood and said no, for good as it seems.
fn refused(error: &Error) -> bool {
    let pending = error
        .hub_message()
        .is_some_and(|message| message.contains("pending"));
    error
        .status()
        .is_some_and(|status| (400..500).contains(&status) && status != 429 && !pending)
}
