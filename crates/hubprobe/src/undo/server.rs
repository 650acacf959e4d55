//! Taking a notebook server back: stop it, and see that it is gone.
//!
//! DELETE is asked only of a server whose birth is the one in the ledger. What
//! it answers proves nothing: the hub's model is read until the server is away
//! from it, twice, and then the proxy is asked whether anything still answers
//! (JupyterHub swallows errors of a spawner's stop, in every version from 2 to
//! 6: handlers/base.py, `stop_single_user`).

use std::time::Duration;

use jupyterhub_client::{Error, Hub, User};
use tokio::time::{Instant, sleep, timeout};

use super::ServerMade;
use super::entry::server_words;
use crate::vocabulary::{Cause, Finding};

/// Between two looks at the hub's model.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// Between two DELETEs that were refused for now (a pending spawn, before
/// JupyterHub 5.1), or that failed.
const BETWEEN_TRIES: Duration = Duration::from_secs(2);

/// A start request that was cut off may reach the hub a little later: so long
/// an absent server is looked for again before it is believed to be absent.
const LATE_START: Duration = Duration::from_secs(3);

/// The first DELETE goes out within a second of a signal: a look that takes
/// longer is not waited for where the server was seen to be ours just now.
const FIRST_LOOK: Duration = Duration::from_millis(700);

/// So often a refusal is asked again before it is believed.
const REFUSALS: u32 = 3;

/// So many DELETEs that the hub took, and that had no effect, are enough.
const DELETES: u32 = 4;

/// How long a route may outlive its server.
const ROUTE_GRACE: Duration = Duration::from_secs(15);

/// `asked` is by the `Date` of an answer, which a proxy in front may have
/// written by its own clock. Nothing was there when we asked, so what seems a
/// little older than that is ours on a clock that is off; and an orphan or a
/// person's server is older than this.
const CLOCK_SLACK: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// So long after it was asked for, a server can still be the one asked for.
const BIRTH_WINDOW: jiff::SignedDuration = jiff::SignedDuration::from_secs(90);

/// A server to take back.
#[derive(Debug, Clone, Copy)]
pub struct Taking<'a> {
    /// The hub, with a token that may stop the server.
    pub hub: &'a Hub,
    /// Whose server.
    pub user: &'a str,
    /// What is known of it.
    pub made: &'a ServerMade,
    /// It was seen by this process, a moment ago.
    pub fresh: bool,
    /// When the budget is used up.
    pub deadline: Instant,
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

/// What the hub's model says of the server's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nothing runs under that name.
    Absent,
    /// Our server.
    Ours {
        /// The hub is stopping it.
        stopping: bool,
    },
    /// Somebody else's server.
    Foreign(String),
}

/// Whether a server in the hub's model is the one that was made.
pub fn state(user: &User, made: &ServerMade) -> State {
    let Some(server) = user.servers.as_ref().and_then(|all| all.get(&made.name)) else {
        return State::Absent;
    };
    let ours = State::Ours {
        stopping: server.pending.as_deref() == Some("stop"),
    };
    if server.stopped == Some(true) && !made.removable {
        return State::Absent;
    }
    let same_options = server
        .user_options
        .as_ref()
        .is_none_or(|options| options == &serde_json::Value::Object(made.options.clone()));
    match (made.started, server.started) {
        (Some(known), Some(seen)) if known == seen => ours,
        (Some(known), Some(seen)) => {
            State::Foreign(format!("it was started at {seen}, ours at {known}"))
        }
        (None, Some(seen)) => {
            let age = seen.duration_since(made.asked);
            if age < -CLOCK_SLACK {
                State::Foreign(format!("it was started at {seen}, before we asked"))
            } else if age > BIRTH_WINDOW {
                State::Foreign(format!("it was started at {seen}, long after we asked"))
            } else if !same_options {
                State::Foreign("it was started with other options than ours".to_owned())
            } else {
                ours
            }
        }
        // Not started yet, or stopped: only the options speak.
        (_, None) if same_options => ours,
        (_, None) => State::Foreign("it has other options than ours".to_owned()),
    }
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
        let absent_until = self.patience();
        loop {
            match self.first_or_next_look(deletes > 0).await {
                Ok(State::Absent) if deletes > 0 => return Ok("stopped".to_owned()),
                Ok(State::Absent) if Instant::now() >= absent_until => {
                    return Ok("it was not there".to_owned());
                }
                Ok(State::Absent) => {}
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
                Err(error) => last = error,
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
                Err(error) => last = error,
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
            match server.version().await {
                Ok(answer) if Instant::now() >= until => {
                    return Err(left(
                        Finding::new(
                            Cause::StopSurvived,
                            format!(
                                "the hub says that {} is stopped, but it still answers at {url}",
                                server_words(&self.made.name)
                            ),
                        )
                        .seen(format!(
                            "GET {url}api answers {} as Jupyter Server {}",
                            answer.head.status, answer.value.version
                        )),
                    ));
                }
                Ok(_) => self.pause(BETWEEN_LOOKS).await,
                Err(error) => {
                    return Ok(match error.status() {
                        Some(status) => format!("gone from the hub and the proxy ({status})"),
                        None => "gone from the hub and the proxy".to_owned(),
                    });
                }
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

    /// Until when an absent server is looked for again: a start request may
    /// still be on its way to the hub.
    fn patience(&self) -> Instant {
        let now = Instant::now();
        if self.fresh && self.made.started.is_none() {
            now + LATE_START
        } else {
            now
        }
    }

    async fn first_or_next_look(&self, asked: bool) -> Result<State, String> {
        if asked || !self.fresh || self.made.started.is_none() {
            return self.look().await;
        }
        match timeout(FIRST_LOOK, self.look()).await {
            Ok(looked) => looked,
            // Seen by us a moment ago, and the hub is slow to say it again.
            Err(_) => Ok(State::Ours { stopping: false }),
        }
    }

    async fn look(&self) -> Result<State, String> {
        match self.hub.user(self.user, self.made.removable).await {
            Ok(user) if user.value.servers.is_none() => Err(
                "the hub does not show the account's servers: the token lacks read:servers"
                    .to_owned(),
            ),
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
            Err(error) => Err(error.to_string()),
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
            ours: false,
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::{Map, Value, json};

    use super::*;

    const ASKED: &str = "2026-11-21T12:00:00Z";

    fn made(started: Option<&str>) -> ServerMade {
        let mut options = Map::new();
        options.insert("runtime".into(), json!(["00:05:00"]));
        ServerMade {
            name: String::new(),
            asked: ASKED.parse().unwrap(),
            options,
            removable: false,
            started: started.map(|text| text.parse::<Timestamp>().unwrap()),
            url: None,
        }
    }

    fn user(server: Value) -> User {
        serde_json::from_value(json!({"name": "x", "kind": "user", "servers": {"": server}}))
            .unwrap()
    }

    fn running(started: &str, options: Value) -> User {
        user(
            json!({"name": "", "ready": true, "pending": null, "started": started,
                    "user_options": options}),
        )
    }

    #[test]
    fn the_birth_in_the_ledger_makes_it_ours() {
        let born = "2026-11-21T12:00:01.5Z";
        let same = running(born, json!({"anything": 1}));
        assert_eq!(
            state(&same, &made(Some(born))),
            State::Ours { stopping: false }
        );
        let other = running("2026-11-21T12:00:02Z", json!({"runtime": ["00:05:00"]}));
        assert!(matches!(
            state(&other, &made(Some(born))),
            State::Foreign(_)
        ));
    }

    #[test]
    fn without_a_birth_time_and_options_decide() {
        let ours = json!({"runtime": ["00:05:00"]});
        let cases = [
            ("2026-11-21T12:00:01Z", ours.clone(), true),
            ("2026-11-21T11:59:50Z", ours.clone(), true),
            ("2026-11-21T11:58:50Z", ours.clone(), false),
            ("2026-11-21T12:10:00Z", ours.clone(), false),
            ("2026-11-21T12:00:01Z", json!({}), false),
        ];
        for (started, options, expected) in cases {
            let seen = state(&running(started, options), &made(None));
            assert_eq!(
                matches!(seen, State::Ours { .. }),
                expected,
                "{started}: {seen:?}"
            );
        }
    }

    #[test]
    fn nothing_under_that_name_is_absent() {
        let none: User =
            serde_json::from_value(json!({"name": "x", "kind": "user", "servers": {}})).unwrap();
        assert_eq!(state(&none, &made(None)), State::Absent);
    }
}
