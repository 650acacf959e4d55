//! What was seen of an account, judged.

use jiff::{SignedDuration, Timestamp};
use jupyterhub_client::{HubVersion, TokenModel, User};

use super::point::{Grade, Point};
use crate::account::demote::for_people;
use crate::account::hub_config::Lack;
use crate::account::register::Registered;
use crate::account::scopes;
use crate::diagnose::scope::{Held, held, needed};
use crate::vocabulary::in_days;

/// A token that ends within so long wants a successor.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A token that was not used for so long is forgotten.
const UNUSED: SignedDuration = SignedDuration::from_hours(90 * 24);

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
                 needs a role in the hub's configuration:",
                scopes::least(name, version).join(",")
            ),
        ).configured(Lack::Role, name, version));
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
        let words = format!("its token ends in {}, at {day}", in_days(days));
        return Point::bad(Grade::Mind, words, rotate);
    }
    Point::well(format!("its token is good until {day}"))
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
                "uncheck Admin at {name} (the hub's Admin page, Edit User), and revoke tokens that were made meanwhile; the hub's \
                 configuration must not give it back:"
            ),
        )
        .configured(Lack::Modesty, name, None)
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
    fn ends_and_forgotten_tokens_are_judged() {
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
    }

    #[test]
    fn what_the_configuration_cures_has_its_lines() {
        let lacking = &of_scopes(&list("servers!user=x"), None, "x")[0];
        assert_eq!(lacking.lines.len(), 3);
        let user = json!({"name": "x", "admin": true});
        let admin = &of_user(&serde_json::from_value(user).unwrap())[0];
        assert!(admin.lines[0].1.contains("adminUsers"), "{admin:?}");
    }
}
