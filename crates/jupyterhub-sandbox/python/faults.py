"""A spawner that fails on demand: one fault for each spawn, asked for in the spawn's own options.

    {"fault": "NAME"}  or  {"fault": "NAME:ARGUMENT"}

| fault            | what happens                                                                             |
|------------------|------------------------------------------------------------------------------------------|
| raise            | start() raises at once                                                                   |
| late_raise:SEC   | start() raises after SEC seconds                                                         |
| hang             | start() never returns                                                                    |
| slow:SEC         | start() takes SEC seconds longer                                                         |
| queue            | start() never returns, and progress says "Pending in queue..." every second              |
| exit             | the server's process ends at once with status 3                                          |
| nocmd            | the server's program does not exist                                                      |
| wrong_port       | the hub is told a port where nothing listens                                             |
| die_after:SEC    | the server is killed SEC seconds after its start                                         |
| stop_raise       | stop() raises, the process lives on                                                      |
| stop_noop        | stop() returns at once, the process lives on                                             |
| stop_slow:SEC    | stop() takes SEC seconds longer                                                          |
| progress_raise:SEC | progress() raises, the hub logs it; the spawn goes on and takes SEC seconds longer     |
| progress_end:SEC | the progress stream ends cleanly without a last word; the spawn as above                 |

Two more options, `start_timeout` and `http_timeout` (seconds), hold for that spawn only. Options that are not known here are
ignored, as SimpleLocalProcessSpawner does. Of an option given as a list, as forms do, the first element counts.

To add a fault: a method named after the place where it strikes looks at `self.fault`; add it to the table and to FAULTS.
"""

import asyncio
import os
import signal
import socket

from local import LocalSpawner
from tornado import web

FAULTS = frozenset(
    "raise late_raise hang slow queue exit nocmd wrong_port die_after stop_raise stop_noop stop_slow"
    " progress_raise progress_end".split()
)
FOR_EVER = 10**6


def option(spawner, name):
    value = (spawner.user_options or {}).get(name)
    if isinstance(value, (list, tuple)):
        value = value[0] if value else None
    return value


class FaultSpawner(LocalSpawner):
    """The sandbox's spawner, until the options ask for a fault."""

    # What the configuration said, before a spawn's options changed it.
    _configured = None

    @property
    def fault(self):
        name = str(option(self, "fault") or "").partition(":")[0]
        if name and name not in FAULTS:
            self.log.warning("There is no fault named %r; the spawn is left alone", name)
            return ""
        return name

    @property
    def argument(self):
        """The fault's argument in seconds; 0 without one."""
        return float(str(option(self, "fault") or "").partition(":")[2] or 0)

    def start(self):
        # Not a coroutine function: the hub reads start_timeout between calling start() and awaiting it.
        if self._configured is None:
            self._configured = {key: getattr(self, key) for key in ("start_timeout", "http_timeout", "cmd")}
        for key, value in self._configured.items():
            setattr(self, key, value)
        for key in ("start_timeout", "http_timeout"):
            wanted = option(self, key)
            if wanted is not None:
                setattr(self, key, int(wanted))
        return self._start()

    async def _start(self):
        fault = self.fault
        if fault == "raise":
            raise RuntimeError("The sandbox was asked to fail")
        if fault == "late_raise":
            await asyncio.sleep(self.argument)
            raise RuntimeError("The sandbox was asked to fail late")
        if fault in ("hang", "queue"):
            await asyncio.sleep(FOR_EVER)
        if fault in ("slow", "progress_raise", "progress_end"):
            await asyncio.sleep(self.argument)
        if fault == "exit":
            self.cmd = ["sh", "-c", "echo 'asked to exit' >&2; exit 3"]
        if fault == "nocmd":
            self.cmd = ["/nonexistent/jupyterhub-singleuser"]
        address, port = await super().start()
        if fault == "wrong_port":
            return address, closed_port()
        if fault == "die_after":
            asyncio.get_running_loop().call_later(self.argument, kill, self.pid)
        return address, port

    async def progress(self):
        fault = self.fault
        if fault == "queue":
            while True:
                yield {"message": "Pending in queue..."}
                await asyncio.sleep(1)
        if fault in ("progress_raise", "progress_end"):
            yield {"progress": 10, "message": "Half way, and no further"}
            if fault == "progress_raise":
                raise RuntimeError("The sandbox was asked to break the progress stream")
            # To return is not enough: the hub would keep the stream open until the spawn is done.
            raise web.Finish()
        async for event in super().progress():
            yield event

    async def stop(self, now=False):
        fault = self.fault
        if fault == "stop_raise":
            raise RuntimeError("The sandbox was asked not to stop")
        if fault == "stop_noop":
            return
        if fault == "stop_slow":
            await asyncio.sleep(self.argument)
        await super().stop(now)


def closed_port():
    """A port where nothing listens: taken from the system and given back."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
