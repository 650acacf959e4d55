//! The faults of a front: something between the client and the sandbox's proxy. What they do is in front/conf.rs (nginx) and
//! front/serve.rs (our own).

use super::{FaultKind, Place};

const fn kind(name: &'static str, argument: Option<&'static str>, what: &'static str) -> FaultKind {
    super::kind(Place::Front, name, argument, what)
}

pub(super) const KINDS: &[FaultKind] = &[
    kind(
        "good",
        None,
        "nothing is broken: nginx before the hub as it should be",
    ),
    kind(
        "tls",
        None,
        "nothing is broken: TLS with a certificate of a private authority, which is in the CA file",
    ),
    kind(
        "tls_self_signed",
        None,
        "the certificate is signed by itself",
    ),
    kind(
        "tls_unknown_ca",
        None,
        "the certificate is good, its authority is not known to the client",
    ),
    kind(
        "tls_no_intermediate",
        None,
        "the server leaves out the intermediate certificate",
    ),
    kind("tls_expired", None, "the certificate expired 3 days ago"),
    kind(
        "tls_not_yet",
        None,
        "the certificate is valid from the day after tomorrow on",
    ),
    kind(
        "tls_wrong_name",
        None,
        "the certificate is for hub.example.org",
    ),
    kind(
        "https_redirect",
        None,
        "http is answered with 301 to https, on another port, where all is well",
    ),
    kind(
        "other_host",
        None,
        "everything is sent to another host with 302, path kept",
    ),
    kind(
        "bad_gateway",
        None,
        "502 for everything: nobody listens behind the front",
    ),
    kind(
        "hub_gateway",
        None,
        "502 for the hub; its users' servers and the proxy's health pass",
    ),
    kind(
        "gateway_timeout",
        None,
        "504 for everything: what is behind the front never answers",
    ),
    kind(
        "unavailable",
        None,
        "503 for everything: the front has nothing behind it",
    ),
    kind("no_upgrade", None, "websockets are not upgraded"),
    kind(
        "buffered",
        None,
        "event streams are held back until they end",
    ),
    kind(
        "cut",
        Some("SEC"),
        "what is silent for SEC seconds is cut: answers, event streams, websockets",
    ),
    kind(
        "cut_all",
        Some("SEC"),
        "every connection is cut SEC seconds after it was opened",
    ),
    kind(
        "body_limit",
        Some("SIZE"),
        "413 for requests with more than SIZE bytes (k and m may follow)",
    ),
    kind("no_scripts", None, "404 for every script of a page"),
    kind(
        "scripts_as_text",
        None,
        "every script of a page comes as text/plain",
    ),
    kind(
        "strip_auth",
        None,
        "the header Authorization is taken away everywhere",
    ),
    kind(
        "strip_user_auth",
        None,
        "the header Authorization is taken away on the way to users' servers",
    ),
    kind(
        "strip_auth_garbled",
        None,
        "the header Authorization is replaced by another",
    ),
    kind(
        "login_wall",
        None,
        "200 with a login page for everything without a cookie",
    ),
    kind(
        "login_redirect",
        Some("[start]"),
        "302 to the login page of another host; with `start`, to /oauth2/start on this one",
    ),
    kind(
        "basic_auth",
        None,
        "401 for everything without a password for the front",
    ),
    kind(
        "rate_limit",
        Some("[RATE]"),
        "429 for more than RATE requests a minute (20) after the first six; with 0, for all",
    ),
    kind(
        "no_delete",
        None,
        "405 for the method DELETE, from the front",
    ),
    kind(
        "no_user_routes",
        None,
        "404 for users' servers, from the front",
    ),
    kind("delay", Some("SEC"), "every answer comes SEC seconds late"),
    kind(
        "slow_first",
        Some("SEC"),
        "the first answer comes after SEC seconds, the rest at once",
    ),
    kind("flaky", Some("N"), "every Nth request is answered with 502"),
    kind(
        "route_lag",
        Some("SEC"),
        "404 for a user's server for SEC seconds after it was first asked",
    ),
    kind(
        "clock_skew",
        Some("SHIFT"),
        "the header Date is SHIFT seconds off (may be negative)",
    ),
    kind("no_date", None, "answers have no header Date"),
];
