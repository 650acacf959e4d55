//! Layers 1 and 2.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use jupyterhub_client::{Certificate, ConnectKind, Stage, TlsKind};

use super::{error, error_at, head, hub_says, look, page, redirect};
use crate::diagnose::reach::{self, below_the_hub, first_request};
use crate::vocabulary::{Cause, Finding};

fn first(stage: Stage) -> Finding {
    first_request(&error(stage), None)
}

#[test]
fn below_http() {
    let message = || "words".to_owned();
    let tls = |kind| Stage::Tls {
        kind,
        message: message(),
    };
    let connect = |kind| Stage::Connect {
        kind,
        message: message(),
    };
    let dns = |no_such_name| Stage::Dns {
        message: message(),
        no_such_name,
    };
    for (stage, cause) in [
        (dns(true), Cause::ReachDns),
        (dns(false), Cause::ProberNetwork),
        (connect(ConnectKind::Refused), Cause::ReachRefused),
        (connect(ConnectKind::Unreachable), Cause::ProberNetwork),
        (connect(ConnectKind::Other), Cause::ReachRefused),
        (tls(TlsKind::Untrusted), Cause::ReachTlsUntrusted),
        (tls(TlsKind::Expired), Cause::ReachTlsExpired),
        (tls(TlsKind::NotYetValid), Cause::ReachTlsExpired),
        (tls(TlsKind::WrongName), Cause::ReachTlsName),
        (tls(TlsKind::Other), Cause::ReachTlsUntrusted),
        (
            Stage::Connect {
                kind: ConnectKind::Other,
                message: "Too many open files (os error 24)".into(),
            },
            Cause::ProberLimits,
        ),
        (
            Stage::Timeout {
                phase: "response",
                after: Duration::from_secs(3),
            },
            Cause::ReachTimeout,
        ),
        (
            Stage::Lost {
                message: "connection reset".into(),
            },
            Cause::ReachTimeout,
        ),
        (
            Stage::Lost {
                message: "invalid HTTP version parsed".into(),
            },
            Cause::ReachNotAHub,
        ),
        (
            Stage::Tls {
                kind: TlsKind::Other,
                message: "received corrupt message of type InvalidContentType".into(),
            },
            Cause::ReachNotAHub,
        ),
    ] {
        let words = format!("{stage:?}");
        let finding = first(stage);
        assert_eq!(finding.cause, cause, "{words}");
        assert!(!finding.evidence.is_empty(), "{words}");
    }
}

#[test]
fn what_answers_in_a_hub_s_place() {
    let decode = |body: &str| Stage::Decode {
        head: head(200, &[("content-type", "text/html")]),
        message: "expected value".into(),
        body: body.to_owned(),
    };
    for (stage, cause) in [
        (page(404, "<h1>404 Not Found</h1>"), Cause::ReachNotAHub),
        (page(403, "<h1>403 Forbidden</h1>"), Cause::ReachNotAHub),
        (page(429, "slow down"), Cause::ReachRateLimited),
        (page(502, "<h1>502 Bad Gateway</h1>"), Cause::ReachProxyDown),
        (page(503, ""), Cause::ReachProxyDown),
        (page(504, ""), Cause::ReachProxyDown),
        (page(401, "who are you"), Cause::ReachLoginWall),
        (page(407, ""), Cause::ReachLoginWall),
        (page(403, "<form>Sign in</form>"), Cause::ReachLoginWall),
        (decode("<h1>It works!</h1>"), Cause::ReachNotAHub),
        (
            decode("<form><input type=\"password\"></form>"),
            Cause::ReachLoginWall,
        ),
        (
            redirect("https://sso.example.org/auth?client_id=x", false),
            Cause::ReachLoginWall,
        ),
        (
            redirect("https://other.example.org/hub/api/", false),
            Cause::ReachRedirect,
        ),
        // The hub's own login is no wall.
        (redirect("/jhub/hub/login", true), Cause::ReachRedirect),
        (
            redirect("https://sso.example.org/auth", true),
            Cause::ReachRedirect,
        ),
        (hub_says(500, "Internal Server Error"), Cause::HubError),
        (
            hub_says(500, "(sqlite3.OperationalError) database is locked"),
            Cause::HubDatabase,
        ),
        (hub_says(503, ""), Cause::HubError),
    ] {
        let words = format!("{stage:?}");
        assert_eq!(first(stage).cause, cause, "{words}");
    }
}

#[test]
fn a_proxy_that_lives_makes_it_the_hub() {
    let down = error(page(503, "503"));
    let cause = |status| below_the_hub(&down, Some(&look(status, false))).map(|f| f.cause);
    assert_eq!(cause(200), Some(Cause::ReachHubDown));
    assert_eq!(cause(503), Some(Cause::ReachProxyDown));
    let slow = error(page(504, "504"));
    let finding = below_the_hub(&slow, Some(&look(200, false))).unwrap();
    assert_eq!(finding.cause, Cause::ReachHubDown);
    assert!(finding.summary.contains("in time"), "{}", finding.summary);
    // JSON alone makes no hub.
    let gateway = Stage::Status {
        head: head(503, &[("content-type", "application/json")]),
        message: None,
        body: "{}".into(),
    };
    assert_eq!(
        below_the_hub(&error(gateway), None).map(|f| f.cause),
        Some(Cause::ReachProxyDown)
    );
    // A hub's own 503 is the hub's.
    assert_eq!(
        below_the_hub(&error(hub_says(503, "maintenance")), None),
        None
    );
    assert_eq!(below_the_hub(&error(hub_says(429, "later")), None), None);
}

#[test]
fn a_redirect_names_the_url_to_give() {
    let over_https = "the hub is to be asked over https";
    for (asked, location, to_https, advice) in [
        (
            "http://hub.example.org/hub/api/",
            "https://hub.example.org/hub/api/",
            true,
            "Give the URL https://hub.example.org/",
        ),
        (
            "http://hub.example.org/hub/api/",
            "https://new.example.org/jhub/hub/api/?x=1#y",
            false,
            "If https://new.example.org/jhub/ is the hub, give that URL.",
        ),
        (
            "https://hub.example.org/hub/api/",
            "https://hub.example.org/jhub/hub/api/",
            false,
            "If https://hub.example.org/jhub/ is the hub, give that URL.",
        ),
        (
            "https://hub.example.org/hub/api/",
            "http://hub.example.org/hub/api/",
            false,
            "If http://hub.example.org/ is the hub, give that URL.",
        ),
    ] {
        let finding = first_request(&error_at(asked, redirect(location, false)), None);
        assert_eq!(finding.cause, Cause::ReachRedirect, "{location}");
        assert_eq!(finding.summary == over_https, to_https, "{location}");
        assert_eq!(finding.advice, advice);
        assert!(finding.evidence.iter().any(|line| line.contains(location)));
    }
    let nowhere = first(redirect("/elsewhere", false));
    assert!(
        nowhere.advice.starts_with("If /elsewhere is the hub"),
        "{}",
        nowhere.advice
    );
}

#[test]
fn a_login_s_query_is_not_shown() {
    let finding = first(redirect(
        "https://sso.example.org/auth?state=s3cret#x",
        false,
    ));
    let evidence = finding.evidence.join("\n");
    assert!(
        evidence.contains("leads to a login: https://sso.example.org/auth\n"),
        "{evidence}"
    );
    assert!(!evidence.contains("s3cret"), "{evidence}");
    // A page with a message of its own in JSON is no wall by its status alone.
    let other = Stage::Status {
        head: head(401, &[]),
        message: Some("no such tenant".into()),
        body: String::new(),
    };
    assert_eq!(first(other).cause, Cause::ReachNotAHub);
}

#[test]
fn slow_is_not_silent() {
    let deadline = Duration::from_secs(10);
    let of = |late, proxy| reach::no_answer("http://h/hub/api/", deadline, late, proxy);
    let late = of(Some(Duration::from_secs(14)), None);
    assert_eq!(late.cause, Cause::ReachOverloaded);
    assert!(late.summary.contains("14.0 s"), "{}", late.summary);
    assert_eq!(of(None, None).cause, Cause::ReachTimeout);
    let proxy = look(200, false);
    let with_proxy = of(None, Some(&proxy));
    assert_eq!(with_proxy.cause, Cause::ReachTimeout);
    assert!(
        with_proxy
            .evidence
            .iter()
            .any(|line| line.contains("the proxy lives"))
    );
    let dead = look(502, false);
    assert!(
        !of(None, Some(&dead))
            .evidence
            .iter()
            .any(|line| line.contains("the proxy lives"))
    );
}

#[test]
fn clocks() {
    let now: Timestamp = "2026-11-25T12:00:00Z".parse().unwrap();
    let at = |seconds| reach::clock_skew(now + SignedDuration::from_secs(seconds), now);
    assert_eq!(at(0), None);
    assert_eq!(at(299), None);
    assert_eq!(at(-300), None);
    assert_eq!(at(301).map(|f| f.cause), Some(Cause::ReachClockSkew));
    let ahead = at(3_600).unwrap();
    assert_eq!(ahead.cause, Cause::ReachClockSkew);
    assert!(
        ahead.summary.contains("60 minutes ahead of ours"),
        "{}",
        ahead.summary
    );
    assert!(at(-7_300).unwrap().summary.contains("2 hours behind ours"));
    assert!(at(200_000).unwrap().summary.contains("2 days ahead"));
}

#[test]
fn certificates_are_described() {
    let certificate = |issuer: &str, sent| Certificate {
        subject: "CN=hub".into(),
        issuer: issuer.into(),
        names: vec!["hub.example.org".into()],
        not_before: Timestamp::UNIX_EPOCH,
        not_after: Timestamp::UNIX_EPOCH,
        sent,
    };
    let seen = |cause, certificate: &Certificate| {
        let finding = Finding::new(cause, "x");
        reach::with_certificate(finding, Some(certificate))
            .evidence
            .join("\n")
    };
    let alone = seen(Cause::ReachTlsUntrusted, &certificate("CN=CA", 1));
    assert!(
        alone.contains("issued by: CN=CA") && alone.contains("hub.example.org"),
        "{alone}"
    );
    assert!(alone.contains("alone"), "{alone}");
    let chain = seen(Cause::ReachTlsUntrusted, &certificate("CN=CA", 2));
    assert!(!chain.contains("alone"), "{chain}");
    let own = seen(Cause::ReachTlsUntrusted, &certificate("CN=hub", 1));
    assert!(
        own.contains("signed by itself") && !own.contains("alone"),
        "{own}"
    );
    let expired = seen(Cause::ReachTlsExpired, &certificate("CN=CA", 1));
    assert!(
        expired.contains("1970-01-01") && !expired.contains("alone"),
        "{expired}"
    );
    assert!(seen(Cause::ReachTlsName, &certificate("CN=CA", 1)).contains("hub.example.org"));
    assert_eq!(seen(Cause::ReachRefused, &certificate("CN=CA", 1)), "");
}

#[test]
fn a_hub_elsewhere() {
    let missing = error_at("http://h/hub/api/", page(404, "no"));
    let finding = reach::elsewhere(&missing, "http://h/jhub/", "6.1.1");
    assert_eq!(finding.cause, Cause::ReachWrongBaseUrl);
    assert!(finding.advice.contains("http://h/jhub/"));
}

#[test]
fn who_answers_and_with_what_is_evidence() {
    let finding = first(page(502, "\n\n  <h1>502 Bad Gateway</h1>\n<p>more</p>"));
    let evidence = finding.evidence.join("\n");
    assert!(
        evidence.contains("the answer says Server: nginx/1.22.1"),
        "{evidence}"
    );
    assert!(
        evidence.contains("it says: <h1>502 Bad Gateway</h1>\n"),
        "{evidence}"
    );
    let of = |headers: &[(&'static str, &'static str)]| {
        crate::diagnose::server_of(&error(Stage::Redirect {
            head: head(302, headers),
            location: "/x".into(),
        }))
    };
    assert_eq!(of(&[]), "");
    assert_eq!(
        of(&[("via", "1.1 varnish")]),
        "the answer says Via: 1.1 varnish"
    );
    assert_eq!(
        of(&[("server", "a"), ("via", "b")]),
        "the answer says Server: a, Via: b"
    );
}

#[test]
fn a_hub_s_own_refusal_is_no_login_wall() {
    let walls = |stage| below_the_hub(&error(stage), None).is_some();
    assert!(!walls(hub_says(
        401,
        "'NoneType' object is not subscriptable"
    )));
    let own_page = Stage::Decode {
        head: head(200, &[("x-jupyterhub-version", "6.1.1")]),
        message: "expected value".into(),
        body: "<form><input type=\"password\"></form>".into(),
    };
    assert!(!walls(own_page));
    // JSON of an API gateway that has no token of its own is one.
    let gateway = Stage::Status {
        head: head(401, &[("www-authenticate", "Bearer realm=\"sso\"")]),
        message: None,
        body: "{}".into(),
    };
    let finding = below_the_hub(&error(gateway), None).unwrap();
    assert_eq!(finding.cause, Cause::ReachLoginWall);
    assert!(
        finding.evidence[0].contains("WWW-Authenticate: Bearer realm"),
        "{:?}",
        finding.evidence
    );
}
