#!/usr/bin/env python3
"""The same visit on the same real hub by a script and by hubprobe, in turns: how late each knows that the server is ready, what it
costs in CPU time and memory, and how large the binary is. Run by `make bench`.

Late is measured against the hub's own log ("User … took … seconds to start"), on one machine, so on one clock. Before each start
the hub waits for a while that is spread over the script's five seconds, the same for both, so that neither is lucky.

A benchmark and no test: the exit code tells only whether it could be run.
"""

import argparse
import calendar
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUESTS = "requests==2.32.5"
USER = "bench"
VISIT_PATIENCE = 180

READY = re.compile(r"^\[I (\S+ \S+) JupyterHub .*\] User " + USER + r" took [0-9.]+ seconds to start$")

# What is to be reached, by (measure): a word for it, and whether hubprobe's median keeps it.
TARGETS = {
    "late": ("0.100 s", lambda it: it <= 0.100),
    "cpu": ("0.060 s", lambda it: it <= 0.060),
    "peak": ("20.0 MB", lambda it: it <= 20.0),
    "binary": ("15.0 MB", lambda it: it < 15.0),
}


def say(text):
    print(text, file=sys.stderr, flush=True)


def cache():
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hubprobe"


def python_with_requests():
    """The interpreter of an environment in the cache that has the script's one dependency."""
    directory = cache() / "envs" / f"bench-{REQUESTS.replace('==', '-')}"
    python = directory / "bin" / "python"
    if not (directory / "complete").exists():
        say(f"installing {REQUESTS} into {directory}")
        shutil.rmtree(directory, ignore_errors=True)
        directory.parent.mkdir(parents=True, exist_ok=True)
        uv = shutil.which("uv")
        if uv:
            subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, directory], check=True)
            subprocess.run([uv, "pip", "install", "--quiet", "--python", python, REQUESTS], check=True)
        else:
            subprocess.run([sys.executable, "-m", "venv", directory], check=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", REQUESTS], check=True)
        (directory / "complete").touch()
    return python


def peak_now(pid):
    """The process's peak memory so far in MB, as the kernel keeps it."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def measured(command, environment):
    """Runs a command: its output, CPU seconds and peak memory in MB."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(command, env=environment, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
        until = time.monotonic() + VISIT_PATIENCE
        seen = 0.0
        try:
            while True:
                pid, status, usage = os.wait4(child.pid, os.WNOHANG)
                if pid:
                    break
                if time.monotonic() > until:
                    raise RuntimeError(f"{command[0]} did not end within {VISIT_PATIENCE} s")
                seen = max(seen, peak_now(child.pid))
                time.sleep(0.02)
            child.returncode = os.waitstatus_to_exitcode(status)
        finally:
            if child.returncode is None:
                # It takes back what it started.
                child.terminate()
                child.wait()
        out.seek(0)
        err.seek(0)
        text, said = out.read().decode(errors="replace"), err.read().decode(errors="replace")
    if child.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {child.returncode}:\n{said}{text}")
    # ru_maxrss counts from the fork on, when the child was still a copy of this process: it is exact only above our own peak.
    whole = usage.ru_maxrss / 1024
    peak = whole if whole > peak_now("self") else seen
    return text, usage.ru_utime + usage.ru_stime, peak


class Hub:
    """A sandbox of this benchmark's own."""

    def __init__(self, hubprobe, place):
        self.hubprobe = hubprobe
        self.global_ = ["--state-dir", str(place / "state")]
        self.token_file = place / "bench.token"
        clean = {key: it for key, it in os.environ.items() if not key.startswith(("HUBPROBE_", "JUPYTERHUB_"))}
        # The system's loopback is meant, whatever proxies are set.
        self.environment = {**clean, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
        self.url = self.log = self.token = None

    def run(self, *arguments):
        command = [self.hubprobe, *arguments, *self.global_]
        done = subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"hubprobe {' '.join(arguments[:2])} ended with {done.returncode}\n{done.stdout}")
        return done.stdout

    def up(self):
        said = self.run("sandbox", "up", "--hub-version", "6.1.1", "--config", str(HERE / "sandbox_config.py"))
        self.url = re.search(r"is up at (\S+)", said)[1]
        self.log = Path(re.search(r"log: (.+)", said)[1].strip())
        admin = re.search(r"admin token: (.+)", said)[1].strip()
        self.run("account", "create", USER, "--url", self.url, "--admin-token-file", admin, "--out", str(self.token_file))
        self.token = self.token_file.read_text().strip()

    def down(self):
        try:
            self.run("sandbox", "down")
        except RuntimeError as error:
            say(f"the sandbox could not be ended: {error}")

    def readies(self):
        """When the hub wrote that the account's server was ready, each time, in seconds since the epoch."""
        found = (READY.match(line) for line in self.log.read_text(errors="replace").splitlines())
        return [datetime.strptime(it[1], "%Y-%m-%d %H:%M:%S.%f").timestamp() for it in found if it]

    def idle(self):
        """Waits until the account has no server, so that the next visit begins like the one before."""
        url = f"{self.url.rstrip('/')}/hub/api/users/{USER}"
        request = urllib.request.Request(url, headers={"Authorization": f"token {self.token}"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with opener.open(request, timeout=10) as answer:
                if not json.load(answer).get("servers"):
                    return
            time.sleep(0.2)
        raise RuntimeError("the server of the visit before does not go")


def by_script(hub, python, options):
    environment = {
        **hub.environment,
        "HUB_URL": hub.url,
        "HUB_USER": USER,
        "HUB_TOKEN": hub.token,
        "HUB_OPTIONS": json.dumps(options),
    }
    text, cpu, peak = measured([python, str(HERE / "script.py")], environment)
    return float(text.strip()), cpu, peak


def by_hubprobe(hub, options):
    command = [hub.hubprobe, "check", "--url", hub.url, "--user", USER, "--token-file", str(hub.token_file)]
    command += ["--options", json.dumps(options), "--format", "json", *hub.global_]
    text, cpu, peak = measured(command, {**hub.environment, "HUBPROBE_LOG": "off"})
    report = json.loads(text)
    visit = report["visits"][0]
    spawn = next(it for it in visit["steps"] if it["name"] == "spawn")
    whole, _, fraction = report["started"].rstrip("Z").partition(".")
    began = calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float(f"0.{fraction or 0}")
    return began + visit["started_s"] + spawn["started_s"] + spawn["duration_s"], cpu, peak


def one(hub, name, visit, wait):
    hub.idle()
    before = len(hub.readies())
    knew, cpu, peak = visit({"wait": wait})
    after = hub.readies()
    if len(after) != before + 1:
        raise RuntimeError(f"the hub's log tells of {len(after) - before} starts where there was one")
    late = knew - after[-1]
    say(f"  {name:9} late {late:7.3f} s   cpu {cpu:6.3f} s   peak {peak:6.1f} MB")
    return {"late": late, "cpu": cpu, "peak": peak}


def table(script, hubprobe, size, rounds):
    def row(title, unit, digits, measure):
        of_script, of_hubprobe = ([it[measure] for it in them] for them in (script, hubprobe))
        theirs, ours = statistics.median(of_script), statistics.median(of_hubprobe)
        target, keeps = TARGETS[measure]
        word = "reached" if keeps(ours) else "MISSED"
        ratio = f"{theirs / ours:7.1f}" if ours > 0 else "      -"
        spread = f"{min(of_hubprobe):.{digits}f} to {max(of_hubprobe):.{digits}f}"
        print(f"{title:24}{theirs:9.{digits}f} {unit:3}{ours:9.{digits}f} {unit:3}{ratio}   {spread:18} {target:9} {word}")

    print(f"\nMedians of {rounds} visits each, on one hub (JupyterHub 6.1.1, JupyterLab):\n")
    print(f"{'':24}{'script':>9}    {'hubprobe':>9}    {'ratio':>7}   {'hubprobe from, to':18} target")
    row("ready, known so late", "s", 3, "late")
    row("CPU time of a visit", "s", 3, "cpu")
    row("peak memory", "MB", 1, "peak")
    target, keeps = TARGETS["binary"]
    print(f"{'binary':24}{'':13}{size:9.1f} MB{'':31}{target:9} {'reached' if keeps(size) else 'MISSED'}")
    print("\nThe script starts, polls and stops; hubprobe also opens the server, runs code in a kernel, and sees the server gone.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hubprobe", required=True, type=Path, help="the binary; a release build, or the figures say nothing")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    hubprobe = arguments.hubprobe.resolve()
    if arguments.rounds < 1 or not hubprobe.is_file():
        parser.error(f"there is no {hubprobe}, or no round to run")
    # So that what is begun here is also ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))

    python = python_with_requests()
    results = {"script": [], "hubprobe": []}
    with tempfile.TemporaryDirectory(prefix="hubprobe-bench-") as place:
        hub = Hub(str(hubprobe), Path(place))
        visits = {
            "script": lambda options: by_script(hub, str(python), options),
            "hubprobe": lambda options: by_hubprobe(hub, options),
        }
        try:
            hub.up()
            say("once each, to warm up:")
            for name, visit in visits.items():
                one(hub, name, visit, 0)
            for number in range(arguments.rounds):
                say(f"round {number + 1} of {arguments.rounds}:")
                for name, visit in visits.items():
                    results[name].append(one(hub, name, visit, round(5 * number / arguments.rounds, 3)))
        finally:
            hub.down()
    table(results["script"], results["hubprobe"], hubprobe.stat().st_size / 1e6, arguments.rounds)


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, OSError, subprocess.CalledProcessError) as problem:
        sys.exit(f"bench: {problem}")
