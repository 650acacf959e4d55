"""Ends a sandbox when the process that made it is gone, from a thread within the hub.

It cannot help when the hub itself was killed: such leftovers are found by the next sweep. Linux only (/proc).
"""

import os
import signal
import threading
import time

MARKER = "HUBPROBE_SANDBOX"


def start_time(pid):
    """When a process began, in clock ticks since boot; None when it is gone or only waits to be reaped."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            # The command's name, in parentheses, may hold spaces and parentheses of its own.
            fields = stat.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def marked(sandbox_id):
    """The processes that carry the sandbox's marker in their environment."""
    wanted = f"{MARKER}={sandbox_id}".encode()
    conf = f"/{sandbox_id}.conf".encode()
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/environ", "rb") as environ:
                pairs = environ.read().split(b"\0")
            # What slurmd starts has only the path of its configuration.
            if wanted in pairs or any(it.startswith(b"SLURM_CONF=") and it.endswith(conf) for it in pairs):
                yield int(entry)
        except OSError:
            continue


def send(pid, number):
    try:
        os.kill(pid, number)
    except OSError:
        pass


def wait_and_end(parent, sandbox_id):
    while start_time(parent["pid"]) == parent["start"]:
        time.sleep(0.5)
    me = os.getpid()
    for number, patience in ((signal.SIGTERM, 8), (signal.SIGKILL, 0)):
        # The hub last: with it goes this thread.
        for pid in [pid for pid in marked(sandbox_id) if pid != me] + [me]:
            send(pid, number)
        time.sleep(patience)


def begin(parent, sandbox_id):
    threading.Thread(target=wait_and_end, args=(parent, sandbox_id), daemon=True).start()
