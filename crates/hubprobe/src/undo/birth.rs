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
        /// It does not run: what stands there is the record of a named server, which is ours to remove.
        stopped: bool,
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
        stopped: server.stopped == Some(true),
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
            let apart = jiff::SignedDuration::from_secs(made.apart_s.into());
            if age < -(CLOCK_SLACK + apart) {
                State::Foreign(format!("it was started at {seen}, before we asked"))
            } else if age > BIRTH_WINDOW + apart {
                State::Foreign(format!("it was started at {seen}, long after we asked"))
            } else if !same_options {
                State::Foreign("it was started with other options than ours".to_owned())
            } else {
                ours
            }
        }
        (Some(known), None) if server.pending.as_deref() == Some("spawn") => {
            State::Foreign(format!("it is not started yet, and ours was at {known}"))
        }
        // Not started yet, or stopped: only the options speak.
        (_, None) if same_options => ours,
        (_, None) => State::Foreign("it has other options than ours".to_owned()),
    }
}

/// Whether a spawn that is under way, and does not look like ours, may be ours
/// all the same.
///
/// The hub shows a spawn before it has taken our options (it refreshes the
/// account's login first, and asks for a site's `server_token_scopes`; seen on a
/// loaded 3.1.1 and 6.1.1), for a moment without them when it has failed (6.1.1,
/// user.py, `spawn`), and a hook may change them at once. A hub answers a request that joins somebody's spawn at
/// once (202), so until our request is `answered`, and as long as the spawn has
/// no birth, it must be looked at again.
pub fn undecided(user: &User, made: &ServerMade, answered: bool) -> bool {
    let server = user.servers.as_ref().and_then(|all| all.get(&made.name));
    made.started.is_none()
        && server.is_some_and(|server| {
            server.pending.as_deref() == Some("spawn") && (!answered || server.started.is_none())
        })
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
            apart_s: 0,
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
            State::Ours {
                stopping: false,
                stopped: false
            }
        );
        let other = running("2026-11-21T12:00:02Z", json!({"runtime": ["00:05:00"]}));
        assert!(matches!(
            state(&other, &made(Some(born))),
            State::Foreign(_)
        ));
    }

    #[test]
    fn a_spawn_that_is_not_born_yet_is_not_the_one_that_was() {
        let pending = || {
            user(
                json!({"name": "", "ready": false, "pending": "spawn", "started": null,
                "user_options": {"runtime": ["00:05:00"]}}),
            )
        };
        assert!(matches!(
            state(&pending(), &made(Some(ASKED))),
            State::Foreign(_)
        ));
        assert!(matches!(state(&pending(), &made(None)), State::Ours { .. }));
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

    /// A proxy whose clock is off dates the hub's answers.
    #[test]
    fn clocks_that_are_apart_make_the_window_wider_by_as_much() {
        let ours = || json!({"runtime": ["00:05:00"]});
        let sure = made(None);
        let unsure = ServerMade {
            apart_s: 200,
            ..made(None)
        };
        for (started, expected) in [
            ("2026-11-21T11:56:00Z", true),
            ("2026-11-21T12:04:00Z", true),
            ("2026-11-21T11:55:00Z", false),
            ("2026-11-21T12:05:00Z", false),
        ] {
            let seen = running(started, ours());
            let is_ours = matches!(state(&seen, &unsure), State::Ours { .. });
            assert_eq!(is_ours, expected, "{started}");
            assert!(
                matches!(state(&seen, &sure), State::Foreign(_)),
                "{started}"
            );
        }
    }

    #[test]
    fn a_spawn_under_way_is_decided_by_its_birth_and_our_answer() {
        let pending = |started: Value| {
            user(
                json!({"name": "", "ready": false, "pending": "spawn", "started": started,
                    "user_options": {}}),
            )
        };
        let born = "2026-11-21T12:00:01Z";
        for (seen, answered, may_be_ours) in [
            (pending(Value::Null), false, true),
            (pending(Value::Null), true, true),
            (pending(json!(born)), false, true),
            (pending(json!(born)), true, false),
            (running(born, json!({})), false, false),
        ] {
            assert!(matches!(state(&seen, &made(None)), State::Foreign(_)));
            assert_eq!(
                undecided(&seen, &made(None), answered),
                may_be_ours,
                "{seen:?}"
            );
        }
        // Once ours is known, nothing else is.
        assert!(!undecided(&pending(Value::Null), &made(Some(born)), false));
    }

    #[test]
    fn nothing_under_that_name_is_absent() {
        let none: User =
            serde_json::from_value(json!({"name": "x", "kind": "user", "servers": {}})).unwrap();
        assert_eq!(state(&none, &made(None)), State::Absent);
    }
}
