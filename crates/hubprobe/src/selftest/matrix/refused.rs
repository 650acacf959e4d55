//! Layer 5: spawns that the hub refuses before anything is started.

use super::super::case::{After, Case, Deed, Token, When};
use super::super::kind::{HubKind, standing};
use super::super::wording::red;
use crate::vocabulary::Cause::{
    SpawnAlreadyRunning, SpawnBadOptions, SpawnDenied, SpawnForeignPending, SpawnHubFull,
    SpawnNamedServers, SpawnPendingStop, SpawnStaleLogin, SpawnThrottled,
};

/// The human's two servers fill it.
const FULL: HubKind = standing("full", &["hub_full:2"]);
const ONE_AT_A_TIME: HubKind = standing("one-at-a-time", &["throttled:1"]);
const NO_NAMED: HubKind = standing("no-named", &["no_named_servers"]).deserted();
const ONE_NAMED: HubKind = standing("one-named", &["named_limit:1"]);
const POLICY: HubKind = standing(
    "policy",
    &["policy:Only members of the project may start servers"],
)
.deserted();
const CHECKED: HubKind = standing("options-checked", &["options_checked"]);
const STALE_SPAWN: HubKind = standing("stale-spawn", &["stale_spawn"]).deserted();

const START: &str = "{}";

pub(super) const CASES: &[Case] = &[
    red(
        "spawn-throttled",
        SpawnThrottled,
        "another spawn holds the only place (concurrent_spawn_limit)",
    )
    .on(&ONE_AT_A_TIME)
    .flags(&["--deadline", "queue=3s"])
    .deeds(&[(When::Before, Deed::OtherStarts(r#"{"fault": "slow:40"}"#))]),
    red(
        "spawn-hub-full",
        SpawnHubFull,
        "as many servers run as the hub allows (active_server_limit)",
    )
    .on(&FULL),
    red(
        "spawn-running",
        SpawnAlreadyRunning,
        "somebody's server runs on the account",
    )
    .deeds(&[(When::Before, Deed::Start("", START))])
    .leaves(After::Somebodys)
    .fast(),
    red(
        "spawn-foreign",
        SpawnForeignPending,
        "somebody else's spawn is under way on the account",
    )
    .deeds(&[(When::Before, Deed::Start("", r#"{"fault": "slow:25"}"#))])
    .leaves(After::Somebodys),
    red(
        "spawn-last-stop",
        SpawnPendingStop,
        "the account's last server does not end",
    )
    .flags(&["--deadline", "start=4s", "--deadline", "stop=5s"])
    .deeds(&[
        (
            When::Before,
            Deed::Start("", r#"{"fault": "stop_for_ever"}"#),
        ),
        (When::Before, Deed::Stop),
    ])
    .leaves(After::Anything),
    red(
        "spawn-no-named",
        SpawnNamedServers,
        "the hub has named servers disabled",
    )
    .on(&NO_NAMED)
    .flags(&["--server", "second"]),
    red(
        "spawn-named-limit",
        SpawnNamedServers,
        "the account has as many named servers as the hub allows",
    )
    .on(&ONE_NAMED)
    .flags(&["--server", "second"])
    .deeds(&[(When::Before, Deed::Start("first", START))])
    .leaves(After::Somebodys),
    red(
        "spawn-named-badly",
        SpawnNamedServers,
        "the hub does not like the server's name",
    )
    .from(6)
    .flags(&["--server", "Not_A_Name"])
    .fast(),
    red(
        "spawn-policy",
        SpawnDenied,
        "the site's policy says no before the spawn",
    )
    .on(&POLICY),
    red(
        "spawn-hook-denies",
        SpawnDenied,
        "a hook of the site says no",
    )
    .options(&["fault=hook_denies:You are not in the group of this course"])
    .fast(),
    red(
        "spawn-site-says-no",
        SpawnDenied,
        "the spawner refuses with words of the site's own",
    )
    .options(&[r#"fault="http:409:Your budget is used up""#]),
    red(
        "spawn-options",
        SpawnBadOptions,
        "the hub checks the options and refuses one",
    )
    .on(&CHECKED)
    .options(&["partition=nowhere"]),
    red(
        "spawn-no-profile",
        SpawnBadOptions,
        "the spawner has no such profile",
    )
    .options(&[r#"fault="bad_option:No such profile: huge. Options include: small, large""#]),
    red(
        "spawn-stale-login",
        SpawnStaleLogin,
        "the login is refreshed before a spawn, and has expired",
    )
    .on(&STALE_SPAWN)
    .token(Token::Service)
    .user("servuser"),
];
