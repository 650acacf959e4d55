"""What a spawner of Kubernetes says when a pod does not come up. Emulated: there is no cluster here, only its words.

The words are those of kubelet, scheduler and API server, formed into events as KubeSpawner does: the message is
"TIME [TYPE] MESSAGE", and `raw_event` holds what the cluster said.
"""

import asyncio
import datetime
import json

IMAGE = "registry.example.org/hub/notebook:none"
SCHEDULED = ("Normal", "Scheduled", "Successfully assigned jhub/{pod} to node-1")
PULLING = ("Normal", "Pulling", f'Pulling image "{IMAGE}"')
STARTED = [
    ("Normal", "Pulled", f'Container image "{IMAGE}" already present on machine'),
    ("Normal", "Created", "Created container: notebook"),
    ("Normal", "Started", "Started container notebook"),
]
UNSCHEDULABLE = (
    "Warning",
    "FailedScheduling",
    "0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available: 3 No preemption victims found for"
    " incoming pod.",
)


def pull(reason):
    failed = f'Failed to pull image "{IMAGE}": {reason}'
    return [
        SCHEDULED,
        PULLING,
        ("Warning", "Failed", failed),
        ("Warning", "Failed", "Error: ErrImagePull"),
        ("Normal", "BackOff", f'Back-off pulling image "{IMAGE}"'),
        ("Warning", "Failed", "Error: ImagePullBackOff"),
    ]


UNPACK = f'failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}"'
EVENTS = {
    "k8s_pull_notfound": pull(f"rpc error: code = NotFound desc = {UNPACK}: {IMAGE}: not found"),
    "k8s_pull_unauthorized": pull(
        f"rpc error: code = Unknown desc = {UNPACK}: failed to authorize: failed to fetch anonymous token: unexpected status"
        " from GET request to https://registry.example.org/token?scope=repository%3Ahub%2Fnotebook%3Apull: 401 Unauthorized"
    ),
    "k8s_pull_toomany": pull(
        f"rpc error: code = Unknown desc = {UNPACK}: unexpected status code 429 Too Many Requests - Server message:"
        " toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading:"
        " https://www.docker.com/increase-rate-limit"
    ),
    "k8s_unschedulable": [
        UNSCHEDULABLE,
        ("Normal", "NotTriggerScaleUp", "pod didn't trigger scale-up: 1 max node group size reached"),
    ],
    "k8s_scale_up": [
        UNSCHEDULABLE,
        ("Normal", "TriggeredScaleUp", "pod triggered scale-up: [{{pool-1 1->2 (max: 5)}}]"),
        SCHEDULED,
        *STARTED,
    ],
    "k8s_volume": [
        SCHEDULED,
        (
            "Warning",
            "FailedAttachVolume",
            'Multi-Attach error for volume "pvc-5a1f0f3e-91d2-4a53-8f4c-0d6c3f7b7a11" Volume is already exclusively attached to'
            " one node and can't be attached to another",
        ),
    ],
    "k8s_mount": [
        SCHEDULED,
        (
            "Warning",
            "FailedMount",
            'MountVolume.SetUp failed for volume "home" : mount failed: exit status 32\nMounting command: mount\nMounting'
            " arguments: -t nfs nfs.example.org:/homes /var/lib/kubelet/pods/0/volumes/kubernetes.io~nfs/home\nOutput:"
            " mount.nfs: Connection timed out",
        ),
        (
            "Warning",
            "FailedMount",
            "Unable to attach or mount volumes: unmounted volumes=[home], unattached volumes=[home]: timed out waiting for the"
            " condition",
        ),
    ],
    "k8s_crash": [
        SCHEDULED,
        *STARTED,
        ("Warning", "BackOff", "Back-off restarting failed container notebook in pod {pod}_jhub(5a1f0f3e)"),
    ],
    "k8s_oom": [SCHEDULED, *STARTED],
}


class ApiException(Exception):
    """Looks as kubernetes_asyncio's does when it is printed."""

    def __init__(self, status, reason, message):
        body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason, "code": status}
        self.text = (
            f"({status})\nReason: {reason}\nHTTP response headers: <CIMultiDictProxy('Content-Type': 'application/json')>\n"
            f"HTTP response body: {json.dumps(body)}\n"
        )
        super().__init__(self.text)

    def __str__(self):
        return self.text


def wanted(faults):
    return next((name for name in EVENTS if name in faults), None)


def raise_at_once(faults, user):
    if "k8s_quota" in faults:
        message = (
            f'pods "jupyter-{user}" is forbidden: exceeded quota: compute, requested: limits.memory=4Gi,'
            " used: limits.memory=62Gi, limited: limits.memory=64Gi"
        )
        raise ApiException(403, "Forbidden", message)
    if "k8s_webhook" in faults:
        message = (
            'admission webhook "validate.kyverno.svc-fail" denied the request: resource Pod/jhub/jupyter-'
            f"{user} was blocked: images must come from registry.example.org"
        )
        raise ApiException(400, "Bad Request", message)


async def start(spawner):
    """A pod that does not come up is waited for until the hub gives up."""
    name = wanted(spawner.faults)
    if name == "k8s_scale_up":
        await asyncio.sleep(spawner.seconds(name))
    elif name and name != "k8s_oom":
        await asyncio.sleep(10**6)


async def events(spawner):
    """The events of the pod, from its first on; then none more."""
    name, pod, progress = wanted(spawner.faults), f"jupyter-{spawner.user.name}", 0
    for kind, reason, words in EVENTS[name]:
        message = words.format(pod=pod)
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        # KubeSpawner halves what is left of 90 with each event.
        progress += (90 - progress) / 3
        raw = {
            "metadata": {"name": f"{pod}.17", "namespace": "jhub"},
            "involvedObject": {"kind": "Pod", "namespace": "jhub", "name": pod},
            "reason": reason,
            "message": message,
            "type": kind,
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "eventTime": None,
        }
        yield {"progress": int(progress), "raw_event": raw, "message": f"{now} [{kind}] {message}"}
        # The new node takes its time.
        await asyncio.sleep(spawner.seconds(name) if reason == "TriggeredScaleUp" else 0.2)
