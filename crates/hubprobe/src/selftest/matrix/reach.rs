//! Layers 1 and 2: name, connection, TLS, and who answers in the hub's place.

use super::super::case::{At, Case, Deed, When};
use super::super::kind::{HubKind, PLAIN, RESTLESS, standing};
use super::super::wording::red;
use crate::vocabulary::Cause::{
    ReachClockSkew, ReachDns, ReachHubDown, ReachLoginWall, ReachNotAHub, ReachOverloaded,
    ReachProxyDown, ReachRateLimited, ReachRedirect, ReachRefused, ReachTimeout, ReachTlsExpired,
    ReachTlsName, ReachTlsUntrusted, ReachWrongBaseUrl,
};

const BELOW_JHUB: HubKind = HubKind {
    name: "below-jhub",
    base_url: "/jhub/",
    ..PLAIN
};
const BUSY: HubKind = standing("busy", &["slow_api:12"]).deserted();

const SOON: &[&str] = &["--deadline", "reach=2s"];

pub(super) const CASES: &[Case] = &[
    red("reach-dns", ReachDns, "the name does not resolve")
        .at(At::Url("http://nonexistent.invalid/"))
        .fast(),
    red("reach-refused", ReachRefused, "nothing listens at the port")
        .at(At::Closed)
        .fast(),
    red(
        "reach-silent",
        ReachTimeout,
        "somebody listens and never says a word",
    )
    .at(At::Silent)
    .flags(SOON)
    .fast(),
    red(
        "reach-not-a-hub",
        ReachNotAHub,
        "a web server answers that is no JupyterHub",
    )
    .at(At::Stranger)
    .fast(),
    red(
        "reach-wrong-path",
        ReachWrongBaseUrl,
        "the hub is below /jhub/, and the URL leaves that out",
    )
    .on(&BELOW_JHUB)
    .at(At::Path("/")),
    red(
        "reach-path-too-much",
        ReachWrongBaseUrl,
        "the hub is at the top, and the URL says /jupyter/",
    )
    .at(At::Path("/jupyter/"))
    .fast(),
    red(
        "reach-self-signed",
        ReachTlsUntrusted,
        "the certificate is signed by itself",
    )
    .front("tls_self_signed")
    .fast(),
    red(
        "reach-unknown-ca",
        ReachTlsUntrusted,
        "the certificate is signed by an authority that is not known here",
    )
    .front("tls_unknown_ca"),
    red(
        "reach-half-a-chain",
        ReachTlsUntrusted,
        "the intermediate certificate is not sent",
    )
    .trusted_front("tls_no_intermediate"),
    red(
        "reach-cert-expired",
        ReachTlsExpired,
        "the certificate has expired",
    )
    .trusted_front("tls_expired")
    .fast(),
    red(
        "reach-cert-not-yet",
        ReachTlsExpired,
        "the certificate is not valid yet",
    )
    .trusted_front("tls_not_yet"),
    red(
        "reach-cert-name",
        ReachTlsName,
        "the certificate is for another name",
    )
    .trusted_front("tls_wrong_name")
    .fast(),
    red(
        "reach-https",
        ReachRedirect,
        "http is answered with a redirect to https",
    )
    .front("https_redirect")
    .fast(),
    red(
        "reach-other-host",
        ReachRedirect,
        "the URL is answered with a redirect to another host",
    )
    .front("other_host"),
    red(
        "reach-login-page",
        ReachLoginWall,
        "an access proxy answers everything with its login page",
    )
    .front("login_wall")
    .fast(),
    red(
        "reach-login-redirect",
        ReachLoginWall,
        "an access proxy redirects everything to its login page",
    )
    .front("login_redirect"),
    red(
        "reach-oauth2-proxy",
        ReachLoginWall,
        "oauth2-proxy redirects everything to its own start page",
    )
    .front("login_redirect:start"),
    red(
        "reach-basic-auth",
        ReachLoginWall,
        "an access proxy wants a password of its own (basic auth)",
    )
    .front("basic_auth"),
    red(
        "reach-bad-gateway",
        ReachProxyDown,
        "the ingress answers 502 to everything",
    )
    .front("bad_gateway")
    .fast(),
    red(
        "reach-gateway-slow",
        ReachProxyDown,
        "the ingress answers 504 to everything",
    )
    .front("gateway_timeout"),
    red(
        "reach-unavailable",
        ReachProxyDown,
        "the ingress answers 503 to everything",
    )
    .front("unavailable"),
    red(
        "reach-proxy-stopped",
        ReachProxyDown,
        "the hub's proxy is stopped behind an ingress that lives",
    )
    .on(&RESTLESS)
    .front("good")
    .deeds(&[(When::Before, Deed::StopProxy)]),
    red(
        "reach-hub-killed",
        ReachHubDown,
        "the hub is killed, its proxy lives",
    )
    .on(&RESTLESS)
    .deeds(&[(When::Before, Deed::KillHub)]),
    red(
        "reach-hub-gateway",
        ReachHubDown,
        "the ingress answers 502 for the hub, not for its proxy",
    )
    .front("hub_gateway"),
    red(
        "reach-hub-frozen",
        ReachTimeout,
        "the hub's process is frozen and answers nothing",
    )
    .on(&RESTLESS)
    .flags(SOON)
    .deeds(&[(When::Before, Deed::FreezeHub(25.0))]),
    red(
        "reach-overloaded",
        ReachOverloaded,
        "every call of the hub's API takes 12 s",
    )
    .on(&BUSY),
    red(
        "reach-rate-limit",
        ReachRateLimited,
        "the ingress answers 429 to everything",
    )
    .front("rate_limit:0")
    .fast(),
    red(
        "reach-clock-skew",
        ReachClockSkew,
        "the hub's clock is two hours ahead",
    )
    .front("clock_skew:7200")
    .fast(),
];
