"""A spawner that fails on demand. Faults are asked for in the spawn's own options, or stand for every spawn that asks for none.

    {"fault": "NAME"}  or  {"fault": "NAME:ARGUMENT"};  {"fault": "none"} is a spawn without any

What each name does is said in src/fault/spawn.rs, for people; this is where it is done. What takes more than a few lines is in
files of its own: pods.py (Kubernetes, emulated), firecrest.py (FirecREST and Slurm, emulated), homes.py, routes.py (the proxy), others.py (somebody else), relay.py (the way
to the hub).

Two more options, `start_timeout` and `http_timeout` (seconds), hold for that spawn only. Options that are not known here are
ignored, as SimpleLocalProcessSpawner does. Of an option given as a list, as forms do, the first element counts.

To add a fault: a method named after the place where it strikes asks `self.asked(NAME)`; add it to FAULTS and to the catalogue.
"""

import asyncio
import collections
import inspect
import json
import os
import signal
import socket

import firecrest
import homes
import jupyterhub
import others
import pods
from local import LocalSpawner
from relay import Relay, lines_of
from tornado import web
from traitlets import List, Unicode

FAULTS = frozenset(
    # start() raises, or a hook does
    "raise raise_again late_raise raise_text raise_message http nonetype invalid_grant firecrest_401 hook_denies bad_option"
    # start() does not come to an end
    " hang slow queue"
    # the process
    " exit exit_late nocmd wrong_port deaf die_after old_server"
    # the way from the server to the hub
    " no_hub no_hub_silent hub_lost"
    # somebody else
    " cancelled culled restarted"
    # the proxy
    " route_never route_late route_lost"
    # stop(), progress()
    " stop_raise stop_noop stop_slow stop_for_ever progress_raise progress_end"
    # Kubernetes, emulated
    " k8s_pull_notfound k8s_pull_unauthorized k8s_pull_toomany k8s_unschedulable k8s_scale_up k8s_volume k8s_mount k8s_quota"
    " k8s_webhook k8s_crash k8s_oom"
    # FirecREST and Slurm, emulated
    " firecrest"
    # homes
    " home_readonly home_full home_fills home_fresh home_forgets".split()
)
# Where nothing will listen, or not for long, to wait for it would only hide when start() came back.
NOBODY_LISTENS = ("exit", "exit_late", "nocmd", "deaf", "no_hub", "no_hub_silent", "k8s_oom")
FOR_EVER = 10**6


def option(spawner, name):
    value = (spawner.user_options or {}).get(name)
    if isinstance(value, (list, tuple)):
        value = value[0] if value else None
    return value


class FaultSpawner(LocalSpawner):
    """The sandbox's spawner, until the options ask for a fault."""

    standing = List(Unicode(), config=True, help="Faults of every spawn that asks for none.")
    old_server = Unicode(config=True, help="The jupyterhub-singleuser of old; empty where none is installed.")

    # What the configuration said, before a spawn's options changed it.
    _configured = None
    # Counts the starts, so that what was planned for one server does not strike the next.
    turn = 0
    # The same for raise_again, by the server's log.
    starts = collections.Counter()
    _env = {}
    _log_from = 0
    _relay = None
    # What is to be done as soon as the server has answered (others.py).
    before_ready = ()
    # Set when a route was taken away, so that the hub's own check of routes does not bring it back.
    route_is_lost = False
    # What firecrestspawner knows of its job, and where its server listens.
    job_id = job_status = ""
    address = None

    @property
    def faults(self):
        """The arguments of this spawn's faults by their names."""
        wanted = option(self, "fault")
        found = {}
        for text in [str(wanted)] if wanted else self.standing:
            name, _, argument = text.partition(":")
            name = name.strip().replace("-", "_")
            if name in FAULTS:
                found[name] = argument
            elif name != "none":
                # Whoever types it wrongly must not take what is green for a fault that was not seen.
                found["raise_message"] = f"The sandbox has no fault named {name!r}: hubprobe sandbox faults lists them"
        return found

    def asked(self, name):
        return name in self.faults

    def seconds(self, name):
        """The fault's argument in seconds; 0 without one."""
        return float(self.faults.get(name) or 0)

    def start(self):
        # Not a coroutine function: the hub reads start_timeout between calling start() and awaiting it.
        self.turn += 1
        if self._configured is None:
            names = ("start_timeout", "http_timeout", "cmd", "settle")
            self._configured = {key: getattr(self, key) for key in names}
        for key, value in self._configured.items():
            setattr(self, key, value)
        for key in ("start_timeout", "http_timeout"):
            wanted = option(self, key)
            if wanted is not None:
                setattr(self, key, int(wanted))
        return self._start()

    async def _start(self):
        faults = self.faults
        self._env, self.route_is_lost, self.before_ready = {}, False, []
        self._log_from = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        raise_at_once(faults, self.user.name)
        self._raise_again(faults)
        if "cancelled" in faults:
            others.later(self, others.stop, self.seconds("cancelled"))
            await asyncio.sleep(self.seconds("cancelled") + 20)
        if "late_raise" in faults:
            await asyncio.sleep(self.seconds("late_raise"))
            raise RuntimeError("The sandbox was asked to fail late")
        if "hang" in faults or "queue" in faults:
            await asyncio.sleep(FOR_EVER)
        for name in ("slow", "progress_raise", "progress_end"):
            if name in faults:
                await asyncio.sleep(self.seconds(name))
        await pods.start(self)
        if set(NOBODY_LISTENS).intersection(faults):
            self.settle = False
        await self._prepare(faults)
        if "firecrest" in faults:
            older = await firecrest.start(self)
            if older:
                return older
        self.address = address, port = await super().start()
        if "wrong_port" in faults:
            return address, closed_port()
        if "die_after" in faults:
            asyncio.get_running_loop().call_later(self.seconds("die_after"), kill, self.pid)
        if "culled" in faults:
            others.once_up(self, others.stop, self.seconds("culled"))
        return address, port

    async def _prepare(self, faults):
        """Changes the command or the environment of the process to come."""
        if "exit" in faults:
            self.cmd = ["sh", "-c", "echo 'asked to exit' >&2; exit 3"]
        if "exit_late" in faults:
            self.cmd = ["sh", "-c", f"sleep {self.seconds('exit_late')}; echo 'asked to exit late' >&2; exit 3"]
        if "k8s_oom" in faults:
            self.cmd = ["sh", "-c", "sleep 1; exit 137"]
        if "deaf" in faults:
            # The arguments that the hub adds would be more times to sleep.
            self.cmd = ["sh", "-c", "exec sleep infinity"]
        if "nocmd" in faults:
            self.cmd = ["/nonexistent/jupyterhub-singleuser"]
        if "old_server" in faults:
            self.cmd = [self._old_program()]
        if "no_hub" in faults or "no_hub_silent" in faults:
            self._lead_to(f"http://127.0.0.1:{closed_port()}")
        if "hub_lost" in faults:
            self._relay = relay = Relay(self.hub.ip or "127.0.0.1", self.hub.port)
            self._lead_to(await relay.open())

            async def lose(_):
                self.log.warning("The way from the server of %s to the hub is cut, as asked", self.user.name)
                relay.close()

            if self.seconds("hub_lost"):
                others.once_up(self, lose, self.seconds("hub_lost"))
            else:
                others.before_ready(self, lose)
        homes.prepare(self, faults, self._env)

    def _raise_again(self, faults):
        if "raise_again" not in faults:
            return
        # The hub may make another spawner for the next start.
        FaultSpawner.starts[self.log_path] += 1
        if FaultSpawner.starts[self.log_path] % 2 == 0:
            raise RuntimeError("The sandbox was asked to fail at the second start")

    def _old_program(self):
        if self.old_server:
            return self.old_server
        error = RuntimeError("The sandbox was made without an old server")
        error.jupyterhub_message = "no old server is installed: start the sandbox with --fault old_server"
        raise error

    def _lead_to(self, origin):
        """Gives the server another address of the hub's interface."""
        path = self.hub.api_url.partition("://")[2].partition("/")[2]
        self._env["JUPYTERHUB_API_URL"] = url = f"{origin}/{path}"
        self._env["JUPYTERHUB_ACTIVITY_URL"] = f"{url}/users/{self.user.escaped_name}/activity"

    def get_env(self):
        return {**super().get_env(), **self._env}

    def run_pre_spawn_hook(self):
        if self.asked("hook_denies"):
            raise web.HTTPError(403, self.faults["hook_denies"])
        if self.asked("bad_option") and jupyterhub.version_info < (5, 3):
            raise web.HTTPError(400, self.faults["bad_option"])
        return super().run_pre_spawn_hook()

    async def _run_apply_user_options(self, user_options):
        # Since JupyterHub 5.3; the hub itself calls it.
        if self.asked("bad_option"):
            raise web.HTTPError(400, self.faults["bad_option"])
        # Options of ours are no options of the site's.
        result = super()._run_apply_user_options(user_options)
        return await result if inspect.isawaitable(result) else result

    async def progress(self):
        faults = self.faults
        if "queue" in faults:
            while True:
                yield {"message": "Pending in queue..."}
                await asyncio.sleep(1)
        if "progress_raise" in faults or "progress_end" in faults:
            yield {"progress": 10, "message": "Half way, and no further"}
            if "progress_raise" in faults:
                raise RuntimeError("The sandbox was asked to break the progress stream")
            # To return is not enough: the hub would keep the stream open until the spawn is done.
            raise web.Finish()
        if "no_hub" in faults:
            async for line in lines_of(self.log_path, self._log_from):
                yield {"message": line}
        if "firecrest" in faults:
            async for event in firecrest.events(self):
                yield event
            return
        if pods.wanted(faults):
            async for event in pods.events(self):
                yield event
            return
        async for event in super().progress():
            yield event

    async def poll(self):
        if "firecrest" in self.faults and self.log_path in firecrest.orphans:
            # The older one is what is asked for.
            return None if self.job_id else 1
        return await super().poll()

    def get_state(self):
        job = {"job_id": self.job_id, "job_status": self.job_status} if self.job_id else {}
        return {**super().get_state(), **job}

    async def stop(self, now=False):
        faults = self.faults
        if "stop_raise" in faults:
            raise RuntimeError("The sandbox was asked not to stop")
        if "stop_noop" in faults:
            return
        if "firecrest" in faults and firecrest.stopped_in_name(self):
            return
        if "stop_slow" in faults:
            await asyncio.sleep(self.seconds("stop_slow"))
        if "stop_for_ever" in faults:
            await asyncio.sleep(FOR_EVER)
        await super().stop(now)
        if self._relay is not None:
            self._relay.close()
            self._relay = None
        if "restarted" in faults:
            others.later(self, others.start, 0)


def raise_at_once(faults, user):
    """The faults that are nothing but words, said before anything is started."""
    if "raise" in faults:
        raise RuntimeError("The sandbox was asked to fail")
    if "raise_text" in faults:
        raise RuntimeError(faults["raise_text"])
    if "raise_message" in faults:
        error = RuntimeError("The sandbox was asked to fail with a message")
        error.jupyterhub_message = faults["raise_message"]
        raise error
    if "http" in faults:
        status, _, text = faults["http"].partition(":")
        raise web.HTTPError(int(status), text)
    if "nonetype" in faults:
        # What a spawner or hook says that takes a login for granted.
        auth_state = None
        auth_state["access_token"]
    if "invalid_grant" in faults:
        # firecrestspawner, when the provider refuses to refresh.
        text = json.dumps({"error": "invalid_grant", "error_description": "Session not active"})
        raise web.HTTPError(400, text)
    if "firecrest_401" in faults:
        # firecrestspawner since f1b5b27 for an account that never logged in.
        raise web.HTTPError(401, "'NoneType' object is not subscriptable")
    pods.raise_at_once(faults, user)


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
