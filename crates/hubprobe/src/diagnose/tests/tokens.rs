//! Layers 3 and 4.

use std::time::Duration;

use jiff::Timestamp;
use jupyterhub_client::{Error, HubVersion, Identity};

use super::{answer, error, error_at, hub_page, hub_says, jupyter_says, look, page};
use crate::diagnose::header::Arrival;
use crate::diagnose::token::{self, Doubts, Known, Lookup};
use crate::vocabulary::Cause;

fn forbidden() -> Error {
    error(hub_says(403, "Forbidden"))
}

fn at(text: &str) -> Option<Timestamp> {
    Some(text.parse().unwrap())
}

fn doubts(lookup: Lookup) -> Doubts {
    Doubts {
        lookup,
        ..Doubts::default()
    }
}

#[test]
fn the_hub_s_lookup_is_read() {
    for (with, without, said) in [
        (look(404, true), look(403, true), Lookup::Known),
        (look(403, true), look(403, true), Lookup::Unknown),
        (
            look(500, true),
            look(403, true),
            Lookup::Failing(String::new()),
        ),
        // Gone, or somebody else's.
        (look(404, true), look(404, true), Lookup::Unsaid),
        (look(404, true), look(403, false), Lookup::Unsaid),
        (look(500, false), look(403, true), Lookup::Unsaid),
        (look(302, true), look(403, true), Lookup::Unsaid),
    ] {
        assert_eq!(token::lookup(&with, &without), said);
    }
}

#[test]
fn a_refused_token_has_one_cause() {
    let fresh = Known::default();
    let worked = Known {
        worked: true,
        ..fresh
    };
    let expired = Known {
        expires: at("2026-11-25T11:59:59Z"),
        now: at("2026-11-25T12:00:00Z"),
        worked: true,
        ..fresh
    };
    let good_still = Known {
        expires: at("2026-11-26T00:00:00Z"),
        now: at("2026-11-25T12:00:00Z"),
        ..fresh
    };
    let again = Doubts {
        accepted_again: true,
        ..doubts(Lookup::Known)
    };
    let stripped = Doubts {
        header: Arrival::No,
        ..doubts(Lookup::Unknown)
    };
    let arrives = Doubts {
        header: Arrival::Yes,
        ..doubts(Lookup::Unknown)
    };
    for (known, doubts, cause) in [
        (fresh, doubts(Lookup::Unknown), Cause::TokenRejected),
        (fresh, doubts(Lookup::Unsaid), Cause::TokenRejected),
        (fresh, arrives, Cause::TokenRejected),
        (good_still, doubts(Lookup::Unknown), Cause::TokenRejected),
        (worked, doubts(Lookup::Unknown), Cause::TokenLost),
        (expired, doubts(Lookup::Unknown), Cause::TokenExpired),
        (fresh, doubts(Lookup::Known), Cause::TokenStaleLogin),
        (worked, doubts(Lookup::Known), Cause::TokenStaleLogin),
        (
            fresh,
            doubts(Lookup::Failing(String::new())),
            Cause::HubDatabase,
        ),
        (fresh, again, Cause::HubDatabase),
        (fresh, stripped, Cause::TokenHeaderStripped),
    ] {
        let finding = token::refused(&forbidden(), known, &doubts);
        assert_eq!(finding.cause, cause, "{known:?} {doubts:?}");
        assert!(finding.evidence.iter().any(|line| line.contains("403")));
    }
}

#[test]
fn a_slow_refusal_is_told() {
    let slow = Error::new(
        "identify",
        "GET",
        "http://h/hub/api/user",
        hub_says(403, "Forbidden"),
        Duration::from_secs(5),
    );
    let of = |error: &Error| {
        let doubts = doubts(Lookup::Failing("locked".into()));
        token::refused(error, Known::default(), &doubts)
            .evidence
            .join("\n")
    };
    assert!(of(&slow).contains("5.0 s to refuse") && of(&slow).contains("locked"));
    assert!(!of(&forbidden()).contains("to refuse"));
}

#[test]
fn a_stale_login_gets_the_setting_of_its_version() {
    let advice = |version: &str| {
        let version = HubVersion::parse(version);
        let known = Known {
            user: "servuser",
            version: version.as_ref(),
            ..Known::default()
        };
        token::refused(&forbidden(), known, &doubts(Lookup::Known)).advice
    };
    for version in ["6.1.1", "7.0.0"] {
        assert!(advice(version).contains("auth_refresh_strict"), "{version}");
    }
    for version in ["6.0.0", "5.5.4", "4.1.6"] {
        assert!(
            !advice(version).contains("auth_refresh_strict"),
            "{version}"
        );
    }
    assert!(advice("5.5.4").contains("user.name == \"servuser\""));
}

#[test]
fn whose_answer_it_is() {
    for its_own in [
        hub_says(403, "Forbidden"),
        jupyter_says(403, ""),
        hub_page(403, "<h1>403 : Forbidden</h1>"),
        answer(403, &[], "Forbidden", "{}"),
    ] {
        let words = format!("{its_own:?}");
        assert!(token::by_the_hub(&error(its_own)), "{words}");
    }
    assert!(!token::by_the_hub(&error(page(403, "<h1>403</h1>"))));
    assert_eq!(
        token::refused_in_front(&error(page(403, "<h1>403</h1>"))).cause,
        Cause::ReachLoginWall
    );
    assert!(token::concerns_rights(&forbidden()));
    assert!(token::concerns_rights(&error(hub_says(
        404,
        "No access to resources or resources not found"
    ))));
    assert!(!token::concerns_rights(&error(hub_says(404, "Not Found"))));
    assert!(!token::concerns_rights(&error(hub_says(500, "No access"))));
}

#[test]
fn a_refused_spawn_is_about_rights_only_in_the_hub_s_words() {
    let about = |status, words| token::is_about_rights(&error(hub_says(status, words)));
    assert!(about(403, "Missing or invalid credentials."));
    assert!(about(403, "Action is not authorized with current scopes"));
    assert!(about(403, ""));
    assert!(about(404, "No access to resources or resources not found"));
    assert!(!about(403, "You have no project"));
    assert!(!about(403, "auth has expired for x, login again"));
    assert!(!about(400, "Missing or invalid credentials."));
}

fn identity(scopes: &[&str]) -> Identity {
    serde_json::from_value(serde_json::json!({
        "kind": "user", "name": "servuser", "scopes": scopes
    }))
    .unwrap()
}

#[test]
fn a_missing_scope_is_named_by_the_request() {
    let version = HubVersion::parse("6.1.1");
    let known = Known {
        user: "servuser",
        version: version.as_ref(),
        ..Known::default()
    };
    let refused = |method: &str, path: &str| {
        let url = format!("http://h/jhub/hub/api/{path}");
        let error = Error::new("t", method, url, hub_says(403, "no"), Duration::ZERO);
        let finding = token::not_allowed(&error, &identity(&["read:servers!user=servuser"]), known);
        assert_eq!(finding.cause, Cause::TokenMissingScope);
        finding.summary
    };
    for (method, path, scope) in [
        (
            "POST",
            "users/servuser/server",
            "start:servers!user=servuser",
        ),
        (
            "POST",
            "users/servuser/servers/second",
            "start:servers!user=servuser",
        ),
        (
            "DELETE",
            "users/servuser/server",
            "delete:servers!user=servuser",
        ),
        (
            "DELETE",
            "users/servuser/servers/second",
            "delete:servers!user=servuser",
        ),
        (
            "GET",
            "users/servuser?include_stopped_servers=1",
            "read:servers!user=servuser",
        ),
        (
            "GET",
            "users/servuser/server/progress",
            "read:servers!user=servuser",
        ),
        (
            "GET",
            "users/servuser/servers/x/progress",
            "read:servers!user=servuser",
        ),
        ("GET", "info", "may not do this"),
        ("PUT", "users/servuser/server", "may not do this"),
    ] {
        let summary = refused(method, path);
        assert!(summary.contains(scope), "{method} {path}: {summary}");
    }
    let lost = Known {
        worked: true,
        ..known
    };
    let error = error_at("http://h/hub/api/users/servuser", hub_says(403, "no"));
    let evidence = token::not_allowed(&error, &identity(&[]), lost)
        .evidence
        .join("\n");
    assert!(evidence.contains("when the visit began"), "{evidence}");
    assert!(evidence.contains("no scope at all"), "{evidence}");
}

#[test]
fn what_a_token_lacks() {
    let all = [
        "servers!user=servuser",
        "read:servers!user=servuser",
        "delete:servers!user=servuser",
    ];
    let version = HubVersion::parse("5.5.4");
    let lacks = |scopes: &[&str], user: &str| {
        token::lacks(&identity(scopes), version.as_ref(), user, "").map(|finding| finding.cause)
    };
    assert_eq!(lacks(&all, "servuser"), None);
    assert_eq!(lacks(&all, "ada"), Some(Cause::TokenWrongUser));
    assert_eq!(lacks(&all[1..], "servuser"), Some(Cause::TokenMissingScope));
    assert_eq!(
        lacks(&["servers", "read:servers", "delete:servers!group=g"], "x"),
        None
    );
}

#[test]
fn users_that_are_not_shown() {
    let cause = |words| token::no_such_user(&error(hub_says(404, words)), "x").cause;
    assert_eq!(cause("No access to resources"), Cause::TokenWrongUser);
    assert_eq!(cause(""), Cause::AccountNoSuchUser);
}

#[test]
fn a_long_list_of_scopes_is_cut() {
    let held = |count: usize| {
        let scopes: Vec<String> = (1..=count).map(|n| format!("s{n}")).collect();
        token::held_scopes(&scopes)
    };
    assert_eq!(held(0), "the token holds no scope at all");
    assert_eq!(held(2), "the token holds: s1, s2");
    assert!(held(12).ends_with("s11, s12"), "{}", held(12));
    assert!(held(13).ends_with("s12, and 1 more"), "{}", held(13));
    assert!(held(20).ends_with("s12, and 8 more"), "{}", held(20));
}
