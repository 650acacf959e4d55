"""Ends a sandbox when the process that made it is gone: a thread within the hub sees it, a process of its own does it.

Of its own, since the hub ends with the rest, and what takes no SIGTERM must be killed after that. It cannot help when the hub
itself was killed: such leftovers are found by the next sweep. Linux only (/proc).
"""

import os
import signal
import subprocess
import sys
import threading
import time

MARKER = "HUBPROBE_SANDBOX"
# How long is waited before what is left is killed.
PATIENCE = 8
# Slurm's own processes, which are killed at once, and what its jobs carry; both as slurm.rs has them.
NO_FAREWELL = {"munged", "mariadbd", "slurmdbd", "slurmctld", "slurmscriptd", "slurmd", "slurmstepd"}
IN_A_JOB = b"SLURM_CLUSTER_NAME=sandbox"


def start_time(pid):
    """When a process began, in clock ticks since boot; None when it is gone or only waits to be reaped."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            # The command's name, in parentheses, may hold spaces and parentheses of its own.
            fields = stat.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def name(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as comm:
            return comm.read().strip()
    except OSError:
        return ""


def marked(sandbox_id):
    """The processes that carry the sandbox's marker in their environment, or belong to its Slurm (as slurm.rs says)."""
    wanted = f"{MARKER}={sandbox_id}".encode()
    conf = f"/{sandbox_id}.conf".encode()
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/environ", "rb") as environ:
                pairs = environ.read().split(b"\0")
        except OSError:
            continue
        has_conf = any(it.startswith(b"SLURM_CONF=") and it.endswith(conf) for it in pairs)
        if wanted in pairs or has_conf and (IN_A_JOB in pairs or name(entry) in NO_FAREWELL):
            yield int(entry)


def send(pid, number):
    try:
        os.kill(pid, number)
    except OSError:
        pass


def end(sandbox_id, spared):
    """Asks all to end, those too that come meanwhile; kills what is left. Those that are spared are for the caller."""
    asked = set()
    patient_until = time.monotonic() + PATIENCE
    while True:
        left = [pid for pid in marked(sandbox_id) if pid not in spared]
        out_of_patience = time.monotonic() >= patient_until
        for pid in left:
            if out_of_patience or name(pid) in NO_FAREWELL:
                send(pid, signal.SIGKILL)
            elif pid not in asked:
                asked.add(pid)
                send(pid, signal.SIGTERM)
        if not left or time.monotonic() >= patient_until + PATIENCE:
            return
        time.sleep(0.1)


def wait_and_end(parent, sandbox_id, source):
    while start_time(parent["pid"]) == parent["start"]:
        time.sleep(0.5)
    nothing = subprocess.DEVNULL
    try:
        other = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", source, sandbox_id],
            stdin=nothing,
            stdout=nothing,
            stderr=nothing,
            start_new_session=True,
        )
        other.wait()
    except OSError:
        pass
    # Still here: there was no room for one more process, or it failed. With the hub goes this thread, so the hub is the last.
    me = os.getpid()
    end(sandbox_id, {me})
    send(me, signal.SIGKILL)


def begin(parent, sandbox_id):
    # Read now: the directory may be gone before the sandbox, as where a test fails and removes what it made.
    with open(__file__, encoding="utf-8") as itself:
        source = itself.read()
    threading.Thread(target=wait_and_end, args=(parent, sandbox_id, source), daemon=True).start()


if __name__ == "__main__":
    end(sys.argv[1], {os.getpid()})
