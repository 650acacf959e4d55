//! Layers 6 and 7: spawns that begin and come to no good end.

use super::super::case::{After, Case, Deed, When};
use super::super::kind::{HubKind, RESTLESS};
use super::super::wording::red;
use crate::vocabulary::Cause::{
    SpawnCancelled, SpawnCannotReachHub, SpawnCredentialsExpired, SpawnError, SpawnExited,
    SpawnJobRejected, SpawnJobVanished, SpawnNeverAnswered, SpawnNoCommand, SpawnNoCredentials,
    SpawnProxyUnreachable, SpawnQueued, SpawnSchedulerDown, SpawnStartTimeout, SpawnTooSlow,
};

/// The proxy's API is lost to it for good.
const PROXY_LOST: HubKind = HubKind {
    name: "proxy-lost",
    ..RESTLESS
}
.deserted();

pub(super) const CASES: &[Case] = &[
    red("spawn-raises", SpawnError, "the spawner raises at once")
        .options(&["fault=raise"])
        .fast(),
    red(
        "spawn-raises-late",
        SpawnError,
        "the spawner raises after the start request was answered",
    )
    .options(&["fault=late_raise:12"]),
    red(
        "spawn-raises-text",
        SpawnError,
        "the spawner raises with words that nobody knows",
    )
    .options(&["fault=raise_text:The flux capacitor is empty"]),
    red(
        "spawn-raises-words",
        SpawnError,
        "the spawner raises with words for the user",
    )
    .options(&["fault=raise_message:Ask the operators about ticket 42"]),
    red(
        "spawn-start-timeout",
        SpawnStartTimeout,
        "the spawner never comes back, and the hub gives up",
    )
    .options(&["fault=hang", "start_timeout=4"])
    .fast(),
    red(
        "spawn-timeout-late",
        SpawnStartTimeout,
        "the same, after the start request was answered",
    )
    .options(&["fault=hang", "start_timeout=13"]),
    red(
        "spawn-too-slow",
        SpawnTooSlow,
        "our own deadline comes before the hub's",
    )
    .options(&["fault=hang", "start_timeout=8"])
    .flags(&["--deadline", "start=2s"])
    .fast(),
    red(
        "spawn-wrong-port",
        SpawnNeverAnswered,
        "the hub is told a port where nothing listens",
    )
    .options(&["fault=wrong_port", "http_timeout=4"])
    .fast(),
    red(
        "spawn-deaf",
        SpawnNeverAnswered,
        "the server's process lives and listens nowhere",
    )
    .options(&["fault=deaf", "http_timeout=6"]),
    red(
        "spawn-exits",
        SpawnExited,
        "the server's process ends at once",
    )
    .options(&["fault=exit", "http_timeout=15"])
    .fast(),
    red(
        "spawn-exits-late",
        SpawnExited,
        "the server's process ends after some seconds",
    )
    .options(&["fault=exit_late:5", "http_timeout=20"]),
    red(
        "spawn-exits-unseen",
        SpawnNeverAnswered,
        "the server's process ends so late that the hub does not look again",
    )
    .options(&["fault=exit_late:12", "http_timeout=20"]),
    red(
        "spawn-no-command",
        SpawnNoCommand,
        "the single-user command does not exist",
    )
    .options(&["fault=nocmd"])
    .fast(),
    red(
        "spawn-no-hub",
        SpawnCannotReachHub,
        "the server cannot reach the hub, and says so",
    )
    .options(&["fault=no_hub", "http_timeout=30"]),
    red(
        "spawn-no-hub-silent",
        SpawnNeverAnswered,
        "the server cannot reach the hub, and waits without a word",
    )
    .options(&["fault=no_hub_silent", "http_timeout=6"]),
    red(
        "spawn-cancelled",
        SpawnCancelled,
        "somebody stops the server while it starts",
    )
    .options(&["fault=slow:20"])
    // Before 5.1 a hub refuses to stop what is starting.
    .from(5)
    .deeds(&[(When::Pending(1.0), Deed::Stop)]),
    red(
        "spawn-taken-away",
        SpawnCancelled,
        "the server is stopped from within the hub while it starts",
    )
    .options(&["fault=cancelled:3"])
    .from(5),
    red(
        "spawn-proxy-token",
        SpawnProxyUnreachable,
        "the hub's token for the proxy is not the proxy's",
    )
    .on(&PROXY_LOST)
    .deeds(&[(When::Before, Deed::BreakProxyToken)]),
    red(
        "spawn-no-auth-state",
        SpawnNoCredentials,
        "a hook reads the auth_state of an account that has none",
    )
    .options(&["fault=nonetype"])
    .fast(),
    red(
        "spawn-grant-expired",
        SpawnCredentialsExpired,
        "the refresh token in the account's auth_state has expired",
    )
    .options(&["fault=invalid_grant"])
    .emulated()
    .fast(),
    red(
        "spawn-firecrest-401",
        SpawnNoCredentials,
        "firecrestspawner wants a login that the account does not have",
    )
    .options(&["fault=firecrest_401"])
    .emulated(),
    red(
        "spawn-job-rejected",
        SpawnJobRejected,
        "the scheduler refuses the job's account",
    )
    .options(&["fault=\"raise_text:sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified\""])
    .emulated()
    .fast(),
    red(
        "spawn-job-vanished",
        SpawnJobVanished,
        "the job ends before it has started the server",
    )
    .options(&["fault=raise_text:The Jupyter batch job has disappeared while pending in the queue or died immediately after starting."])
    .emulated(),
    red(
        "spawn-no-scheduler",
        SpawnSchedulerDown,
        "the scheduler does not answer when the job is submitted",
    )
    .options(&["fault=\"raise_text:sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)\""])
    .emulated(),
    red(
        "spawn-queued",
        SpawnQueued,
        "a scheduler keeps the server waiting past our deadline",
    )
    .options(&["fault=queue"])
    .flags(&["--deadline", "start=2s", "--deadline", "queue=6s"])
    .emulated(),
    red(
        "spawn-queued-out",
        SpawnQueued,
        "a scheduler keeps the server waiting past the hub's deadline",
    )
    .options(&["fault=queue", "start_timeout=5"])
    .emulated()
    .fast(),
    red(
        "spawn-hub-freezes",
        SpawnTooSlow,
        "the hub stops answering while the server starts",
    )
    .on(&RESTLESS)
    .options(&["fault=slow:30"])
    .flags(&["--deadline", "start=6s", "--deadline", "stop=4s"])
    .deeds(&[(When::Pending(0.5), Deed::FreezeHub(14.0))])
    .exits(4)
    .leaves(After::Leftovers),
];
