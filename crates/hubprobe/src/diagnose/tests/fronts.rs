//! What stands in front of a hub: whose answer it is, and what is passed on of
//! it.

use jupyterhub_client::Stage;

use super::{error, error_at, head, hub_page, hub_says, look, page, redirect};
use crate::diagnose::reach::{below_the_hub, first_request};
use crate::vocabulary::{Cause, Finding};

fn first(stage: Stage) -> Finding {
    first_request(&error(stage), None)
}

/// A proxy that lives says that it is the hub; one that does not answer, or
/// answers with an error, is named as it was seen.
#[test]
fn the_proxy_s_own_health_decides_and_is_told() {
    const LIVES: &str = "GET http://hub.example.org/x answers 200: the proxy lives";
    const SILENT: &str = "the proxy's health path does not answer";
    const AWAY: &str = "the proxy is there, but the hub behind it is not";
    const SLOW: &str = "the proxy is there, but the hub behind it does not answer in time";
    const IN_FRONT: &str =
        "something in front of the hub answers in its place, and the hub's proxy does not";
    for (status, health, cause, summary, told) in [
        (502, Some(200), Cause::ReachHubDown, AWAY, LIVES),
        (503, Some(200), Cause::ReachHubDown, AWAY, LIVES),
        (504, Some(200), Cause::ReachHubDown, SLOW, LIVES),
        (
            504,
            Some(503),
            Cause::ReachProxyDown,
            IN_FRONT,
            "GET http://hub.example.org/x answers 503",
        ),
        (502, None, Cause::ReachProxyDown, IN_FRONT, SILENT),
        // Cloudflare's, when it does not reach what it stands before.
        (520, None, Cause::ReachProxyDown, IN_FRONT, SILENT),
        (530, None, Cause::ReachProxyDown, IN_FRONT, SILENT),
        // Who is throttled has not looked further.
        (
            429,
            None,
            Cause::ReachRateLimited,
            "something in front of the hub throttles us",
            "it says: no",
        ),
    ] {
        let health = health.map(|status| look(status, false));
        let finding = below_the_hub(&error(page(status, "no")), health.as_ref()).unwrap();
        assert_eq!(finding.cause, cause, "{status} {health:?}");
        assert_eq!(finding.summary, summary, "{status} {health:?}");
        assert_eq!(
            finding.evidence.last().map(String::as_str),
            Some(told),
            "{status} {health:?}"
        );
    }
}

/// Of what is no hub, the report says what was asked, who answered, and what.
#[test]
fn what_is_no_hub_is_shown() {
    let asked = "GET http://hub.example.org/hub/api/";
    let finding = first(page(404, "<h1>404 Not Found</h1>"));
    assert_eq!(
        finding.evidence,
        [
            format!("{asked} answers 404"),
            "the answer says Server: nginx/1.22.1".to_owned(),
            "it says: <h1>404 Not Found</h1>".to_owned()
        ]
    );
    let decode = Stage::Decode {
        head: head(200, &[("content-type", "text/html")]),
        message: "expected value at line 1".into(),
        body: "<h1>It works!</h1>".into(),
    };
    assert_eq!(
        first(decode).evidence,
        [
            format!(
                "{asked} answers 200, but it is not the JSON of a hub: expected value at line 1"
            ),
            "it says: <h1>It works!</h1>".to_owned()
        ]
    );
}

/// Only what refuses before the hub is asked is a firewall. A user's server has
/// the hub's header too, and is no hub.
#[test]
fn an_error_is_the_hub_s_only_where_it_says_so() {
    for (stage, cause, firewall) in [
        (
            page(403, "<h1>403 Forbidden</h1>"),
            Cause::ReachNotAHub,
            true,
        ),
        (hub_says(403, "Forbidden"), Cause::ReachNotAHub, false),
        (page(404, "<h1>404</h1>"), Cause::ReachNotAHub, false),
        (hub_says(404, "Not Found"), Cause::ReachNotAHub, false),
        (page(500, "<h1>500</h1>"), Cause::ReachNotAHub, false),
        (hub_says(500, "boom"), Cause::HubError, false),
    ] {
        let words = format!("{stage:?}");
        let finding = first(stage);
        assert_eq!(finding.cause, cause, "{words}");
        assert_eq!(
            finding.advice.contains("before the hub is asked"),
            firewall,
            "{words}"
        );
    }
}

#[test]
fn a_captive_portal_is_a_login_wall() {
    let finding = first(page(511, "<h1>Network Authentication Required</h1>"));
    assert_eq!(finding.cause, Cause::ReachLoginWall);
    assert!(finding.evidence[0].ends_with("answers 511"));
}

/// A hub's page of a refusal has a link to its login, and is no wall.
#[test]
fn a_hub_s_own_page_is_no_wall() {
    let refusal = hub_page(
        403,
        "<title>JupyterHub</title><a href=\"/hub/login\">Login</a><h1>403 : Forbidden</h1>",
    );
    assert_eq!(below_the_hub(&error(refusal), None), None);
    assert_eq!(below_the_hub(&error(hub_page(401, "")), None), None);
}

/// Web servers and frameworks add or take a slash before they say that there is
/// nothing.
#[test]
fn a_redirect_to_itself_is_no_hub() {
    let asked = "http://hub.example.org/hub/api/";
    for (location, cause) in [
        ("/hub/api", Cause::ReachNotAHub),
        ("http://hub.example.org/hub/api?x=1", Cause::ReachNotAHub),
        ("http://new.example.org/hub/api", Cause::ReachRedirect),
        ("/jhub/hub/api", Cause::ReachRedirect),
    ] {
        let finding = first_request(&error_at(asked, redirect(location, false)), None);
        assert_eq!(finding.cause, cause, "{location}");
        assert!(finding.evidence[0].contains(location), "{location}");
    }
}
