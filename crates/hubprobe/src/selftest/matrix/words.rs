//! Spawns whose failure is told in the words of Kubernetes. There is no cluster here, so the events are emulated, word for word.

use super::super::case::Case;
use super::super::wording::red;
use crate::vocabulary::Cause::{
    SpawnExited, SpawnImagePull, SpawnQuota, SpawnUnschedulable, SpawnVolume,
};

/// The hub's own patience with a pod that does not come up.
const GIVES_UP: &str = "start_timeout=6";

const fn told(
    name: &'static str,
    cause: crate::vocabulary::Cause,
    broken: &'static str,
    options: &'static [&'static str],
) -> Case {
    red(name, cause, broken).options(options).emulated()
}

pub(super) const CASES: &[Case] = &[
    told(
        "spawn-image-unknown",
        SpawnImagePull,
        "Kubernetes finds no such image",
        &["fault=k8s_pull_notfound", GIVES_UP],
    )
    .fast(),
    told(
        "spawn-image-secret",
        SpawnImagePull,
        "the registry wants a secret that Kubernetes does not have",
        &["fault=k8s_pull_unauthorized", GIVES_UP],
    ),
    told(
        "spawn-image-limit",
        SpawnImagePull,
        "the registry's rate limit is reached",
        &["fault=k8s_pull_toomany", GIVES_UP],
    ),
    told(
        "spawn-no-node",
        SpawnUnschedulable,
        "no node of the cluster has room",
        &["fault=k8s_unschedulable", GIVES_UP],
    )
    .fast(),
    told(
        "spawn-volume",
        SpawnVolume,
        "the home's volume is attached elsewhere",
        &["fault=k8s_volume", GIVES_UP],
    )
    .fast(),
    told(
        "spawn-mount",
        SpawnVolume,
        "the home's volume cannot be mounted",
        &["fault=k8s_mount", GIVES_UP],
    ),
    told(
        "spawn-quota",
        SpawnQuota,
        "the namespace's quota is reached",
        &["fault=k8s_quota", GIVES_UP],
    )
    .fast(),
    told(
        "spawn-webhook",
        SpawnQuota,
        "an admission webhook refuses the pod",
        &["fault=k8s_webhook", GIVES_UP],
    ),
    told(
        "spawn-crash-loop",
        SpawnExited,
        "the pod's container crashes again and again",
        &["fault=k8s_crash", GIVES_UP],
    ),
    told(
        "spawn-oom",
        SpawnExited,
        "the pod is killed for want of memory",
        &["fault=k8s_oom", GIVES_UP],
    ),
];
