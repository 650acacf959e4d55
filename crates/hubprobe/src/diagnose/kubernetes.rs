//! What Kubernetes says while a pod starts, as KubeSpawner passes it on: each
//! event as a message (`TIME [Warning] words`) with the event itself beside it
//! (`raw_event`, with its `reason`).
//!
//! The reason decides, where there is one, else the words. A later event may
//! heal an earlier one (`Scheduled` after `FailedScheduling`), so what counts
//! is the trouble that stands at the end. Reasons: the Kubernetes sources,
//! `pkg/kubelet/events/event.go` and the scheduler's.

use serde_json::Value;

use super::excerpt;
use crate::vocabulary::{Cause, Finding};

/// How far a pod has come; an event of a later stage heals trouble of an
/// earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum StageOfPod {
    Scheduling,
    Volumes,
    Image,
    Container,
}

/// One row: a reason or none, words of which one must be there (none: any),
/// and what it means.
struct Row {
    reasons: &'static [&'static str],
    words: &'static [&'static str],
    stage: StageOfPod,
    cause: Cause,
    summary: &'static str,
}

use StageOfPod::{Container, Image, Scheduling, Volumes};

const ROWS: &[Row] = &[
    // Volumes first: the scheduler complains of them too.
    Row {
        reasons: &[],
        words: &[
            "unbound immediate persistentvolumeclaims",
            "volume node affinity conflict",
            "multi-attach error",
            "unable to attach or mount volumes",
            "mountvolume.setup failed",
            "mountvolume.mountdevice failed",
            "attachvolume.attach failed",
            "persistentvolumeclaim \"",
            // Docker's.
            "invalid mount config",
            "bind source path does not exist",
            "error while mounting volume",
        ],
        stage: Volumes,
        cause: Cause::SpawnVolume,
        summary: "a volume of the server cannot be attached or mounted",
    },
    Row {
        reasons: &[
            "FailedMount",
            "FailedAttachVolume",
            "ProvisioningFailed",
            "VolumeResizeFailed",
            "FailedMapVolume",
        ],
        words: &[],
        stage: Volumes,
        cause: Cause::SpawnVolume,
        summary: "a volume of the server cannot be attached or mounted",
    },
    Row {
        reasons: &["FailedScheduling", "NotTriggerScaleUp"],
        words: &[],
        stage: Scheduling,
        cause: Cause::SpawnUnschedulable,
        summary: "no node takes the server",
    },
    Row {
        reasons: &[],
        words: &[
            "nodes are available:",
            "didn't trigger scale-up",
            // Docker Swarm's.
            "no suitable node",
        ],
        stage: Scheduling,
        cause: Cause::SpawnUnschedulable,
        summary: "no node takes the server",
    },
    Row {
        reasons: &["InspectFailed", "ErrImageNeverPull", "InvalidImageName"],
        words: &[],
        stage: Image,
        cause: Cause::SpawnImagePull,
        summary: "the image cannot be pulled",
    },
    Row {
        reasons: &[],
        words: &[
            "failed to pull image",
            "errimagepull",
            "imagepullbackoff",
            "back-off pulling image",
            "errimageneverpull",
            "invalidimagename",
            "failed to apply default image tag",
            "toomanyrequests",
            "manifest unknown",
            "pull access denied",
            // Docker's API and a registry's: whatever fails there is the pull.
            "/images/create?",
            "/manifests/",
        ],
        stage: Image,
        cause: Cause::SpawnImagePull,
        summary: "the image cannot be pulled",
    },
    Row {
        reasons: &["FailedCreate"],
        words: &["quota", "forbidden"],
        stage: Scheduling,
        cause: Cause::SpawnQuota,
        summary: "a quota or an admission rule refuses the pod",
    },
    Row {
        reasons: &["OOMKilling", "OOMKilled", "SystemOOM"],
        words: &[],
        stage: Container,
        cause: Cause::SpawnExited,
        summary: "the pod's memory limit ended the server before it answered",
    },
    Row {
        reasons: &["Evicted", "Preempted", "Preempting"],
        words: &[],
        stage: Container,
        cause: Cause::SpawnExited,
        summary: "the pod was taken from its node before the server answered",
    },
    Row {
        reasons: &[],
        words: &["oomkilled"],
        stage: Container,
        cause: Cause::SpawnExited,
        summary: "the pod's memory limit ended the server before it answered",
    },
    Row {
        reasons: &[],
        words: &["back-off restarting failed container", "crashloopbackoff"],
        stage: Container,
        cause: Cause::SpawnExited,
        summary: "the server's container ends again and again before it answers",
    },
    Row {
        reasons: &[],
        words: &["executable file not found"],
        stage: Container,
        cause: Cause::SpawnNoCommand,
        summary: "the single-user command is missing in the image",
    },
];

/// Reasons of events that tell that a stage is done.
const DONE: &[(&str, StageOfPod)] = &[
    ("Scheduled", Scheduling),
    ("SuccessfulAttachVolume", Volumes),
    ("SuccessfulMountVolume", Volumes),
    ("Pulling", Volumes),
    ("Pulled", Image),
    ("Created", Image),
    ("Started", Image),
];

/// The same in words, where there is no reason.
const DONE_WORDS: &[(&str, StageOfPod)] = &[
    ("successfully assigned", Scheduling),
    ("attachvolume.attach succeeded", Volumes),
    ("pulling image", Volumes),
    ("successfully pulled image", Image),
    ("already present on machine", Image),
    ("created container", Image),
    ("started container", Image),
];

/// Admission's answers to the request for a pod, in the text of a failure.
const REFUSED: &[&str] = &[
    "exceeded quota",
    "failed quota",
    "denied the request",
    "admission webhook",
    "validatingadmissionpolicy",
    "violates podsecurity",
    "limitrange",
    "maximum cpu usage per",
    "maximum memory usage per",
    "minimum cpu usage per",
    "minimum memory usage per",
];

/// What stands in a pod's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    stage: StageOfPod,
    cause: Cause,
    summary: &'static str,
    words: String,
}

impl Trouble {
    /// The finding, with Kubernetes's words.
    pub fn finding(&self) -> Finding {
        let finding = Finding::new(
            self.cause,
            format!("{}: {}", self.summary, excerpt(&self.words)),
        )
        .seen(format!("the words: {}", excerpt(&self.words)));
        match advice(self.cause, &self.words) {
            Some(advice) => finding.advise(advice),
            None => finding,
        }
    }
}

/// Where the words say more than the cause's own advice does.
fn advice(cause: Cause, words: &str) -> Option<&'static str> {
    let words = words.to_lowercase();
    let any = |list: &[&str]| list.iter().any(|word| words.contains(word));
    match cause {
        Cause::SpawnImagePull if any(&["toomanyrequests", "rate limit", "429"]) => Some(
            "The registry limits how much may be pulled: use a mirror or a pull secret of a paying account, or wait.",
        ),
        Cause::SpawnImagePull
            if any(&["unauthorized", "denied", "authentication required", "403"]) =>
        {
            Some(
                "The registry wants a login: check the image's pull secret, and that the image's name is right.",
            )
        }
        Cause::SpawnImagePull if any(&["not found", "manifest unknown", "notfound"]) => {
            Some("There is no such image or tag: check both for typing errors.")
        }
        Cause::SpawnVolume if any(&["multi-attach"]) => Some(
            "Another pod still holds the volume: look for one of the same user that has not ended, or that is stuck on a lost node.",
        ),
        _ => None,
    }
}

/// Follows a pod's events.
#[derive(Debug, Clone, Default)]
pub struct Pod {
    trouble: Option<Trouble>,
}

impl Pod {
    /// Takes in an event: its message and the whole of it.
    pub fn take(&mut self, message: &str, event: &Value) {
        let raw = &event["raw_event"];
        let reason = raw["reason"].as_str().unwrap_or_default();
        let words = raw["message"]
            .as_str()
            .or(raw["note"].as_str())
            .unwrap_or(message);
        let lower = words.to_lowercase();
        if let Some(row) = ROWS.iter().find(|row| row.fits(reason, &lower)) {
            self.trouble = Some(Trouble {
                stage: row.stage,
                cause: row.cause,
                summary: row.summary,
                words: words.to_owned(),
            });
            return;
        }
        let done = DONE
            .iter()
            .find(|(known, _)| *known == reason)
            .or_else(|| {
                DONE_WORDS
                    .iter()
                    .find(|(known, _)| reason.is_empty() && lower.contains(known))
            })
            .map(|(_, stage)| *stage);
        if let (Some(done), Some(trouble)) = (done, &self.trouble)
            && trouble.stage <= done
        {
            self.trouble = None;
        }
    }

    /// What stands in its way now.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }
}

impl Row {
    fn fits(&self, reason: &str, words: &str) -> bool {
        (self.reasons.is_empty() || self.reasons.contains(&reason))
            && (self.words.is_empty() || self.words.iter().any(|word| words.contains(word)))
    }
}

/// The trouble that the text of a failure tells, without events.
pub fn of_text(text: &str) -> Option<Trouble> {
    let lower = text.to_lowercase();
    // A hub that may not make pods is no full cluster.
    if lower.contains("cannot create resource") {
        return None;
    }
    if REFUSED.iter().any(|word| lower.contains(word)) {
        return Some(Trouble {
            stage: Scheduling,
            cause: Cause::SpawnQuota,
            summary: "a quota or an admission rule refuses the server",
            words: text.to_owned(),
        });
    }
    let mut pod = Pod::default();
    pod.take(text, &Value::Null);
    pod.trouble
}
