//! Scopes: what a token holds against what a probe needs.
//!
//! The scopes of `GET /hub/api/user` are expanded by the hub: `servers!user=x`
//! stands there beside the `read:servers!user=x` that it implies (JupyterHub
//! documentation, "Scopes in JupyterHub"). A filter is `!user=`, `!server=` or
//! `!group=`.

use jupyterhub_client::HubVersion;

/// How far a scope is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// For this server of this user.
    Yes,
    /// Only for a group, which the hub can resolve and a server cannot.
    ForGroup(String),
    /// For somebody else.
    Elsewhere(Vec<String>),
    /// Not at all.
    No,
}

/// Whether `scope` is held for a server of a user.
pub fn held(scopes: &[String], scope: &str, user: &str, server: &str) -> Held {
    let mut elsewhere = Vec::new();
    let mut group = None;
    for have in scopes {
        let (base, filter) = have.split_once('!').unwrap_or((have, ""));
        if base != scope {
            continue;
        }
        match filter.split_once('=') {
            None => return Held::Yes,
            Some(("user", name)) if name == user => return Held::Yes,
            Some(("server", name)) if name == format!("{user}/{server}") => return Held::Yes,
            Some(("group", _)) => group = Some(have.clone()),
            Some(_) => elsewhere.push(have.clone()),
        }
    }
    match group {
        Some(group) => Held::ForGroup(group),
        None if elsewhere.is_empty() => Held::No,
        None => Held::Elsewhere(elsewhere),
    }
}

/// The scopes that a visit needs of the hub itself.
pub fn needed(version: Option<&HubVersion>) -> [&'static str; 3] {
    // Until 5.x a start wants `servers`; from 6 on `start:servers`, which
    // `servers` implies (JupyterHub 6.0 changelog).
    let start = if version.is_some_and(HubVersion::splits_servers) {
        "start:servers"
    } else {
        "servers"
    };
    [start, "read:servers", "delete:servers"]
}

/// The scope that a request to the hub's API wants, by its method and its URL;
/// none for one that is not known here.
pub fn of_request(method: &str, url: &str, version: Option<&HubVersion>) -> Option<&'static str> {
    let (_, path) = url.split_once("/hub/api/")?;
    let path = path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let [start, read, delete] = needed(version);
    match (method, parts.as_slice()) {
        ("POST", ["users", _, "server"] | ["users", _, "servers", _]) => Some(start),
        ("DELETE", ["users", _, "server"] | ["users", _, "servers", _]) => Some(delete),
        (
            "GET",
            ["users", _]
            | ["users", _, "server", "progress"]
            | ["users", _, "servers", _, "progress"],
        ) => Some(read),
        _ => None,
    }
}

/// The scope that a visit needs of the server.
pub const ACCESS: &str = "access:servers";

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(list: &[&str]) -> Vec<String> {
        list.iter().map(|&scope| scope.to_owned()).collect()
    }

    #[test]
    fn filters_decide() {
        let all = scopes(&[
            "servers",
            "access:servers!user=b",
            "read:servers!server=a/x",
        ]);
        assert_eq!(held(&all, "servers", "a", ""), Held::Yes);
        assert_eq!(held(&all, "read:servers", "a", "x"), Held::Yes);
        assert_eq!(
            held(&all, "read:servers", "a", ""),
            Held::Elsewhere(scopes(&["read:servers!server=a/x"]))
        );
        assert_eq!(
            held(&all, "access:servers", "a", ""),
            Held::Elsewhere(scopes(&["access:servers!user=b"]))
        );
        assert_eq!(held(&all, "delete:servers", "a", ""), Held::No);
        let group = scopes(&["access:servers!group=g"]);
        assert_eq!(
            held(&group, ACCESS, "a", ""),
            Held::ForGroup("access:servers!group=g".into())
        );
    }
}
