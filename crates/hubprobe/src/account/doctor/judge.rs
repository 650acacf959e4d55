//! What was seen of an account, judged: how good it is, and what cures it.

use jiff::{SignedDuration, Timestamp};
use jupyterhub_client::{HubInfo, HubVersion, TokenModel, User};

use crate::account::demote::for_people;
use crate::account::register::Registered;
use crate::account::scopes;
use crate::diagnose::scope::{Held, held, needed};

/// A token that ends within so long wants a successor.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A token that was not used for so long is forgotten.
const UNUSED: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How good a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// As it should be.
    Well,
    /// To mind.
    Mind,
    /// A check fails of it, or an account should not be so.
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// How good it is.
    pub grade: Grade,
    /// What was seen.
    pub words: String,
    /// What cures it; a command, or a line of configuration.
    pub cure: Option<String>,
}

impl Point {
    pub(super) fn well(words: impl Into<String>) -> Self {
        Self {
            grade: Grade::Well,
            words: words.into(),
            cure: None,
        }
    }

    pub(super) fn bad(grade: Grade, words: impl Into<String>, cure: impl Into<String>) -> Self {
        Self {
            grade,
            words: words.into(),
            cure: Some(cure.into()),
        }
    }
}

/// What the token may do against what a check needs.
pub(super) fn of_scopes(have: &[String], version: Option<&HubVersion>, name: &str) -> Vec<Point> {
    let mut points = Vec::new();
    let wants = needed(version).into_iter().chain(["access:servers"]);
    let mut lacking = Vec::new();
    for scope in wants {
        match held(have, scope, name, "") {
            Held::Yes => {}
            // A server does not resolve groups (JupyterHub, services/auth.py, `check_scopes`).
            Held::ForGroup(_) if scope != "access:servers" => {}
            _ => lacking.push(format!("{scope}!user={name}")),
        }
    }
    if lacking.is_empty() {
        points.push(Point::well("it may do all that a check needs"));
    } else {
        points.push(Point::bad(
            Grade::Wrong,
            format!("it lacks {}, which a check needs", lacking.join(", ")),
            format!(
                "hubprobe account rotate {name} --scopes {}, as an administrator; if {name} does not hold them itself, it \
                 needs a role: hubprobe account hub-config --flavor f7t4jhub|z2jh|python {name}",
                scopes::least(name, version).join(",")
            ),
        ));
    }
    let wide = scopes::unfiltered(have);
    if !wide.is_empty() {
        points.push(Point::bad(
            Grade::Wrong,
            format!("it reaches beyond {name}: {}", wide.join(", ")),
            format!(
                "hubprobe account rotate {name} --scopes {}",
                scopes::least(name, version).join(",")
            ),
        ));
    }
    if matches!(held(have, "tokens", name, ""), Held::Yes) {
        points.push(Point::bad(
            Grade::Mind,
            "it may make tokens that nobody knows of (scope tokens)",
            format!(
                "leave it only where the account rotates by itself; else hubprobe account rotate {name} --scopes {}",
                scopes::least(name, version).join(",")
            ),
        ));
    }
    points
}

pub(super) fn of_end(end: Option<Timestamp>, name: &str, now: Timestamp) -> Point {
    let rotate = format!("hubprobe account rotate {name}");
    let Some(end) = end else {
        return Point::bad(Grade::Mind, "its token never expires", rotate);
    };
    let left = end.duration_since(now);
    let day = end.strftime("%Y-%m-%d %H:%M UTC");
    if left < SOON {
        let days = left.as_hours() / 24;
        let words = format!("its token ends in {days} days, at {day}");
        return Point::bad(Grade::Mind, words, rotate);
    }
    Point::well(format!("its token is good until {day}"))
}

/// Whether authenticator and spawner want what the account lacks; `state`: whether it
/// has login secrets, where that is known.
pub(super) fn of_parts(info: &HubInfo, state: Option<bool>, name: &str) -> Vec<Point> {
    let (login, spawner) = (&info.authenticator, &info.spawner);
    let mut points = vec![Point::well(format!(
        "JupyterHub {}, {} {}, {} {}",
        info.version, login.class, login.version, spawner.class, spawner.version
    ))];
    let store = format!("hubprobe account auth-state {name} --refresh-token-file FILE");
    if spawner.class.to_lowercase().contains("firecrest") && state != Some(true) {
        points.push(Point::bad(
            if state == Some(false) { Grade::Wrong } else { Grade::Mind },
            format!(
                "the spawner submits jobs with the user's own login secrets (firecrestspawner since April 2026), and {name} {}",
                if state == Some(false) { "has none" } else { "may have none: they are not shown to this token" }
            ),
            store.clone(),
        ));
    }
    let refreshes = login.class.starts_with("oauthenticator.") && at_least(&login.version, 17, 2);
    if refreshes && state != Some(true) {
        points.push(Point::bad(
            Grade::Mind,
            format!(
                "oauthenticator {} refuses an account that never logged in once it refreshes its login, where auth_state is \
                 enabled",
                login.version
            ),
            format!(
                "a refresh_user_hook, if there is none yet: hubprobe account hub-config --flavor f7t4jhub|z2jh|python \
                 {name}; or login secrets: {store}"
            ),
        ));
    }
    points
}

fn at_least(version: &str, major: u32, minor: u32) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
    let (Some(Some(first)), Some(Some(second))) = (parts.next(), parts.next()) else {
        return false;
    };
    (first, second) >= (major, minor)
}

pub(super) fn of_user(user: &User) -> Vec<Point> {
    let name = &user.name;
    let mut points = Vec::new();
    let role = user.roles.iter().flatten().any(|role| role == "admin");
    points.push(if user.admin == Some(true) || role {
        Point::bad(
            Grade::Wrong,
            format!("{name} is an administrator of the hub"),
            format!(
                "take {name} out of c.Authenticator.admin_users (z2jh: hub.config.Authenticator.admin_users; f7t4jhub: \
                 adminUsers) and out of the role admin, and the bit off at hub/admin"
            ),
        )
    } else {
        let roles = user.roles.as_ref().map(|roles| roles.join(", "));
        Point::well(format!(
            "{name} is an ordinary user{}",
            roles.map_or_else(String::new, |roles| format!(" (roles: {roles})"))
        ))
    });
    let running = user.servers.iter().flatten();
    for (server, _) in running.filter(|(_, server)| server.stopped != Some(true)) {
        points.push(Point::bad(
            Grade::Mind,
            format!(
                "{} of {name} is there",
                crate::undo::entry::server_words(server)
            ),
            "a check refuses to touch it; if it is left of one: hubprobe clean",
        ));
    }
    points
}

/// When the account's tokens that hubprobe knows were last used, and others that are
/// old and unused; the account's own is `own`, where it is known.
pub(super) fn of_tokens(
    tokens: &[TokenModel],
    own: Option<&str>,
    registered: &[Registered],
    name: &str,
    now: Timestamp,
) -> Vec<Point> {
    let (mut points, mut known) = (Vec::new(), Vec::new());
    for token in tokens.iter().filter(|token| for_people(token)) {
        let last = token.last_activity.map_or_else(
            || "was never used".to_owned(),
            |at| format!("was last used {}", at.strftime("%Y-%m-%d %H:%M UTC")),
        );
        if own == Some(token.id.as_str()) {
            known.push(Point::well(format!("its token {} {last}", token.id)));
            continue;
        }
        let entry = registered
            .iter()
            .find(|entry| entry.token_id == token.id && entry.note == token.note);
        let used = token.last_activity.or(token.created);
        let unused = used.is_none_or(|at| now.duration_since(at) > UNUSED);
        let shown = format!("its token {} (\"{}\")", token.id, token.note);
        let revoke = format!("hubprobe account revoke {name} --token-id {}", token.id);
        let words = match (entry, unused) {
            (Some(entry), _) if entry.replaced => {
                format!("{shown} was left good by a rotation; the next takes it away")
            }
            (_, true) => format!(
                "{shown} was not used for {} days{}",
                UNUSED.as_hours() / 24,
                if token.expires_at.is_none() {
                    ", and never expires"
                } else {
                    ""
                }
            ),
            (None, false) if token.expires_at.is_none() => {
                format!("{shown} is none that hubprobe knows of, and never expires")
            }
            (Some(_), false) => {
                let end = token.expires_at.map_or_else(
                    || "never ends".to_owned(),
                    |at| format!("is good until {}", at.strftime("%Y-%m-%d %H:%M UTC")),
                );
                known.push(Point::well(format!("{shown} {end}, and {last}")));
                continue;
            }
            (None, false) => continue,
        };
        points.push(Point::bad(Grade::Mind, words, revoke));
    }
    if points.is_empty() {
        points.push(Point::well("no token of it is forgotten"));
    }
    known.extend(points);
    known
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn grades(points: &[Point]) -> Vec<Grade> {
        points.iter().map(|point| point.grade).collect()
    }

    fn list(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn scopes_are_judged_by_what_a_check_needs() {
        let least = "servers!user=x read:servers!user=x delete:servers!user=x start:servers!user=x access:servers!user=x";
        let version = HubVersion::parse("6.1.1");
        let judge = |text: &str| of_scopes(&list(text), version.as_ref(), "x");
        assert_eq!(grades(&judge(least)), [Grade::Well]);
        let lacking =
            judge("servers!user=x start:servers!user=x read:servers!user=x delete:servers!user=x");
        assert_eq!(grades(&lacking), [Grade::Wrong]);
        assert!(lacking[0].words.contains("access:servers!user=x"));
        // A server cannot resolve a group.
        let group = judge(&least.replace("access:servers!user=x", "access:servers!group=g"));
        assert_eq!(grades(&group), [Grade::Wrong]);
        let wide = judge(&format!("{least} admin:users"));
        assert_eq!(grades(&wide), [Grade::Well, Grade::Wrong]);
        let mints = judge(&format!("{least} tokens!user=x"));
        assert_eq!(grades(&mints), [Grade::Well, Grade::Mind]);
    }

    #[test]
    fn ends_forgotten_tokens_and_parts_are_judged() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let end = |text: &str| of_end(Some(text.parse().unwrap()), "x", now).grade;
        assert_eq!(end("2027-01-01T00:00:00Z"), Grade::Well);
        assert_eq!(end("2026-11-30T00:00:00Z"), Grade::Mind);
        assert_eq!(of_end(None, "x", now).grade, Grade::Mind);

        let tokens = |model: Value| {
            let token: TokenModel = serde_json::from_value(model).unwrap();
            of_tokens(&[token], Some("a1"), &[], "x", now)[0].clone()
        };
        let own = json!({"id": "a1", "last_activity": "2026-11-20T08:30:00Z"});
        assert_eq!(
            tokens(own).words,
            "its token a1 was last used 2026-11-20 08:30 UTC"
        );
        for (model, part) in [
            (json!({"id": "a1"}), None),
            (json!({"id": "a2", "note": "Server at /user/x/"}), None),
            (
                json!({"id": "a2", "last_activity": "2026-01-01T00:00:00Z", "expires_at": "2027-01-01T00:00:00Z"}),
                Some("was not used for 90 days"),
            ),
            (
                json!({"id": "a2", "last_activity": "2026-11-20T00:00:00Z"}),
                Some("never expires"),
            ),
            (
                json!({"id": "a2", "created": "2026-11-20T00:00:00Z", "expires_at": "2027-01-01T00:00:00Z"}),
                None,
            ),
        ] {
            let point = tokens(model.clone());
            match part {
                Some(part) => assert!(point.words.contains(part), "{model}: {point:?}"),
                None => assert_eq!(point.grade, Grade::Well, "{model}: {point:?}"),
            }
        }

        let parts = |login: &str, version: &str, spawner: &str, state| {
            let info = json!({"version": "5.5.4", "authenticator": {"class": login, "version": version},
                "spawner": {"class": spawner, "version": "1"}});
            grades(&of_parts(
                &serde_json::from_value(info).unwrap(),
                state,
                "x",
            ))
        };
        let generic = "oauthenticator.generic.GenericOAuthenticator";
        let well = [Grade::Well];
        assert_eq!(
            parts("jupyterhub.auth.DummyAuthenticator", "5.5.4", "s", None),
            well
        );
        assert_eq!(parts(generic, "17.1.0", "s", Some(false)), well);
        assert_eq!(parts(generic, "17.4.0", "s", Some(true)), well);
        assert_eq!(
            parts(generic, "17.4.0", "s", Some(false)),
            [Grade::Well, Grade::Mind]
        );
        let firecrest = "firecrestspawner.spawner.SlurmSpawner";
        assert_eq!(
            parts(generic, "17.1.0", firecrest, Some(false)),
            [Grade::Well, Grade::Wrong]
        );
        assert_eq!(parts(generic, "17.1.0", firecrest, Some(true)), well);
        assert_eq!(
            parts(generic, "17.1.0", firecrest, None),
            [Grade::Well, Grade::Mind]
        );
    }
}
