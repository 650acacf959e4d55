//! Places: building paths from names, and telling whose origin a URL is.
//!
//! Names of users, servers and files come from people. They are encoded so that no name can reach another
//! endpoint than the one meant, and the two names that no encoding can carry (`.` and `..`, which every URL
//! parser resolves away) are refused.

use std::fmt::Write as _;

use url::Url;

/// One path segment, with everything but unreserved characters (RFC 3986) percent-encoded, as JupyterHub's
/// `url_escape_path` does.
///
/// # Errors
/// What is wrong with a name that no URL can carry.
pub(crate) fn segment(name: &str) -> Result<String, String> {
    if matches!(name, "" | "." | "..") {
        return Err(format!(
            "{name:?} cannot be part of a URL's path: use a name with letters or digits"
        ));
    }
    let mut path = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(path, "%{byte:02X}");
        }
    }
    Ok(path)
}

/// A path of several segments between slashes; slashes at either end and doubled ones are dropped.
///
/// # Errors
/// As [`segment`].
pub(crate) fn path(names: &str) -> Result<String, String> {
    let parts: Result<Vec<String>, String> = names
        .split('/')
        .filter(|part| !part.is_empty())
        .map(segment)
        .collect();
    Ok(parts?.join("/"))
}

/// Whether secrets for the hub at `hub` may be sent to `url`: to its own origin, and to hosts below its host
/// with the same scheme and port (JupyterHub's `subdomain_host` puts users there).
pub(crate) fn trusted(hub: &Url, url: &Url) -> bool {
    if hub.scheme() != url.scheme() || hub.port_or_known_default() != url.port_or_known_default() {
        return false;
    }
    match (hub.host(), url.host()) {
        (Some(url::Host::Domain(hub)), Some(url::Host::Domain(host))) => {
            host == hub
                || host
                    .strip_suffix(hub)
                    .is_some_and(|below| below.ends_with('.'))
        }
        (Some(hub), Some(host)) => hub == host,
        _ => false,
    }
}

/// The query parameters whose values may be shown.
const SHOWN: [&str; 9] = [
    "content",
    "type",
    "format",
    "include_stopped_servers",
    "no_track_activity",
    "permissions",
    "offset",
    "limit",
    "redirects",
];

/// The URL for people: no user information, no fragment, no values of query parameters that may be secret.
pub(crate) fn shown(url: &Url) -> String {
    let mut clean = url.clone();
    // These fail only for URLs without a host, which have no user information.
    let _ = clean.set_username("");
    let _ = clean.set_password(None);
    clean.set_fragment(None);
    if url.query().is_some() {
        clean.set_query(None);
        let mut query = clean.query_pairs_mut();
        for (name, value) in url.query_pairs() {
            query.append_pair(
                &name,
                if SHOWN.contains(&&*name) {
                    &value
                } else {
                    "..."
                },
            );
        }
        drop(query);
    }
    clean.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn no_name_reaches_another_endpoint() {
        assert_eq!(segment("a@b").unwrap(), "a%40b");
        assert_eq!(segment("a/../b").unwrap(), "a%2F..%2Fb");
        assert_eq!(segment("%2e%2e").unwrap(), "%252e%252e");
        assert_eq!(segment("é?#").unwrap(), "%C3%A9%3F%23");
        for bad in ["", ".", ".."] {
            assert!(segment(bad).is_err());
        }
        assert_eq!(path("/a b//c.ipynb").unwrap(), "a%20b/c.ipynb");
        assert!(path("a/../b").is_err());
        assert_eq!(path("").unwrap(), "");
    }

    #[test]
    fn secrets_stay_at_home() {
        let hub = url("https://hub.example.org/jhub/");
        for good in [
            "https://hub.example.org/user/x",
            "https://hub.example.org:443/",
            "https://x.hub.example.org/",
        ] {
            assert!(trusted(&hub, &url(good)), "{good}");
        }
        for bad in [
            "http://hub.example.org/",
            "https://hub.example.org:8443/",
            "https://evilhub.example.org/",
            "https://example.org/",
            "https://hub.example.org.evil.net/",
            "https://192.0.2.1/",
        ] {
            assert!(!trusted(&hub, &url(bad)), "{bad}");
        }
        assert!(trusted(
            &url("http://127.0.0.1:80/"),
            &url("http://127.0.0.1/x")
        ));
        assert!(!trusted(
            &url("http://127.0.0.1:80/"),
            &url("http://127.0.0.2/x")
        ));
    }

    #[test]
    fn shown_urls_have_no_secrets() {
        assert_eq!(
            shown(&url("https://u:p@h/a?token=abc&content=1&code#f")),
            "https://h/a?token=...&content=1&code=..."
        );
        assert_eq!(shown(&url("https://h/a")), "https://h/a");
    }
}
