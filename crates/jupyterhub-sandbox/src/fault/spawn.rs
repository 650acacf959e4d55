//! The faults of a spawn. What they do is in python/faults.py and the files that it names.

use super::{FaultKind, Place};

const fn kind(name: &'static str, argument: Option<&'static str>, what: &'static str) -> FaultKind {
    super::kind(Place::Spawn, name, argument, what)
}

/// What can go wrong with FirecREST: the first part of the argument of `firecrest`.
pub(super) const FIRECREST: [&str; 9] = [
    "old",
    "queue",
    "dies",
    "dies_late",
    "down",
    "hangs",
    "unhealthy",
    "no_slurmctld",
    "keeps",
];

pub(super) const KINDS: &[FaultKind] = &[
    kind("raise", None, "the spawner raises at once"),
    kind(
        "raise_again",
        None,
        "it raises at every second start of an account's server",
    ),
    kind("late_raise", Some("SEC"), "it raises after SEC seconds"),
    kind(
        "hang",
        None,
        "it never comes back; with the option `start_timeout` the hub gives up after so many seconds",
    ),
    kind("slow", Some("SEC"), "it takes SEC seconds longer"),
    kind("queue", None, "it says \"Pending in queue...\" for ever"),
    kind(
        "exit",
        None,
        "the server's process ends at once with status 3",
    ),
    kind("nocmd", None, "the server's program does not exist"),
    kind(
        "wrong_port",
        None,
        "the hub is told a port where nothing listens; with the option `http_timeout` it gives up after so many seconds",
    ),
    kind(
        "die_after",
        Some("SEC"),
        "the server is killed SEC seconds after its start",
    ),
    kind("stop_raise", None, "the stop raises, the process lives on"),
    kind(
        "stop_noop",
        None,
        "the stop does nothing, the process lives on",
    ),
    kind(
        "stop_slow",
        Some("SEC"),
        "the stop takes SEC seconds longer",
    ),
    kind(
        "progress_raise",
        Some("SEC"),
        "the progress stream breaks, the spawn goes on and takes SEC seconds longer",
    ),
    kind(
        "progress_end",
        Some("SEC"),
        "the progress stream ends early without a last word, the spawn as above",
    ),
    kind(
        "raise_text",
        Some("TEXT"),
        "the spawner raises with these words",
    ),
    kind(
        "raise_message",
        Some("TEXT"),
        "the spawner raises with these words for the user (jupyterhub_message)",
    ),
    kind(
        "http",
        Some("STATUS:TEXT"),
        "the spawner raises an HTTP error with this status and these words",
    ),
    kind(
        "nonetype",
        None,
        "the spawner takes a login for granted ('NoneType' object is not subscriptable)",
    ),
    kind(
        "invalid_grant",
        None,
        "the provider refuses to refresh the login, as firecrestspawner says it (400)",
    ),
    kind(
        "firecrest_401",
        None,
        "the account has no login, as firecrestspawner says it (401)",
    ),
    kind(
        "hook_denies",
        Some("TEXT"),
        "a hook refuses the spawn with 403 and these words",
    ),
    kind(
        "bad_option",
        Some("TEXT"),
        "the options are refused with 400 and these words",
    ),
    kind(
        "exit_late",
        Some("SEC"),
        "the server's process ends after SEC seconds without ever answering",
    ),
    kind(
        "deaf",
        None,
        "the server's process lives and listens nowhere",
    ),
    kind(
        "old_server",
        None,
        "the server is that of JupyterHub 1.5.1, which knows no scopes: it lets in the user's own tokens and nobody else's (the sandbox must be started with it)",
    ),
    kind(
        "no_hub",
        None,
        "the server cannot reach the hub (that of JupyterHub 2 comes up all the same); its log is shown while it starts",
    ),
    kind(
        "no_hub_silent",
        None,
        "the server cannot reach the hub, and nothing is shown",
    ),
    kind(
        "hub_lost",
        Some("SEC"),
        "the server can no longer reach the hub, SEC seconds after it is up",
    ),
    kind(
        "cancelled",
        Some("SEC"),
        "somebody else stops the server SEC seconds after the request, while it starts (before JupyterHub 5.1 the hub refuses that)",
    ),
    kind(
        "culled",
        Some("SEC"),
        "somebody else stops the server SEC seconds after it is up",
    ),
    kind(
        "restarted",
        None,
        "somebody else starts the server again as soon as it is stopped",
    ),
    kind(
        "route_never",
        None,
        "the server is ready, but the proxy never learns its route",
    ),
    kind(
        "route_late",
        Some("SEC"),
        "the proxy learns the route SEC seconds after the server is ready",
    ),
    kind(
        "route_lost",
        Some("SEC"),
        "the proxy forgets the route SEC seconds after the server is up",
    ),
    kind("stop_for_ever", None, "the stop never comes back"),
    kind(
        "k8s_pull_notfound",
        None,
        "emulated: the image does not exist; the pod is waited for until start_timeout",
    ),
    kind(
        "k8s_pull_unauthorized",
        None,
        "emulated: the registry wants a login; as above",
    ),
    kind(
        "k8s_pull_toomany",
        None,
        "emulated: the registry's pull limit is reached; as above",
    ),
    kind(
        "k8s_unschedulable",
        None,
        "emulated: no node has room, and none is added; as above",
    ),
    kind(
        "k8s_scale_up",
        Some("SEC"),
        "emulated: no node has room, one is added, and all is well after SEC seconds",
    ),
    kind(
        "k8s_volume",
        None,
        "emulated: the volume is still attached elsewhere; as above",
    ),
    kind(
        "k8s_mount",
        None,
        "emulated: the home cannot be mounted; as above",
    ),
    kind(
        "k8s_quota",
        None,
        "emulated: a resource quota refuses the pod at once",
    ),
    kind(
        "k8s_webhook",
        None,
        "emulated: an admission webhook refuses the pod at once",
    ),
    kind(
        "k8s_crash",
        None,
        "emulated: the container ends again and again; waited for until start_timeout",
    ),
    kind(
        "k8s_oom",
        None,
        "emulated: the container is killed for its memory (status 137)",
    ),
    kind(
        "firecrest",
        Some("[HOW]"),
        "emulated: FirecREST and Slurm by firecrestspawner, in its own words; HOW is what goes wrong: old, queue, dies, dies_late, down, hangs, unhealthy, no_slurmctld or keeps (see docs/sandbox.md), each with :SEC for how long it takes",
    ),
    kind("home_readonly", None, "the home cannot be written to"),
    kind(
        "home_full",
        Some("[SIZE]"),
        "the home has room for SIZE (512k)",
    ),
    kind(
        "home_fills",
        None,
        "the home is full as soon as the server is up",
    ),
    kind(
        "home_fresh",
        None,
        "every start finds an empty home, as in an emptyDir",
    ),
    kind(
        "home_forgets",
        None,
        "what is saved in the home is gone at once",
    ),
];
