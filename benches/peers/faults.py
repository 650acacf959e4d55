"""What is broken in each row, and by which words a tool is taken to have named it.

The words were chosen before the tools were run, and widened wherever a tool's own wording told the fault: they are searched in all
that the tool wrote, standard error and log file included, whatever the case of letters. Said in prose beside each pattern, since
the page shows that.
"""

import json
import os
import signal
import time
from dataclasses import dataclass, field

CODE = "print(6*7)"
SHOWN = "42"


@dataclass(frozen=True)
class Fault:
    id: str
    title: str
    words: str = ""  # a regular expression; none where nothing is broken
    said: str = ""  # the same for people
    up: tuple = ()  # faults and flags of `hubprobe sandbox up`
    config: str = ""  # more of the hub's configuration
    kernel: tuple = ()  # what the kernel python3 runs in place of the real one
    code: str = CODE
    token: dict = field(default_factory=dict)  # how the token is made, other than usual
    before: object = None  # a deed before the tools run, given the hub

    @property
    def green(self):
        return not self.words


def broken(name):
    return ("--faults", "--fault", name)


def wait_for(what, seconds, look):
    until = time.monotonic() + seconds
    while not look():
        if time.monotonic() > until:
            raise RuntimeError(f"{what}: not seen within {seconds} s")
        time.sleep(0.2)


def kill_hub(hub):
    pid = hub.settings()["hub"]["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_for("the hub's end", 10, lambda: hub.ask("GET", "/hub/api/info")[0] != 200)


def fill_hub(hub):
    hub.admin("POST", "/hub/api/users/somebody")
    hub.admin("POST", "/hub/api/users/somebody/server")
    wait_for("somebody's server", 60, lambda: hub.servers("somebody") == ["ready"])


def fill_slurm(hub):
    hub.submit("-n", "3", "--wrap", "sleep 600")


SCOPES = {"scopes": ["read:users!user=USER", "access:servers!user=USER"]}

FAULTS = [
    Fault("healthy", "nothing"),
    Fault("slow", "nothing; the server takes 20 s longer", up=broken("slow:20")),
    Fault("stream-ends", "nothing; the progress stream ends early, without a last word", up=broken("progress_end:12")),
    Fault("front", "nothing; nginx before the hub holds progress streams back", up=("--faults", "--fault", "buffered")),
    Fault("gateway", "the ingress answers 502 to everything", r"\b502\b|bad gateway", "502 or bad gateway", ("--fault", "bad_gateway")),
    Fault("tls", "the certificate has expired", r"expired", "expired", ("--fault", "tls_expired")),
    Fault(
        "hub-killed",
        "the hub was killed, its proxy lives",
        r"\b503\b|service unavailable|hub.{0,60}(down|gone|unreachable|not run|not answer|no answer)",
        "503, its text, or that the hub does not answer",
        before=kill_hub,
    ),
    Fault("token-expired", "the token has expired", r"token.{0,40}expired|expired.{0,40}token", "that the token expired", token={"expires": 1}),
    Fault("token-scope", "the token may not start servers", r"scope", "a scope", token=SCOPES),
    Fault("header", "a proxy removes the header Authorization", r"header|authorization.{0,40}(removed|stripped|missing|lost)", "the header", ("--fault", "strip_auth")),
    Fault("denied", "a rule of the site refuses the account's server", r"closed until monday", "the site's words", broken("hook_denies:Closed until Monday")),
    Fault(
        "full",
        "the hub is full (active_server_limit)",
        r"\b429\b|too many|limit|back off|full",
        "429, a limit, or full",
        ("--faults", "--fault", "hub_full:1"),
        before=fill_hub,
    ),
    Fault("raises", "the spawner fails, with words for the user", r"licence server", "the spawner's words", broken("raise_message:The licence server is down")),
    Fault(
        "exits",
        "the server's process ends at once",
        r"process.{0,30}(exited|ended|died)|exited? (with|status|code)|server.{0,40}(exited|ended|died)",
        "that the process or server ended",
        broken("exit"),
    ),
    Fault(
        "unreachable",
        "the server runs where the hub cannot reach it",
        r"didn't respond|did not respond|not reach|never reached|not answer|never answer",
        "that it did not respond, or was not reached",
        broken("wrong_port"),
    ),
    Fault(
        "start-timeout",
        "the spawner never comes back, and the hub gives up after 20 s",
        r"time-?d? ?out|in time|within|did not (start|come)|20 s",
        "a timeout",
        broken("hang"),
        "c.Spawner.start_timeout = 20\n",
    ),
    Fault(
        "queued",
        "the scheduler keeps the server waiting (a real Slurm whose node is full)",
        r"queue",
        "the queue",
        ("--slurm",),
        before=fill_slurm,
    ),
    Fault("no-route", "the ingress does not know the paths of users' servers", r"\b404\b|route", "404 or the route", ("--fault", "no_user_routes")),
    Fault("websocket", "the ingress does not pass websockets on", r"websocket|upgrade|handshake", "the websocket", ("--fault", "no_upgrade")),
    Fault(
        "kernel-ends",
        "the kernel's program ends at once",
        r"kernel.{0,80}(died|dead|ended|ends|exited|restart|did not (start|come)|not start|never)",
        "that the kernel ended or did not start",
        kernel=("false",),
    ),
    Fault(
        "kernel-silent",
        "the kernel's program runs and never answers",
        r"kernel.{0,80}(silent|never|answer|respond|ready|time)",
        "that the kernel does not answer",
        kernel=("sleep", "600"),
    ),
    Fault(
        "kernel-dies",
        "the kernel is killed while the code runs",
        r"kernel.{0,80}(died|dead|ended|killed|restart)",
        "that the kernel died",
        code="import os; os.kill(os.getpid(), 9)",
    ),
    Fault(
        "module",
        "a package that the code wants is not installed",
        r"ModuleNotFoundError|No module named",
        "the kernel's error",
        code="import no_such_package; print(6*7)",
    ),
    Fault("output", "the code shows something else than it should", r"\b43\b", "what was shown (43)", code="print(6*7+1)"),
    Fault("home-full", "the home is full as soon as the server is up", r"no space|errno 28|ENOSPC|\bfull\b", "that there is no space", broken("home_fills")),
    Fault(
        "stop-lies",
        "the stop does nothing, and the hub believes it",
        r"(still|on).{0,20}(run|there|live|answer)|surviv",
        "that the server still runs",
        broken("stop_noop"),
    ),
    Fault(
        "stop-for-ever",
        "the stop never ends",
        r"stop.{0,80}(time|did not|not end|never|pending|still)|deletion timeout|waiting for server to stop",
        "that the stop did not end",
        broken("stop_for_ever"),
    ),
]


def kernelspec(directory, argv):
    """Puts a kernel of this command in the place of python3, for servers that search this directory."""
    place = directory / "kernels" / "python3"
    place.mkdir(parents=True)
    spec = {"argv": list(argv), "display_name": "Python 3", "language": "python"}
    (place / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    return f'c.Spawner.environment["JUPYTER_PATH"] = {str(directory)!r}\n'
