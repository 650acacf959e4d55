//! The faults of a hub's configuration. What they do is in python/hub_faults.py.

use super::{FaultKind, Place};

const fn kind(name: &'static str, argument: Option<&'static str>, what: &'static str) -> FaultKind {
    super::kind(Place::Hub, name, argument, what)
}

pub(super) const KINDS: &[FaultKind] = &[
    kind(
        "hub_full",
        Some("N"),
        "at most N servers may be active (active_server_limit)",
    ),
    kind(
        "throttled",
        Some("N"),
        "at most N servers may start at once (concurrent_spawn_limit)",
    ),
    kind("no_named_servers", None, "named servers are not allowed"),
    kind(
        "named_limit",
        Some("N"),
        "a user may have at most N named servers",
    ),
    kind(
        "policy",
        Some("TEXT"),
        "a hook refuses every spawn with 403 and these words",
    ),
    kind(
        "options_checked",
        None,
        "options other than `profile` (small or large) are refused with 400",
    ),
    kind(
        "service",
        None,
        "nothing is broken: the service `prober-service` may start and use the servers of `servuser`",
    ),
    kind(
        "stale_login",
        None,
        "an OpenID provider that cannot be reached: whoever never logged in is refused (the service `prober-service` is there)",
    ),
    kind(
        "stale_spawn",
        None,
        "the same, as a service sees it: `prober-service` may ask for `servuser`'s server, and the spawn is refused",
    ),
    kind(
        "few_scopes",
        None,
        "users hold next to no scopes; members of the group `probers` hold the usual ones",
    ),
    kind(
        "pam",
        None,
        "only users of the system can be created (PAMAuthenticator)",
    ),
    kind(
        "db_full",
        None,
        "the disk with the database is full from the first spawn on (a hub started again begins with an empty one)",
    ),
    kind(
        "db_readonly",
        None,
        "the database cannot be written to from the first spawn on",
    ),
    kind(
        "busy",
        Some("SEC"),
        "every spawn keeps the whole hub from answering for SEC seconds",
    ),
    kind(
        "slow_api",
        Some("SEC"),
        "the hub's interface takes SEC seconds longer for each answer",
    ),
    kind(
        "culler",
        Some("SEC"),
        "jupyterhub-idle-culler stops what was idle for SEC seconds",
    ),
];
