//! Whose server is it? The one that we asked for, or somebody's.
//!
//! The hub's `started` is a server's birth certificate. Before it is known
//! (killed between the request and the first look), it is ours when it was
//! started about when we asked, in a place that was empty, with our options.

use jupyterhub_client::{Server, User};
use serde_json::Value;

use super::ServerMade;

/// `asked` is by the `Date` of an answer, which a proxy in front may have
/// written by its own clock. Nothing was there when we asked, so what seems a
/// little older than that is ours on a clock that is off; and an orphan or a
/// person's server is older than this.
const CLOCK_SLACK: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// So long after it was asked for, a server can still be the one asked for.
const BIRTH_WINDOW: jiff::SignedDuration = jiff::SignedDuration::from_secs(90);

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
    let same_options = made.answered == Some(201) || holds_ours(server, made);
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

/// Whether our options stand in the server's. A hook may have added others
/// (a profile, a default), so more is not different.
fn holds_ours(server: &Server, made: &ServerMade) -> bool {
    let Some(Value::Object(theirs)) = &server.user_options else {
        return true;
    };
    made.options
        .iter()
        .all(|(key, value)| theirs.get(key) == Some(value))
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
            answered: None,
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
            (
                "2026-11-21T12:00:01Z",
                json!({"runtime": ["00:05:00"], "profile": "small"}),
                true,
            ),
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
