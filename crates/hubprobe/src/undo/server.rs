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

use super::ServerMade;
use super::birth::{State, state};
use super::entry::server_words;
use super::route::Route;
use crate::vocabulary::{Cause, Finding};

/// Between two looks at the hub's model.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// Between two DELETEs that were refused for now (a pending spawn, before
/// JupyterHub 5.1), or that failed.
const BETWEEN_TRIES: Duration = Duration::from_secs(2);

/// A hub goes on with a start request whose asker is gone, and may show the
/// server only after a while (a refresh of the login comes first): while the
/// request was not answered, an absent server is believed to be absent only so
/// long after it was asked for.
pub const LATE_START: Duration = Duration::from_secs(90);

/// One look at the hub takes no longer than this.
const LONGEST_LOOK: Duration = Duration::from_secs(10);

/// The first DELETE goes out within a second of a signal: a look that takes
/// longer is not waited for where the server was seen to be ours just now.
const FIRST_LOOK: Duration = Duration::from_millis(700);

/// So often a refusal is asked again before it is believed.
const REFUSALS: u32 = 3;

/// So many DELETEs that the hub took, and that had no effect, are enough.
const DELETES: u32 = 4;

/// How long a route may outlive its server.
const ROUTE_GRACE: Duration = Duration::from_secs(15);

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

/// A look that showed nothing.
struct Blind {
    /// Why.
    words: String,
    /// It did not come as far as an answer, not even a late one.
    unreachable: bool,
}

impl Blind {
    fn seeing(words: impl ToString) -> Self {
        Self {
            words: words.to_string(),
            unreachable: false,
        }
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
}

impl Taking<'_> {
    /// Stops the server; returns what was seen, in a few words.
    ///
    /// # Errors
    /// `stop.refused`, `stop.timeout` or `stop.undone`: the server may still be
    /// there, or is somebody else's.
    pub async fn stop(&self) -> Result<String, Trouble> {
        let mut refusals = 0;
        let mut deletes = 0;
        let mut last = String::new();
        let mut unreachable_since = None;
        loop {
            let mut reached = true;
            match self.first_or_next_look(deletes > 0).await {
                Ok(State::Absent) if deletes > 0 => return Ok("stopped".to_owned()),
                Ok(State::Absent) if !self.may_still_come() => {
                    return Ok("it was not there".to_owned());
                }
                Ok(State::Absent) => {
                    "it is not there, but the start request was not answered, so it may still come"
                        .clone_into(&mut last);
                }
                Ok(State::Foreign(why)) => return Err(self.foreign(&why)),
                Ok(State::Ours { stopping: true }) => {
                    "the hub shows it as pending stop".clone_into(&mut last);
                }
                Ok(State::Ours { .. }) if deletes >= DELETES => {
                    return Err(self.undone("the hub shows it again after every DELETE"));
                }
                Ok(State::Ours { .. }) => match self.delete().await {
                    Ok(()) => {
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
                    reached = !blind.unreachable;
                    last = blind.words;
                }
            }
            if reached {
                unreachable_since = None;
            } else {
                let since: Instant = *unreachable_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= self.unreachable {
                    return Err(self.not_asked(&last));
                }
            }
            if Instant::now() >= self.deadline {
                return Err(self.never_ended(&last));
            }
            self.pause(BETWEEN_LOOKS).await;
        }
    }

    /// Looks whether the stopped server is gone, from the model and from the
    /// proxy; returns what was seen.
    ///
    /// # Errors
    /// `stop.undone`, `stop.survived` or `stop.timeout`.
    pub async fn gone(&self) -> Result<String, Trouble> {
        let mut absent = 0;
        let mut last = String::new();
        while absent < 2 {
            match self.look().await {
                Ok(State::Absent) => absent += 1,
                Ok(State::Ours { .. }) if absent > 0 => return Err(self.undone("it is back")),
                Ok(State::Ours { .. }) => "the hub still shows it".clone_into(&mut last),
                Ok(State::Foreign(why)) => return Err(self.foreign(&why)),
                Err(blind) => last = blind.words,
            }
            if Instant::now() >= self.deadline {
                return Err(self.never_ended(&last));
            }
            if absent < 2 {
                self.pause(BETWEEN_LOOKS).await;
            }
        }
        self.route_gone().await
    }

    async fn route_gone(&self) -> Result<String, Trouble> {
        let Ok(url) = self.hub.resolve(&self.route()) else {
            return Ok("gone from the hub; its route is not known".to_owned());
        };
        let server = self.hub.server(&url);
        let until = self.deadline.min(Instant::now() + ROUTE_GRACE);
        loop {
            let asked = timeout_at(self.look_until(), server.version()).await;
            let seen = match asked {
                Ok(Ok(answer)) => Route::Alive(format!(
                    "GET {url}api answers {} as Jupyter Server {}",
                    answer.head.status, answer.value.version
                )),
                Ok(Err(error)) => Route::of(&error),
                Err(_) => Route::Unknown(format!("GET {url}api: no answer")),
            };
            match seen {
                Route::Gone(how) => return Ok(format!("gone from the hub and the proxy ({how})")),
                Route::Alive(evidence) if Instant::now() >= until => {
                    return Err(left(
                        Finding::new(
                            Cause::StopSurvived,
                            format!(
                                "the hub says that {} is stopped, but it still answers at {url}",
                                server_words(&self.made.name)
                            ),
                        )
                        .seen(evidence),
                    ));
                }
                Route::Unknown(evidence) if Instant::now() >= until => {
                    return Err(self.never_ended(&evidence));
                }
                Route::Alive(_) | Route::Unknown(_) => self.pause(BETWEEN_LOOKS).await,
            }
        }
    }

    fn route(&self) -> String {
        self.made.url.clone().unwrap_or_else(|| {
            let mut url = self.hub.url().clone();
            if let Ok(mut path) = url.path_segments_mut() {
                path.pop_if_empty().extend(["user", self.user]);
                if !self.made.name.is_empty() {
                    path.push(&self.made.name);
                }
                path.push("");
            }
            url.into()
        })
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
    fn look_until(&self) -> Instant {
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
            Err(_) => Ok(State::Ours { stopping: false }),
        }
    }

    async fn look(&self) -> Result<State, Blind> {
        let looking = self.hub.user(self.user, self.made.removable);
        let Ok(seen) = timeout_at(self.look_until(), looking).await else {
            return Err(Blind::seeing("the hub does not answer"));
        };
        match seen {
            Ok(user) if user.value.servers.is_none() => Err(Blind::seeing(
                "the hub does not show the account's servers: the token lacks read:servers",
            )),
            Ok(user) => Ok(state(&user.value, self.made)),
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
                unreachable: true,
            }),
            Err(error) => Err(Blind::seeing(error)),
        }
    }

    async fn delete(&self) -> Result<(), Error> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let asking = self
            .hub
            .stop_server(self.user, &self.made.name, self.made.removable);
        match timeout(left.max(Duration::from_secs(1)), asking).await {
            Ok(Ok(_)) | Err(_) => Ok(()),
            Ok(Err(error)) if error.status() == Some(404) => Ok(()),
            Ok(Err(error)) => Err(error),
        }
    }

    async fn pause(&self, length: Duration) {
        let left = self.deadline.saturating_duration_since(Instant::now());
        sleep(length.min(left)).await;
    }

    fn words(&self) -> String {
        format!("{} of {}", server_words(&self.made.name), self.user)
    }

    fn foreign(&self, why: &str) -> Trouble {
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
        }
    }

    fn undone(&self, why: &str) -> Trouble {
        let summary = format!("{} was stopped and is there again", self.words());
        left(Finding::new(Cause::StopUndone, summary).seen(why))
    }

    fn refused(&self, error: &Error) -> Trouble {
        let summary = format!("the hub refuses to stop {}", self.words());
        left(Finding::new(Cause::StopRefused, summary).seen(error.to_string()))
    }

    fn not_asked(&self, last: &str) -> Trouble {
        let summary = format!("the hub could not be asked to stop {}", self.words());
        left(
            Finding::new(Cause::StopTimeout, summary)
                .seen(last)
                .advise("When the hub is back, hubprobe clean takes the server away."),
        )
    }

    fn never_ended(&self, last: &str) -> Trouble {
        let summary = format!("{} does not stop within its deadline", self.words());
        left(Finding::new(Cause::StopTimeout, summary).seen(last))
    }
}

fn left(finding: Finding) -> Trouble {
    Trouble {
        finding,
        ours: true,
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
