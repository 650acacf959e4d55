//! The URL of a hub as people have it at hand: from the address bar, from
//! `JUPYTERHUB_API_URL`, from memory without a scheme. What is clear is put
//! right with a note, what is not is refused with a proposal. No request is
//! sent to find out.

use url::Url;

use super::error::{UrlError, note};

/// First words of a path below `/hub/` (JupyterHub's own pages and its API, as of 6.1).
const HUB_PAGES: [&str; 16] = [
    "api",
    "home",
    "login",
    "logout",
    "signup",
    "oauth_login",
    "oauth_callback",
    "spawn",
    "spawn-pending",
    "token",
    "admin",
    "user",
    "user-redirect",
    "health",
    "error",
    "accept-share",
];

/// Last words of a path that belong to a user's server.
const SERVER_PAGES: [&str; 3] = ["lab", "tree", "notebooks"];

/// Reads the URL of a hub; the result is http or https, has no user
/// information, query or fragment, and ends in `/`. The note says what was cut,
/// if anything was. A hub below a prefix that is itself called `hub` has to be
/// given with its own `/hub/` after it, since one `hub` at the end is taken for
/// the hub's.
///
/// # Errors
/// [`UrlError`] where there is no scheme, another scheme than http or https,
/// user information, or no URL at all. It never repeats user information.
pub fn hub_url(text: &str) -> Result<(Url, Option<String>), UrlError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(UrlError::new(
            "the URL is empty",
            "write it as https://jupyter.example.org",
        ));
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(without_scheme(text));
    };
    // As URLs are read: any number of slashes, of either kind, begins the authority.
    let authority = rest
        .trim_start_matches(['/', '\\', '\t', '\n', '\r'])
        .split(['/', '?', '#', '\\'])
        .next()
        .unwrap_or_default();
    if authority.contains('@') {
        return Err(UrlError::new(
            "the URL holds a user name or a password before the `@`",
            "remove it; the token comes from a file, the environment or a command",
        ));
    }
    if !["http", "https"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
    {
        return Err(UrlError::new(
            if scheme.contains('@') {
                "what stands before `://` is no scheme".to_owned()
            } else {
                format!("the scheme `{scheme}` is none that a hub has")
            },
            "write http:// or https://",
        ));
    }
    let mut url = Url::parse(text).map_err(|error| {
        UrlError::new(
            format!("`{text}` is not a URL: {error}"),
            "write it as https://jupyter.example.org",
        )
    })?;
    let mut cut = Vec::new();
    if url.query().is_some() {
        cut.push("the query");
        url.set_query(None);
    }
    if url.fragment().is_some() {
        cut.push("the fragment");
        url.set_fragment(None);
    }
    let segments: Vec<&str> = url
        .path()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let own = own_prefix(&segments);
    let removed = segments.get(own.len()..).unwrap_or_default().join("/");
    let path = own
        .iter()
        .fold("/".to_owned(), |path, segment| path + segment + "/");
    let page = format!("/{removed}");
    if !removed.is_empty() {
        cut.push(&page);
    }
    url.set_path(&path);
    let note = (!cut.is_empty()).then(|| {
        note(&format!(
            "the URL is cut to the hub's own, {url}, without {}",
            cut.join(" and ")
        ))
    });
    Ok((url, note))
}

/// What of a path is the hub's own prefix: all before the last `hub` that ends
/// it or has a known page after it, before `user/NAME`, and before last words
/// that are pages of a user's server.
fn own_prefix<'a>(segments: &'a [&'a str]) -> &'a [&'a str] {
    let next = |index: usize| segments.get(index + 1).copied();
    let user = segments
        .iter()
        .enumerate()
        .position(|(index, segment)| *segment == "user" && next(index).is_some());
    let before_user = segments
        .get(..user.unwrap_or(segments.len()))
        .unwrap_or_default();
    let hub = before_user
        .iter()
        .enumerate()
        .rposition(|(index, segment)| {
            *segment == "hub" && next(index).is_none_or(|page| HUB_PAGES.contains(&page))
        });
    let pages = segments
        .iter()
        .rev()
        .take_while(|segment| SERVER_PAGES.contains(segment))
        .count();
    let end = hub.or(user).unwrap_or(segments.len() - pages);
    segments.get(..end).unwrap_or_default()
}

fn without_scheme(text: &str) -> UrlError {
    if text.contains('@') {
        return UrlError::new(
            "the URL has no scheme",
            "write it as https://jupyter.example.org, without user name or password",
        );
    }
    let host = text.split([':', '/']).next().unwrap_or_default();
    let local = host == "localhost" || host.starts_with("127.") || text.starts_with("[::1]");
    let scheme = if local { "http" } else { "https" };
    UrlError::new(
        format!("`{text}` has no scheme"),
        format!("did you mean {scheme}://{}?", text.trim_start_matches('/')),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_clear_is_put_right() {
        for (text, url, noted) in [
            ("https://h.org", "https://h.org/", false),
            (" https://h.org/ ", "https://h.org/", false),
            (
                "http://127.0.0.1:8000/prefix",
                "http://127.0.0.1:8000/prefix/",
                false,
            ),
            ("HTTPS://H.org/a/b/", "https://h.org/a/b/", false),
            ("https://h.org/hub", "https://h.org/", true),
            ("https://h.org/hub/", "https://h.org/", true),
            (
                "http://10.0.0.1:8081/hub/api",
                "http://10.0.0.1:8081/",
                true,
            ),
            ("https://h.org/p/hub/api/", "https://h.org/p/", true),
            ("https://h.org/hub/home", "https://h.org/", true),
            (
                "https://h.org/hub/login?next=%2Fhub%2F",
                "https://h.org/",
                true,
            ),
            ("https://h.org/hub/spawn/me/gpu", "https://h.org/", true),
            ("https://h.org/hub/token", "https://h.org/", true),
            ("https://h.org/hub/admin#/", "https://h.org/", true),
            (
                "https://h.org/p/user/me/lab/tree/x.ipynb",
                "https://h.org/p/",
                true,
            ),
            ("https://h.org/hub/user/me/", "https://h.org/", true),
            ("https://h.org/lab", "https://h.org/", true),
            ("https://h.org/p/lab/tree/", "https://h.org/p/", true),
            ("https://h.org/github/x", "https://h.org/github/x/", false),
            (
                "https://h.org/hub/elsewhere",
                "https://h.org/hub/elsewhere/",
                false,
            ),
            ("https://h.org/user", "https://h.org/user/", false),
            ("https://h.org/?a=b", "https://h.org/", true),
        ] {
            let (read, note) = hub_url(text).unwrap();
            assert_eq!(read.as_str(), url, "{text}");
            assert_eq!(note.is_some(), noted, "{text}: {note:?}");
            assert_eq!(hub_url(url).unwrap(), (read, None), "{text} again");
        }
        // A hub below a prefix that is itself called hub can only be given with its own /hub/.
        assert_eq!(
            hub_url("https://h.org/hub/hub/").unwrap().0.as_str(),
            "https://h.org/hub/"
        );
        assert_eq!(
            hub_url("https://h.org/p/hub/api?x#y").unwrap().1.unwrap(),
            "the URL is cut to the hub's own, https://h.org/p/, without the query and the fragment and /hub/api"
        );
    }

    #[test]
    fn what_is_not_clear_is_refused_with_a_proposal() {
        for (text, message) in [
            (
                "",
                "the URL is empty; write it as https://jupyter.example.org",
            ),
            (
                "h.org",
                "`h.org` has no scheme; did you mean https://h.org?",
            ),
            (
                "h.org:8000/hub",
                "`h.org:8000/hub` has no scheme; did you mean https://h.org:8000/hub?",
            ),
            (
                "localhost:8000",
                "`localhost:8000` has no scheme; did you mean http://localhost:8000?",
            ),
            (
                "//h.org",
                "`//h.org` has no scheme; did you mean https://h.org?",
            ),
            (
                "ftp://h.org",
                "the scheme `ftp` is none that a hub has; write http:// or https://",
            ),
            (
                "me:secret@https://h.org",
                "what stands before `://` is no scheme; write http:// or https://",
            ),
            (
                "https://me:secret@h.org/",
                "the URL holds a user name or a password before the `@`; remove it; the token comes from a file, the environment or a command",
            ),
            (
                "https:///\t\\me:secret@h.org/",
                "the URL holds a user name or a password before the `@`; remove it; the token comes from a file, the environment or a command",
            ),
            (
                "https://",
                "`https://` is not a URL: empty host; write it as https://jupyter.example.org",
            ),
            (
                "https://h.org:99999/",
                "`https://h.org:99999/` is not a URL: invalid port number; write it as https://jupyter.example.org",
            ),
        ] {
            assert_eq!(hub_url(text).unwrap_err().to_string(), message);
        }
    }
}
