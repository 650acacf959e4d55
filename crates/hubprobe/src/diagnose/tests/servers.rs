//! Layer 8.

use jupyterhub_client::{HubVersion, Stage};

use super::{error_at, head, hub_page, hub_says, jupyter_says, look, page, redirect};
use crate::diagnose::server::{self, Answer};
use crate::vocabulary::Cause;

fn refused(stage: Stage) -> (Cause, bool) {
    let error = error_at("http://hub.example.org/user/x/api/status", stage);
    match server::refused(&error, "x") {
        Answer::NotYet(finding) => (finding.cause, true),
        Answer::Wrong(finding) => (finding.cause, false),
    }
}

#[test]
fn what_a_server_s_url_answers() {
    for (stage, cause, may_heal) in [
        (
            redirect("/hub/user/x/api/status", true),
            Cause::ServerNoRoute,
            true,
        ),
        (
            redirect("https://sso.example.org/login", false),
            Cause::ReachLoginWall,
            false,
        ),
        (page(404, "<h1>404</h1>"), Cause::ServerNoRoute, true),
        (
            page(403, "<h1>403 Forbidden</h1>"),
            Cause::ServerNoRoute,
            true,
        ),
        (
            hub_says(503, "ConnectionError from the Gateway server url"),
            Cause::ServerError,
            true,
        ),
        (page(502, "bad gateway"), Cause::ServerNoRoute, true),
        (page(504, "timeout"), Cause::ServerNoRoute, true),
        (hub_says(403, "Forbidden"), Cause::ServerForbidden, false),
        (hub_says(401, "who"), Cause::ServerForbidden, false),
        // A server says no in JSON, or by its version: either is enough.
        (
            jupyter_says(403, "Forbidden"),
            Cause::ServerForbidden,
            false,
        ),
        (
            hub_page(403, "<h1>403 : Forbidden</h1>"),
            Cause::ServerForbidden,
            false,
        ),
        (
            hub_page(500, "<h1>500</h1><p>Redirect loop detected.</p>"),
            Cause::ServerNoRoute,
            true,
        ),
        (hub_says(424, "no longer running"), Cause::ServerDied, true),
        (hub_says(503, "appears to be down"), Cause::ServerDied, true),
        (
            hub_says(500, "Redirect loop detected."),
            Cause::ServerNoRoute,
            true,
        ),
        (
            hub_says(
                500,
                "Redirect loop detected. Notebook has jupyterhub version 1.5.1, but the Hub expects 6.1.1. \
                 Try installing jupyterhub==6.1.1 in the user environment if you continue to have problems.",
            ),
            Cause::ServerNoRoute,
            true,
        ),
        (
            hub_says(
                500,
                "Failed to connect to Hub API at 'http://h:8081'. Is the Hub accessible?",
            ),
            Cause::ServerCannotReachHub,
            false,
        ),
        (
            hub_says(
                500,
                "Permission failure checking authorization, I may need a new token",
            ),
            Cause::ServerCannotReachHub,
            false,
        ),
        (
            hub_says(502, "Failed to check authorization (upstream problem)"),
            Cause::ServerCannotReachHub,
            false,
        ),
        (hub_says(500, "boom"), Cause::ServerError, false),
        (
            Stage::Timeout {
                phase: "response",
                after: std::time::Duration::from_secs(1),
            },
            Cause::ReachTimeout,
            true,
        ),
    ] {
        let words = format!("{stage:?}");
        assert_eq!(refused(stage), (cause, may_heal), "{words}");
    }
}

#[test]
fn dead_or_stopped() {
    let cause = |stage| {
        let error = error_at("http://h/user/x/api/status", stage);
        server::died(&error).map(|finding| finding.cause)
    };
    assert_eq!(cause(page(503, "")), Some(Cause::ServerDied));
    assert_eq!(cause(page(502, "")), Some(Cause::ServerDied));
    assert_eq!(cause(hub_says(424, "")), Some(Cause::ServerCulled));
    assert_eq!(
        cause(redirect("/hub/user/x/", true)),
        Some(Cause::ServerCulled)
    );
    assert_eq!(cause(page(404, "")), Some(Cause::ServerCulled));
    // A server's own 404 or 500, and a redirect elsewhere, say nothing of it.
    assert_eq!(cause(hub_says(404, "no such thing")), None);
    assert_eq!(cause(jupyter_says(404, "no such thing")), None);
    assert_eq!(cause(hub_page(404, "<h1>404 : Not Found</h1>")), None);
    assert_eq!(cause(hub_says(500, "boom")), None);
    assert_eq!(
        cause(redirect("https://elsewhere.example.org/", false)),
        None
    );
    let vanished = |dead, at_once| server::vanished("seen".into(), dead, at_once).cause;
    assert_eq!(vanished(true, true), Cause::ServerDied);
    assert_eq!(vanished(true, false), Cause::ServerDied);
    assert_eq!(vanished(false, true), Cause::SpawnCancelled);
    assert_eq!(vanished(false, false), Cause::ServerCulled);
    let stopped = error_at("http://h/user/x/api/status", hub_says(424, "stopped"));
    let lost = server::route_lost(server::died(&stopped).unwrap());
    assert_eq!((lost.cause, lost.evidence.len()), (Cause::ServerNoRoute, 1));
    assert_eq!(server::gone_before_the_stop().cause, Cause::ServerCulled);
    assert_eq!(server::orphan(100.0, 2.0).cause, Cause::StopSurvived);
}

#[test]
fn versions_that_do_not_fit() {
    let hub = HubVersion::parse("6.1.1");
    let found = |inside, kind: &str, name: &str| {
        let owner = serde_json::json!({"kind": kind, "name": name});
        let owner = serde_json::from_value(owner).unwrap();
        let finding = server::forbidden("x").seen("403");
        server::mind_versions(finding, hub.as_ref(), inside, Some(&owner), "x")
    };
    let cause = |inside, kind, name| found(inside, kind, name).cause;
    let old = Some("1.5.1");
    let finding = found(old, "service", "prober");
    assert_eq!(finding.cause, Cause::ServerVersionMismatch);
    let evidence = finding.evidence.join("\n");
    for words in ["6.1.1", "1.5.1", "the service prober", "403"] {
        assert!(evidence.contains(words), "{words}: {evidence}");
    }
    // A service of the user's own name is a service all the same.
    assert_eq!(cause(old, "service", "x"), Cause::ServerVersionMismatch);
    assert_eq!(cause(old, "user", "y"), Cause::ServerVersionMismatch);
    // Its own user a server of any age lets in: it is not the version, but worth a line.
    let finding = found(old, "user", "x");
    assert_eq!(finding.cause, Cause::ServerForbidden);
    assert!(finding.evidence.join("\n").contains("1.5.1"));
    for inside in [Some("2.3.1"), Some("6.0.0"), Some("nonsense"), None] {
        let cause = cause(inside, "service", "prober");
        assert_eq!(cause, Cause::ServerForbidden, "{inside:?}");
    }
    let warning = |inside| server::versions_differ(hub.as_ref().unwrap(), inside);
    assert!(warning("1.5.1").unwrap().contains("no scopes"));
    assert!(!warning("2.3.1").unwrap().contains("no scopes"));
    assert_eq!(warning("6.0.0"), None);
}

#[test]
fn an_internal_address_is_named() {
    let no_route = || match server::refused(
        &error_at("http://h:8081/user/x/api/status", page(404, "")),
        "x",
    ) {
        Answer::NotYet(finding) | Answer::Wrong(finding) => finding,
    };
    let advice = |proxy: Option<u16>| {
        let proxy = proxy.map(|status| look(status, false));
        server::mind_internal_address(no_route(), "http://h:8081/", proxy.as_ref()).advice
    };
    assert!(advice(None).contains("internal address"));
    assert!(advice(Some(404)).contains("internal address"));
    assert!(!advice(Some(200)).contains("internal address"));
    let other = server::mind_internal_address(server::forbidden("x"), "http://h/", None);
    assert!(!other.advice.contains("internal address"));
}

#[test]
fn a_header_that_is_stripped_on_the_way_to_servers() {
    let finding =
        server::header_stripped(&server::forbidden("x").seen("403"), "http://h/user/x/api");
    assert_eq!(finding.cause, Cause::TokenHeaderStripped);
    assert!(finding.evidence.iter().any(|line| line == "403"));
    assert_eq!(
        head(200, &[("server", "x")]).headers.get("server"),
        Some("x")
    );
}
