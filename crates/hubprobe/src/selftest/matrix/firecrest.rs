//! Servers as jobs of FirecREST, by firecrestspawner. There is neither of them here, so both are emulated, word for word as a real
//! deployment spoke; what the hub makes of that is real. Also what such a deployment is when it is well: options in lists, a spawner
//! whose messages have no percentage, a stream that ends early.

use super::super::case::{After, Case, Deed, When};
use super::super::wording::{green, red};
use crate::vocabulary::Cause::{
    SpawnError, SpawnJobRejected, SpawnJobVanished, SpawnOptionsIgnored, SpawnQueued,
    SpawnSchedulerDown, StopSurvived,
};

/// As the page for such a deployment sends them.
const PAGE: &[&str] = &[
    "fault=firecrest",
    "partition=debug",
    "account=[proj]",
    "reservation=[\"\"]",
    "runtime=[\"00:05:00\"]",
    "nnodes=[\"1\"]",
];

pub(super) const CASES: &[Case] = &[
    red(
        "spawn-f7t-account",
        SpawnJobRejected,
        "Slurm refuses the account, which only the progress stream says",
    )
    .options(&["fault=firecrest", "account=[nosuch]"])
    .emulated()
    .fast(),
    red(
        "spawn-f7t-text",
        SpawnJobRejected,
        "the account is a text where the template takes the first of a list",
    )
    .options(&["fault=firecrest", "account=proj"])
    .emulated(),
    red(
        "spawn-f7t-nested",
        SpawnOptionsIgnored,
        "the options stand in a map user_options, and the job has none of them",
    )
    .options(&[
        "fault=firecrest",
        "user_options={\"partition\": \"debug\", \"reservation\": [\"class\"]}",
    ])
    .steps(&["options-honoured"])
    .emulated(),
    red(
        "spawn-f7t-queue",
        SpawnQueued,
        "the job waits past our deadline",
    )
    .options(&["fault=firecrest:queue"])
    .flags(&["--deadline", "start=4s", "--deadline", "queue=6s"])
    .emulated(),
    red(
        "spawn-f7t-queue-out",
        SpawnQueued,
        "the job waits past the hub's deadline, which says so without a word",
    )
    .options(&["fault=firecrest:queue", "start_timeout=12"])
    .emulated(),
    red(
        "spawn-f7t-dies",
        SpawnJobVanished,
        "the job is gone before it was seen to run",
    )
    .options(&["fault=firecrest:dies"])
    .emulated(),
    red(
        "spawn-f7t-dies-late",
        SpawnJobVanished,
        "the job was seen to run, and ends before its server answers",
    )
    .options(&["fault=firecrest:dies_late:4", "http_timeout=15"])
    .emulated(),
    red(
        "spawn-f7t-down",
        SpawnSchedulerDown,
        "nobody listens where FirecREST should be",
    )
    .options(&["fault=firecrest:down"])
    .emulated()
    .fast(),
    red(
        "spawn-f7t-hangs",
        SpawnSchedulerDown,
        "FirecREST takes the request and never answers",
    )
    .options(&["fault=firecrest:hangs:12"])
    .emulated(),
    red(
        "spawn-f7t-silent",
        SpawnSchedulerDown,
        "the same, until our own deadline comes",
    )
    .options(&["fault=firecrest:hangs:40"])
    .flags(&["--deadline", "start=11s"])
    .emulated(),
    red(
        "spawn-f7t-unhealthy",
        SpawnError,
        "FirecREST answers 503, and the spawner does not say so",
    )
    .options(&["fault=firecrest:unhealthy"])
    .emulated(),
    red(
        "spawn-f7t-slurmctld",
        SpawnSchedulerDown,
        "FirecREST is well, and its Slurm does not answer",
    )
    .options(&["fault=firecrest:no_slurmctld:3"])
    .emulated(),
    red(
        "stop-f7t-keeps",
        StopSurvived,
        "FirecREST is down at the stop: the hub answers 204 and forgets the job",
    )
    .options(&["fault=firecrest:keeps"])
    .exits(4)
    .leaves(After::Anything)
    .emulated(),
    red(
        "stop-f7t-orphan",
        StopSurvived,
        "and the next server is answered for by that job, on the same port",
    )
    .options(&["fault=firecrest:keeps"])
    .deeds(&[
        (When::Before, Deed::EarlierCheck),
        (When::Before, Deed::Wait(12.0)),
    ])
    .exits(4)
    .leaves(After::Anything)
    .emulated(),
    green(
        "green-f7t",
        "FirecREST, with options in lists as its page sends them",
    )
    .options(PAGE)
    .steps(&["options-honoured"])
    .emulated()
    .fast(),
    green(
        "green-f7t-old",
        "its spawner of before April 2026, whose progress stream ends early",
    )
    .options(&["fault=firecrest:old"])
    .emulated(),
];
