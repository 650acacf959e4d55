//! Scopes for people: what a token may do, in words, and whether it may do
//! more than was asked for.
//!
//! The table holds the part of the scopes' hierarchy that matters for users
//! and their servers (JupyterHub documentation, "Available scopes"). A scope
//! that it does not know is shown as it is.

use jupyterhub_client::HubVersion;

/// What a check needs, and no more: start, see and stop the account's servers,
/// work on them, and see when the token expires.
const DEFAULT: [&str; 3] = ["servers", "access:servers", "read:tokens"];

/// The same from JupyterHub 6.0 on, where a start wants `start:servers` alone:
/// `servers` holds the first three, and opens pages of the hub besides (6.0
/// changelog).
const DEFAULT_SINCE_6: [&str; 5] = [
    "start:servers",
    "read:servers",
    "delete:servers",
    "access:servers",
    "read:tokens",
];

/// A scope, what it includes, and what it allows to do to `{}`.
const TABLE: &[(&str, &[&str], &str)] = &[
    (
        "admin:users",
        &[
            "users",
            "delete:users",
            "admin:auth_state",
            "read:roles:users",
        ],
        "create, change and delete {}, which amounts to everything",
    ),
    (
        "admin:servers",
        &["servers", "admin:server_state"],
        "do all with the servers of {}",
    ),
    (
        "admin:groups",
        &["groups", "delete:groups", "read:roles:groups"],
        "create, change and delete groups",
    ),
    (
        "servers",
        &["start:servers", "read:servers", "delete:servers"],
        "start, see and stop the servers of {}",
    ),
    ("start:servers", &[], "start the servers of {}"),
    ("delete:servers", &[], "stop the servers of {}"),
    (
        "read:servers",
        &["read:users:name"],
        "see the servers of {}",
    ),
    (
        "access:servers",
        &[],
        "work on the servers of {} (kernels, files, terminals)",
    ),
    (
        "tokens",
        &["read:tokens"],
        "make and revoke API tokens of {}",
    ),
    ("read:tokens", &[], "see when the API tokens of {} expire"),
    (
        "users",
        &["read:users", "list:users", "users:activity"],
        "change {}",
    ),
    ("delete:users", &[], "delete {}"),
    (
        "read:users",
        &[
            "read:users:name",
            "read:users:groups",
            "read:users:activity",
        ],
        "read about {}: groups, activity",
    ),
    ("list:users", &["read:users:name"], "list {}"),
    (
        "users:activity",
        &["read:users:activity"],
        "report activity of {}",
    ),
    (
        "shares",
        &[
            "access:servers",
            "read:shares",
            "users:shares",
            "groups:shares",
        ],
        "work on the servers of {}, and share them with others",
    ),
    (
        "users:shares",
        &["read:users:shares"],
        "give up servers that others share with {}",
    ),
    (
        "read:shares",
        &[],
        "see with whom the servers of {} are shared",
    ),
    (
        "read:users:shares",
        &[],
        "see which servers others share with {}",
    ),
    ("read:users:name", &[], "see the name of {}"),
    ("read:users:groups", &[], "see the groups of {}"),
    ("read:users:activity", &[], "see when {} was last active"),
    (
        "admin:server_state",
        &[],
        "see the inner state of the servers of {}",
    ),
    (
        "admin:auth_state",
        &[],
        "see the login secrets (auth_state) of {}",
    ),
    ("read:roles:users", &[], "see the roles of {}"),
    ("read:hub", &[], "see what the hub is made of"),
    ("read:metrics", &[], "read the hub's metrics"),
    ("proxy", &[], "see and change the proxy's table"),
    ("shutdown", &[], "shut the hub down"),
];

/// A hub gives every token these two of its own owner (`identify_scopes`).
const IDENTITY: [&str; 2] = ["read:users:name", "read:users:groups"];

/// The scopes of an account's token where none are asked for, on a hub of this
/// version.
pub fn least(name: &str, version: Option<&HubVersion>) -> Vec<String> {
    let scopes: &[&str] = if version.is_some_and(HubVersion::splits_servers) {
        &DEFAULT_SINCE_6
    } else {
        &DEFAULT
    };
    scopes
        .iter()
        .map(|scope| format!("{scope}!user={name}"))
        .collect()
}

fn split(scope: &str) -> (&str, &str) {
    scope.split_once('!').unwrap_or((scope, ""))
}

/// Whether `have` includes `other`, filters apart.
fn includes(have: &str, other: &str) -> bool {
    have == other
        || TABLE
            .iter()
            .find(|(scope, _, _)| *scope == have)
            .is_some_and(|(_, parts, _)| parts.iter().any(|part| includes(part, other)))
}

/// Whether holding `have` is holding `other` too.
fn covers(have: &str, other: &str) -> bool {
    let ((have, own), (other, wanted)) = (split(have), split(other));
    (own.is_empty() || own == wanted) && includes(have, other)
}

/// The three parts of `servers` from JupyterHub 6.0 on.
const OF_SERVERS: [&str; 3] = ["start:servers", "read:servers", "delete:servers"];

/// What may be done with these scopes, one line each; what another includes is
/// left out, and what is there in all its parts is one. `held` as the hub says
/// it, filters resolved.
pub fn in_words(held: &[String]) -> Vec<String> {
    let known = |scope: &str| TABLE.iter().position(|row| row.0 == split(scope).0);
    let together = held.iter().filter_map(|scope| {
        let end = scope.strip_prefix(OF_SERVERS[0])?;
        OF_SERVERS
            .iter()
            .all(|part| held.contains(&format!("{part}{end}")))
            .then(|| format!("servers{end}"))
    });
    let all: Vec<String> = held.iter().cloned().chain(together).collect();
    let mut shown: Vec<&String> = all
        .iter()
        .filter(|scope| {
            !all.iter()
                .any(|other| other != *scope && covers(other, scope))
        })
        .filter(|scope| held.len() == 1 || !is_identity(scope))
        .collect();
    shown.sort_by_key(|scope| (known(scope).unwrap_or(usize::MAX), (*scope).clone()));
    let mut lines: Vec<String> = shown.into_iter().map(|scope| one_in_words(scope)).collect();
    lines.dedup();
    if lines.is_empty() {
        lines.push("see its own name, and nothing else".to_owned());
    }
    lines
}

fn is_identity(scope: &str) -> bool {
    let (base, filter) = split(scope);
    IDENTITY.contains(&base) && filter.starts_with("user=")
}

fn one_in_words(scope: &str) -> String {
    let (base, filter) = split(scope);
    let who = match filter.split_once('=') {
        None if filter.is_empty() => "EVERY user".to_owned(),
        Some(("user", name)) => name.to_owned(),
        Some(("group", name)) => format!("every user in the group {name}"),
        Some(("server", name)) => format!("the owner of {name}, this one only"),
        _ => format!("({filter})"),
    };
    TABLE.iter().find(|row| row.0 == base).map_or_else(
        || format!("use the scope {scope}"),
        |row| row.2.replace("{}", &who),
    )
}

/// The scopes that imply all of these: what to ask for, to hold the same again.
pub fn without_implied(held: &[String]) -> Vec<String> {
    let mut own: Vec<String> = held
        .iter()
        .filter(|scope| {
            !held
                .iter()
                .any(|other| other != *scope && covers(other, scope))
        })
        .filter(|scope| !is_identity(scope))
        .cloned()
        .collect();
    own.dedup();
    if own.is_empty() { held.to_vec() } else { own }
}

/// What was asked for against what is held.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Compared {
    /// Held, though nobody asked for it.
    pub beyond: Vec<String>,
    /// Asked for, and not held.
    pub lacking: Vec<String>,
}

/// Compares. An owner-relative filter (`!user`) is the account's; sets of
/// scopes such as `self` cannot be compared and are passed over.
pub fn compare(asked: &[String], held: &[String], name: &str) -> Compared {
    let own = |scope: &String| match split(scope) {
        (base, "user") => format!("{base}!user={name}"),
        _ => scope.clone(),
    };
    let asked: Vec<String> = asked.iter().map(own).collect();
    if asked
        .iter()
        .any(|scope| matches!(split(scope).0, "self" | "inherit" | "all"))
    {
        return Compared::default();
    }
    // What a custom scope includes is the hub's secret.
    let custom = asked.iter().any(|scope| scope.starts_with("custom:"));
    let beyond = held
        .iter()
        .filter(|scope| !custom && !is_identity(scope))
        .filter(|scope| !asked.iter().any(|have| covers(have, scope)))
        .cloned();
    let lacking = asked
        .iter()
        .filter(|scope| !held.iter().any(|have| covers(have, scope)))
        .cloned();
    Compared {
        beyond: beyond.collect(),
        lacking: lacking.collect(),
    }
}

/// The scopes that reach beyond one user, group or server, those apart that
/// only read about the hub.
pub fn unfiltered(held: &[String]) -> Vec<String> {
    held.iter()
        .filter(|scope| split(scope).1.is_empty() && scope.as_str() != "read:hub")
        .filter(|scope| {
            !held
                .iter()
                .any(|other| other != *scope && covers(other, scope))
        })
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    /// As JupyterHub 6.1.1 answers for `servers`, `access:servers` and `read:tokens`.
    const HELD: &str = "access:servers!user=joe delete:servers!user=joe read:servers!user=joe read:tokens!user=joe \
                        read:users:groups!user=joe read:users:name!user=joe servers!user=joe start:servers!user=joe";

    #[test]
    fn the_default_is_three_lines() {
        assert_eq!(
            in_words(&list(HELD)),
            [
                "start, see and stop the servers of joe",
                "work on the servers of joe (kernels, files, terminals)",
                "see when the API tokens of joe expire",
            ]
        );
        assert_eq!(
            compare(&least("joe", None), &list(HELD), "joe"),
            Compared::default()
        );
        assert_eq!(unfiltered(&list(HELD)), Vec::<String>::new());
    }

    /// As JupyterHub 6.1.1 answers for what it is asked for where nothing else is.
    #[test]
    fn from_6_on_the_start_has_a_scope_of_its_own() {
        let version = HubVersion::parse("6.1.1").unwrap();
        let asked = least("joe", Some(&version));
        assert!(!asked.contains(&"servers!user=joe".to_owned()), "{asked:?}");
        let held = list(
            "access:servers!user=joe delete:servers!user=joe read:servers!user=joe read:tokens!user=joe \
             read:users:groups!user=joe read:users:name!user=joe start:servers!user=joe",
        );
        assert_eq!(compare(&asked, &held, "joe"), Compared::default());
        assert_eq!(
            in_words(&held),
            [
                "start, see and stop the servers of joe",
                "work on the servers of joe (kernels, files, terminals)",
                "see when the API tokens of joe expire",
            ]
        );
        // Whoever may start a server may not therefore see it.
        let blind = list(
            "start:servers!user=joe delete:servers!user=joe access:servers!user=joe read:tokens!user=joe",
        );
        assert_eq!(in_words(&blind)[0], "start the servers of joe");
        let lacking = compare(&asked, &blind, "joe").lacking;
        assert_eq!(lacking, ["read:servers!user=joe"]);
        let before = HubVersion::parse("5.5.4").unwrap();
        assert_eq!(least("joe", Some(&before)), least("joe", None));
    }

    #[test]
    fn the_same_can_be_asked_for_again() {
        assert_eq!(
            without_implied(&list(HELD)),
            [
                "access:servers!user=joe",
                "read:tokens!user=joe",
                "servers!user=joe"
            ]
        );
        assert_eq!(without_implied(&list("read:users:name!user=joe")).len(), 1);
    }

    #[test]
    fn too_much_and_too_little_are_seen() {
        let held = list(&format!("{HELD} tokens!user=joe admin:users"));
        let compared = compare(&least("joe", None), &held, "joe");
        assert_eq!(compared.beyond, ["tokens!user=joe", "admin:users"]);
        let compared = compare(
            &least("joe", None),
            &list("read:servers!user=joe read:tokens"),
            "joe",
        );
        assert_eq!(
            compared.lacking,
            ["servers!user=joe", "access:servers!user=joe"]
        );
        assert_eq!(compared.beyond, ["read:tokens"]);
        assert_eq!(unfiltered(&held), ["admin:users"]);
    }

    #[test]
    fn filters_are_told_apart() {
        assert_eq!(
            compare(&list("servers!user"), &list("servers!user=joe"), "joe"),
            Compared::default()
        );
        let other = compare(&list("servers!user=ann"), &list("servers!user=joe"), "joe");
        assert_eq!(other.lacking, ["servers!user=ann"]);
        assert_eq!(
            in_words(&list("servers custom:x!user=joe read:servers!group=g")),
            [
                "start, see and stop the servers of EVERY user",
                "use the scope custom:x!user=joe"
            ]
        );
        assert_eq!(
            in_words(&list("read:users:name!user=joe read:users:groups!user=joe")).len(),
            1
        );
    }
}
