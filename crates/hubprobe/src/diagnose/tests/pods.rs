//! What Kubernetes says of a pod: trouble, what heals it, and what each word
//! and each reason means by itself.

use serde_json::{Value, json};

use crate::diagnose::kubernetes::{self, Pod};
use crate::diagnose::spawn::{self, Failure};
use crate::vocabulary::Cause;

fn failure(text: &str) -> Failure {
    Failure {
        text: Some(text.to_owned()),
        elapsed_s: 60.0,
        ..Failure::default()
    }
}

/// A KubeSpawner event.
fn event(reason: &str, words: &str) -> (String, Value) {
    let message = format!("2026-01-01T00:00:00Z [Warning] {words}");
    let raw = json!({"message": message, "raw_event": {"reason": reason, "message": words, "type": "Warning"}});
    (message, raw)
}

fn pod(events: &[(&str, &str)]) -> Pod {
    let mut pod = Pod::default();
    for (reason, words) in events {
        let (message, raw) = event(reason, words);
        pod.take(&message, &raw);
    }
    pod
}

fn stands(events: &[(&str, &str)]) -> Option<Cause> {
    pod(events).trouble().map(|trouble| trouble.finding().cause)
}

const NO_NODE: (&str, &str) = (
    "FailedScheduling",
    "0/3 nodes are available: 3 Insufficient memory.",
);
const ASSIGNED: (&str, &str) = (
    "Scheduled",
    "Successfully assigned jhub/jupyter-x to node-1",
);
const PULLING: (&str, &str) = ("Pulling", "Pulling image \"reg/none:1\"");
const NOT_PULLED: (&str, &str) = ("Failed", "Failed to pull image \"reg/none:1\": not found");
const BACK_OFF: (&str, &str) = ("BackOff", "Back-off pulling image \"reg/none:1\"");
const PULLED: (&str, &str) = ("Pulled", "Successfully pulled image \"reg/none:1\"");
const NOT_MOUNTED: (&str, &str) = (
    "FailedMount",
    "Unable to attach or mount volumes: timed out",
);
const ATTACHED: (&str, &str) = (
    "SuccessfulAttachVolume",
    "AttachVolume.Attach succeeded for volume \"v\"",
);
const CRASHES: (&str, &str) = (
    "BackOff",
    "Back-off restarting failed container notebook in pod x",
);
const STARTED: (&str, &str) = ("Started", "Started container notebook");

#[test]
fn kubernetes_by_reason_and_words() {
    for (events, cause) in [
        (&[NO_NODE][..], Some(Cause::SpawnUnschedulable)),
        (
            &[
                ASSIGNED,
                PULLING,
                NOT_PULLED,
                ("Failed", "Error: ErrImagePull"),
                BACK_OFF,
            ],
            Some(Cause::SpawnImagePull),
        ),
        (&[ASSIGNED, NOT_MOUNTED], Some(Cause::SpawnVolume)),
        (
            &[(
                "FailedScheduling",
                "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
            )],
            Some(Cause::SpawnVolume),
        ),
        (
            &[(
                "FailedAttachVolume",
                "Multi-Attach error for volume \"pvc-1\"",
            )],
            Some(Cause::SpawnVolume),
        ),
        (
            &[ASSIGNED, PULLED, STARTED, CRASHES],
            Some(Cause::SpawnExited),
        ),
        (
            &[STARTED, ("OOMKilling", "Memory cgroup out of memory")],
            Some(Cause::SpawnExited),
        ),
        (
            &[
                STARTED,
                ("Evicted", "The node was low on resource: memory."),
            ],
            Some(Cause::SpawnExited),
        ),
        (
            &[(
                "Failed",
                "Error: exec: \"jupyterhub-singleuser\": executable file not found in $PATH",
            )],
            Some(Cause::SpawnNoCommand),
        ),
        (
            &[("FailedCreate", "exceeded quota: pods")],
            Some(Cause::SpawnQuota),
        ),
        (&[("FailedCreate", "something else")], None),
        (
            &[("NotTriggerScaleUp", "pod didn't trigger scale-up")],
            Some(Cause::SpawnUnschedulable),
        ),
        (
            &[("InspectFailed", "couldn't parse image reference")],
            Some(Cause::SpawnImagePull),
        ),
        // What was healed since does not count.
        (&[NO_NODE, ASSIGNED], None),
        (&[NOT_MOUNTED, ATTACHED], None),
        (&[NOT_MOUNTED, PULLING], None),
        (&[NOT_PULLED, PULLED], None),
        (&[NOT_PULLED, STARTED], None),
        // An earlier stage does not heal a later one's trouble.
        (&[NOT_PULLED, PULLING], Some(Cause::SpawnImagePull)),
        (&[NOT_PULLED, ASSIGNED], Some(Cause::SpawnImagePull)),
        (&[CRASHES, STARTED], Some(Cause::SpawnExited)),
        (&[ASSIGNED, PULLING], None),
    ] {
        assert_eq!(stands(events), cause, "{events:?}");
    }
}

#[test]
fn kubernetes_without_the_event_itself() {
    let mut pod = Pod::default();
    let mut say = |words: &str| {
        pod.take(words, &Value::Null);
        pod.trouble().map(|trouble| trouble.finding().cause)
    };
    assert_eq!(
        say("2026 [Warning] 0/3 nodes are available: 3 node(s) had untolerated taint"),
        Some(Cause::SpawnUnschedulable)
    );
    assert_eq!(say("2026 [Normal] Successfully assigned jhub/x to n"), None);
    assert_eq!(
        say("2026 [Warning] Error: ImagePullBackOff"),
        Some(Cause::SpawnImagePull)
    );
    assert_eq!(say("2026 [Normal] Successfully pulled image"), None);
    assert_eq!(say("Spawning server..."), None);
}

#[test]
fn kubernetes_explains_a_timeout() {
    let mut waited = failure("Spawn failed: pod jhub/jupyter-x did not start in 300 seconds!");
    waited.pod = pod(&[ASSIGNED, PULLING, NOT_PULLED]);
    let finding = spawn::failed(&waited);
    assert_eq!(finding.cause, Cause::SpawnImagePull);
    assert!(
        finding.advice.contains("no such image"),
        "{}",
        finding.advice
    );
    assert_eq!(spawn::too_slow(5.0, &waited).cause, Cause::SpawnImagePull);
    waited.pod = pod(&[NO_NODE]);
    assert_eq!(spawn::queued(5.0, &waited).cause, Cause::SpawnUnschedulable);
}

#[test]
fn kubernetes_advice_fits_the_words() {
    let advice = |reason, words| pod(&[(reason, words)]).trouble().unwrap().finding().advice;
    assert!(
        advice(
            "Failed",
            "Failed to pull image: toomanyrequests: rate limit"
        )
        .contains("limits how much")
    );
    assert!(advice("Failed", "Failed to pull image: unauthorized").contains("wants a login"));
    assert!(advice("Failed", "Failed to pull image: manifest unknown").contains("no such image"));
    assert!(advice("FailedAttachVolume", "Multi-Attach error").contains("Another pod"));
    let unreachable = advice(
        "Failed",
        "Failed to pull image \"reg/x:1\": dial tcp: i/o timeout",
    );
    assert_eq!(unreachable, Cause::SpawnImagePull.advice());
    let plain = advice("FailedMount", "timed out waiting for the condition");
    assert!(!plain.contains("Another pod"), "{plain}");
    assert_eq!(kubernetes::of_text("all is well"), None);
}

/// The reason decides even where its words are others, as they are from version
/// to version.
#[test]
fn each_reason_by_itself() {
    let no_class = "storageclass.storage.k8s.io \"fast\" not found";
    for (reason, words, cause) in [
        ("FailedMount", "timed out", Cause::SpawnVolume),
        ("FailedAttachVolume", "rpc error", Cause::SpawnVolume),
        ("ProvisioningFailed", no_class, Cause::SpawnVolume),
        (
            "VolumeResizeFailed",
            "error expanding volume",
            Cause::SpawnVolume,
        ),
        ("FailedMapVolume", "rpc error", Cause::SpawnVolume),
        (
            "FailedScheduling",
            "no nodes available to schedule pods",
            Cause::SpawnUnschedulable,
        ),
        (
            "NotTriggerScaleUp",
            "no node group would fit the pod",
            Cause::SpawnUnschedulable,
        ),
        (
            "InspectFailed",
            "couldn't parse the reference",
            Cause::SpawnImagePull,
        ),
        (
            "ErrImageNeverPull",
            "Container image \"x\" is not present with pull policy of Never",
            Cause::SpawnImagePull,
        ),
        (
            "InvalidImageName",
            "couldn't parse the reference",
            Cause::SpawnImagePull,
        ),
        (
            "FailedCreate",
            "pods \"x\" is forbidden: no security context fits",
            Cause::SpawnQuota,
        ),
        ("FailedCreate", "quota is used up", Cause::SpawnQuota),
        ("OOMKilling", "Killed process 7", Cause::SpawnExited),
        ("OOMKilled", "Killed process 7", Cause::SpawnExited),
        ("SystemOOM", "System OOM encountered", Cause::SpawnExited),
        ("Evicted", "The node was low on memory", Cause::SpawnExited),
        ("Preempted", "by pod y on node n", Cause::SpawnExited),
        ("Preempting", "to admit a critical pod", Cause::SpawnExited),
    ] {
        assert_eq!(stands(&[(reason, words)]), Some(cause), "{reason}");
    }
    for (trouble, reason) in [
        (NO_NODE, "Scheduled"),
        (NOT_MOUNTED, "SuccessfulAttachVolume"),
        (NOT_MOUNTED, "SuccessfulMountVolume"),
        (NOT_MOUNTED, "Pulling"),
        (NOT_PULLED, "Pulled"),
        (NOT_PULLED, "Created"),
        (NOT_PULLED, "Started"),
    ] {
        assert_eq!(stands(&[trouble, (reason, "done")]), None, "{reason}");
    }
}

/// Where there is only a message, as of spawners that pass on nothing more, its
/// words decide.
#[test]
fn each_word_by_itself() {
    let after = |trouble: Option<&str>, words: &str| {
        let mut pod = Pod::default();
        if let Some(trouble) = trouble {
            pod.take(trouble, &Value::Null);
        }
        pod.take(words, &Value::Null);
        pod.trouble().map(|trouble| trouble.finding().cause)
    };
    for (words, cause) in [
        (
            "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
            Cause::SpawnVolume,
        ),
        (
            "0/3 nodes are available: 3 node(s) had volume node affinity conflict.",
            Cause::SpawnVolume,
        ),
        (
            "Multi-Attach error for volume \"pvc-1\" Volume is already used by pod(s) y",
            Cause::SpawnVolume,
        ),
        (
            "Unable to attach or mount volumes: unmounted volumes=[home]",
            Cause::SpawnVolume,
        ),
        (
            "MountVolume.SetUp failed for volume \"home\" : exit status 32",
            Cause::SpawnVolume,
        ),
        (
            "MountVolume.MountDevice failed for volume \"pvc-1\"",
            Cause::SpawnVolume,
        ),
        (
            "AttachVolume.Attach failed for volume \"pvc-1\"",
            Cause::SpawnVolume,
        ),
        (
            "0/3 nodes are available: persistentvolumeclaim \"claim-x\" not found.",
            Cause::SpawnVolume,
        ),
        ("invalid mount config for type \"bind\"", Cause::SpawnVolume),
        (
            "bind source path does not exist: /srv/x",
            Cause::SpawnVolume,
        ),
        (
            "error while mounting volume '/var/lib/docker/volumes/x/_data'",
            Cause::SpawnVolume,
        ),
        (
            "0/3 nodes are available: 3 Insufficient cpu.",
            Cause::SpawnUnschedulable,
        ),
        (
            "pod didn't trigger scale-up: 1 max node group size reached",
            Cause::SpawnUnschedulable,
        ),
        (
            "no suitable node (insufficient resources)",
            Cause::SpawnUnschedulable,
        ),
        ("Failed to pull image \"x\"", Cause::SpawnImagePull),
        ("Error: ErrImagePull", Cause::SpawnImagePull),
        ("Error: ImagePullBackOff", Cause::SpawnImagePull),
        ("Back-off pulling image \"x\"", Cause::SpawnImagePull),
        ("Error: ErrImageNeverPull", Cause::SpawnImagePull),
        ("Error: InvalidImageName", Cause::SpawnImagePull),
        (
            "Failed to apply default image tag \"x:::\"",
            Cause::SpawnImagePull,
        ),
        (
            "toomanyrequests: You have reached your limit",
            Cause::SpawnImagePull,
        ),
        ("manifest unknown", Cause::SpawnImagePull),
        ("pull access denied for x", Cause::SpawnImagePull),
        (
            "Get \"https://reg/v2/x/manifests/1\": EOF",
            Cause::SpawnImagePull,
        ),
        (
            "500 Server Error for http://docker/v1.41/images/create?tag=1",
            Cause::SpawnImagePull,
        ),
        ("container x was OOMKilled", Cause::SpawnExited),
        (
            "Back-off restarting failed container notebook",
            Cause::SpawnExited,
        ),
        ("Error: CrashLoopBackOff", Cause::SpawnExited),
        (
            "exec: \"x\": executable file not found in $PATH",
            Cause::SpawnNoCommand,
        ),
    ] {
        assert_eq!(after(None, words), Some(cause), "{words}");
    }
    let (not_mounted, not_pulled) = ("MountVolume.SetUp failed", "Error: ErrImagePull");
    for (trouble, words) in [
        ("no suitable node", "Successfully assigned jhub/x to node-1"),
        (
            not_mounted,
            "AttachVolume.Attach succeeded for volume \"v\"",
        ),
        (not_mounted, "Pulling image \"x\""),
        (not_pulled, "Successfully pulled image \"x\""),
        (
            not_pulled,
            "Container image \"x\" already present on machine",
        ),
        (not_pulled, "Created container notebook"),
        (not_pulled, "Started container notebook"),
    ] {
        assert_eq!(after(Some(trouble), words), None, "{words}");
    }
}

/// Admission's answers to the request for a pod.
#[test]
fn each_refusal_of_a_pod_by_itself() {
    for words in [
        "exceeded quota: compute, requested: memory=1G",
        "failed quota: compute: must specify limits.cpu",
        "policy server denied the request: no root",
        "admission webhook \"policy\" attempted to modify the object",
        "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: failed expression: false",
        "violates PodSecurity \"restricted:latest\": runAsNonRoot != true",
        "no LimitRange fits",
        "maximum cpu usage per Container is 2, but limit is 4",
        "maximum memory usage per Pod is 2Gi, but limit is 4Gi",
        "minimum cpu usage per Container is 1, but request is 100m",
        "minimum memory usage per Pod is 1Gi, but request is 1Mi",
    ] {
        let text = format!("Spawn failed: (403) Reason: pods \"x\" is forbidden: {words}");
        let finding = spawn::failed(&failure(&text));
        assert_eq!(finding.cause, Cause::SpawnQuota, "{words}");
    }
    // A hub that has not the right is none of these, whatever the authorizer
    // gives as its reason.
    let no_right = "Spawn failed: pods is forbidden: User \"hub\" cannot create resource \"pods\": \
                    the policy server denied the request";
    let finding = spawn::failed(&failure(no_right));
    assert_eq!(finding.cause, Cause::SpawnError);
}

#[test]
fn each_word_of_an_image_has_its_advice() {
    for (words, advice) in [
        ("toomanyrequests", "limits how much"),
        ("pull rate limit reached", "limits how much"),
        ("unexpected status: 429", "limits how much"),
        ("unauthorized", "wants a login"),
        ("requested access is denied", "wants a login"),
        ("authentication required", "wants a login"),
        ("unexpected status: 403", "wants a login"),
        ("reg/x:1: not found", "no such image"),
        ("manifest unknown", "no such image"),
        ("code = NotFound", "no such image"),
    ] {
        let finding = pod(&[("Failed", &format!("Failed to pull image: {words}"))]);
        let finding = finding.trouble().unwrap().finding();
        assert!(finding.advice.contains(advice), "{words}");
    }
}
