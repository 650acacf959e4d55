//! Layer 2: what stands in front of a hub and answers in its place: a login
//! wall, a redirect, an ingress whose backend is dead, a throttle.
//!
//! A hub's own answers carry `X-JupyterHub-Version` (JupyterHub,
//! handlers/base.py); what carries none, and is not its JSON, is somebody
//! else's.

use jupyterhub_client::{Error, Look, Stage};
use url::Url;

use super::reach::ProxyHealth;
use super::{first_line, server_of};
use crate::vocabulary::{Cause, Finding};

/// What the addresses of logins have in their host or path.
const LOGIN_PLACES: &[&str] = &[
    "login",
    "signin",
    "sign_in",
    "sign-in",
    "logon",
    "oauth",
    "openid",
    "saml",
    "/sso",
    "sso.",
    "idp.",
    "adfs",
    "/realms/",
    "auth.",
    "/auth",
    "accounts.",
    "/cas/",
    "shibboleth",
];

/// What the queries of redirects to logins hold.
const LOGIN_QUERIES: &[&str] = &[
    "redirect_uri=",
    "client_id=",
    "samlrequest=",
    "rd=",
    "return_to=",
    "returnurl=",
];

/// What login pages hold, in lower case.
const LOGIN_PAGES: &[&str] = &[
    "type=\"password\"",
    "type='password'",
    "type=password",
    "sign in",
    "log in",
    "login",
    "single sign-on",
    "oauth2-proxy",
    "oauth2/start",
    "samlrequest",
];

/// The finding for a login that stands before the hub.
pub fn login_wall(error: &Error) -> Option<Finding> {
    let asked = format!("{} {}", error.method, error.url);
    let how = match &error.stage {
        Stage::Redirect { head, location }
            if head.hub_version().is_none() && leads_to_a_login(&error.url, location) =>
        {
            format!(
                "{asked} answers {} and leads to a login: {}",
                head.status,
                without_query(location)
            )
        }
        Stage::Status { head, body, .. } if head.hub_version().is_none() => match head.status {
            401 | 407 if error.hub_message().is_none() => {
                let wanted = head
                    .headers
                    .get("www-authenticate")
                    .map_or_else(String::new, |scheme| {
                        format!(", WWW-Authenticate: {scheme}")
                    });
                format!("{asked} answers {}{wanted}", head.status)
            }
            // Network Authentication Required (RFC 6585): a captive portal.
            511 => format!("{asked} answers 511"),
            403 if is_login_page(body) => {
                format!("{asked} answers {} with a login page", head.status)
            }
            _ => return None,
        },
        Stage::Decode { head, body, .. } if head.hub_version().is_none() && is_login_page(body) => {
            format!(
                "{asked} answers {} with a login page in place of the hub's JSON",
                head.status
            )
        }
        _ => return None,
    };
    Some(
        Finding::new(
            Cause::ReachLoginWall,
            "something in front of the hub wants a login before it lets anybody through",
        )
        .seen(how)
        .seen(server_of(error))
        .seen(first_line(error.body().unwrap_or_default())),
    )
}

fn is_login_page(body: &str) -> bool {
    let body = body.to_lowercase();
    body.contains('<') && LOGIN_PAGES.iter().any(|word| body.contains(word))
}

/// Whether a redirect leads to a login that is not the hub's own.
fn leads_to_a_login(asked: &str, location: &str) -> bool {
    let Some(target) = Url::parse(asked)
        .ok()
        .and_then(|asked| asked.join(location).ok())
    else {
        return false;
    };
    // A hub's own login is below its own prefix, and no wall.
    if target.path().contains("/hub/") {
        return false;
    }
    let place =
        format!("{}{}", target.host_str().unwrap_or_default(), target.path()).to_lowercase();
    let query = format!("&{}", target.query().unwrap_or_default()).to_lowercase();
    LOGIN_PLACES.iter().any(|word| place.contains(word))
        || LOGIN_QUERIES
            .iter()
            .any(|word| query.contains(&format!("&{word}")))
}

/// A query of a login may hold states and codes, which nobody needs to see.
fn without_query(location: &str) -> &str {
    location.split(['?', '#']).next().unwrap_or_default()
}

/// The finding for a redirect of the hub's API.
pub fn redirect(error: &Error) -> Option<Finding> {
    let Stage::Redirect { head, location } = &error.stage else {
        return None;
    };
    let target = Url::parse(&error.url)
        .ok()
        .and_then(|asked| asked.join(location).ok());
    let to_https = target
        .as_ref()
        .zip(Url::parse(&error.url).ok())
        .is_some_and(|(target, asked)| {
            target.scheme() == "https" && asked.scheme() == "http" && target.host() == asked.host()
        });
    if let (Some(target), Ok(asked)) = (&target, Url::parse(&error.url))
        && only_a_slash_apart(target, &asked)
    {
        return Some(
            Finding::new(
                Cause::ReachNotAHub,
                format!(
                    "something answers at {}, but it is no JupyterHub",
                    error.url
                ),
            )
            .seen(format!(
                "{} {} answers {}, Location: {location}: no hub does that",
                error.method, error.url, head.status
            ))
            .seen(server_of(error)),
        );
    }
    let base = target.as_ref().and_then(base_of);
    let (summary, advice) = match (to_https, base) {
        (true, Some(base)) => (
            "the hub is to be asked over https".to_owned(),
            format!("Give the URL {base}"),
        ),
        (false, Some(base)) => (
            format!("the hub's API redirects to {location}"),
            format!("If {base} is the hub, give that URL."),
        ),
        _ => (
            format!("the hub's API redirects to {location}"),
            format!(
                "If {location} is the hub, give its URL; if it is a login page, something in \
                 front of the hub wants a login: exempt /hub/api and /user from it."
            ),
        ),
    };
    Some(
        Finding::new(Cause::ReachRedirect, summary)
            .seen(format!(
                "{} {} answers {}, Location: {location}",
                error.method, error.url, head.status
            ))
            .seen(server_of(error))
            .advise(advice),
    )
}

/// Whether a redirect leads back to where it came from, but for the slash at the
/// end, as web servers and frameworks do with what they do not have.
fn only_a_slash_apart(target: &Url, asked: &Url) -> bool {
    target.origin() == asked.origin()
        && target.path().trim_end_matches('/') == asked.path().trim_end_matches('/')
}

/// The base URL of a hub whose API is at this URL.
fn base_of(url: &Url) -> Option<String> {
    let (before, _) = url.path().split_once("/hub/api")?;
    let mut base = url.clone();
    base.set_path(&format!("{before}/"));
    base.set_query(None);
    base.set_fragment(None);
    Some(base.into())
}

/// A gateway's error in place of a server's answer, where the server answers
/// other requests: now and then, or too late.
pub fn cut_in(error: &Error) -> Option<Finding> {
    let Stage::Status { head, body, .. } = &error.stage else {
        return None;
    };
    if head.hub_version().is_some() || head.is_json() || !matches!(head.status, 502..=504) {
        return None;
    }
    Some(
        Finding::new(
            Cause::ReachProxyDown,
            format!(
                "something in between answers {} in the server's place, which answers other requests",
                head.status
            ),
        )
        .seen(format!("{} {} answers {}", error.method, error.url, head.status))
        .seen(server_of(error))
        .seen(first_line(body))
        .advise(
            "Look at the logs of the proxies in between: a backend that flaps, or a timeout that is \
             shorter than the server takes.",
        ),
    )
}

/// 429, 502 to 504, and Cloudflare's 520 to 530, that no hub has written.
pub fn in_its_place(error: &Error, proxy: ProxyHealth<'_>) -> Option<Finding> {
    let Stage::Status { head, body, .. } = &error.stage else {
        return None;
    };
    let by_the_hub =
        head.hub_version().is_some() || (head.is_json() && error.hub_message().is_some());
    if by_the_hub {
        return None;
    }
    let finding = match head.status {
        429 => Finding::new(
            Cause::ReachRateLimited,
            "something in front of the hub throttles us",
        ),
        502..=504 | 520..=530 => gateway(head.status, proxy),
        _ => return None,
    };
    Some(
        finding
            .seen(format!(
                "{} {} answers {}",
                error.method, error.url, head.status
            ))
            .seen(server_of(error))
            .seen(first_line(body))
            .seen(match proxy {
                Some(health) if health.head.status == 200 => {
                    format!("GET {} answers 200: the proxy lives", health.url)
                }
                Some(health) => format!("GET {} answers {}", health.url, health.head.status),
                None if head.status == 429 => String::new(),
                None => "the proxy's health path does not answer".to_owned(),
            }),
    )
}

fn gateway(status: u16, proxy: Option<&Look>) -> Finding {
    match proxy {
        Some(health) if health.head.status == 200 && status == 504 => Finding::new(
            Cause::ReachHubDown,
            "the proxy is there, but the hub behind it does not answer in time",
        ),
        Some(health) if health.head.status == 200 => Finding::new(
            Cause::ReachHubDown,
            "the proxy is there, but the hub behind it is not",
        ),
        _ => Finding::new(
            Cause::ReachProxyDown,
            "something in front of the hub answers in its place, and the hub's proxy does not",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_told_from_other_redirects() {
        let asked = "https://hub.example.org/hub/api/";
        for (location, login) in [
            (
                "https://sso.example.org/auth?client_id=hub&redirect_uri=x",
                true,
            ),
            ("/oauth2/start?rd=%2Fhub%2Fapi", true),
            ("https://login.example.org/", true),
            ("https://idp.example.org/saml2?SAMLRequest=abc", true),
            ("https://other.example.org/hub/api/", false),
            ("https://hub.example.org/jhub/hub/login?next=x", false),
            ("/jhub/", false),
            ("https://www.example.org/", false),
            ("https://portal.example.org/?record=3", false),
        ] {
            assert_eq!(leads_to_a_login(asked, location), login, "{location}");
        }
    }

    #[test]
    fn login_pages_are_told_from_other_pages() {
        assert!(is_login_page(
            "<html><form><input type=\"password\"></form>"
        ));
        assert!(is_login_page("<title>Sign in with SSO</title>"));
        assert!(!is_login_page("<html><h1>It works!</h1></html>"));
        // JSON that talks of a login is no page.
        assert!(!is_login_page("{\"message\": \"login\"}"));
    }

    #[test]
    fn the_base_of_a_hub_is_cut_out_of_its_api() {
        let base = |url: &str| base_of(&url.parse().unwrap());
        assert_eq!(
            base("https://h/jhub/hub/api/?x").as_deref(),
            Some("https://h/jhub/")
        );
        assert_eq!(base("https://h/login"), None);
    }
}
