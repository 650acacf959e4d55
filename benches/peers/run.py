#!/usr/bin/env python3
"""The tools of the field on the same faults: what each says, whether it names the cause, and what it leaves behind.

    benches/peers/run.py --hubprobe target/release/hubprobe [--out results.json] [--python PATH] [FAULT…]

Each fault has a sandbox of its own, a real JupyterHub; on it each tool runs with an account of its own, at the same time as the
others, and is killed after LIMIT seconds. Then the administrator asks what is left for the account, and the sandbox is ended, which
takes all of it away. `make compare` runs it and writes docs/comparison.md anew from what it found.

A comparison and no test: the exit code tells only whether it could be run. Everything is below one temporary directory. No tool may
fail on a hub where nothing is broken: that would be a mistake of ours in how it is set up.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True  # nothing of this is written into the tree

from faults import FAULTS  # noqa: E402
from hub import ENDED, Hub, clean  # noqa: E402
from tools import all_tools  # noqa: E402

HERE = Path(__file__).resolve().parent
LIMIT = 120
LANES = 2


def say(text):
    print(text, file=sys.stderr, flush=True)


def ended(child, seconds):
    """The exit code, or None where the child had to be killed."""
    until = time.monotonic() + seconds
    while child.poll() is None and time.monotonic() < until and not ENDED.is_set():
        time.sleep(0.1)
    return child.poll()


def run(command, environment, here):
    """Runs a tool: its exit code (None: it was still at it after LIMIT), what it wrote, and for how long it ran."""
    began = time.monotonic()
    with open(here / "output", "wb") as output:
        streams = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": subprocess.STDOUT}
        child = subprocess.Popen(command, env={**clean(), **environment}, cwd=here, start_new_session=True, **streams)
        try:
            code = ended(child, LIMIT)
        finally:
            # The whole of it, also what it may have started.
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()
    took = time.monotonic() - began
    # Its log file first: what it says at the end is in its output.
    logs = [*sorted(here.glob("*.log")), here / "output"]
    return code, "".join(it.read_text(errors="replace") for it in logs), took


def verdict(tool, code):
    if code is None:
        return "waiting"
    if code == 0:
        return "green"
    # Its own documented exit code for "cannot tell, and nobody is to blame".
    return "inconclusive" if tool.id == "hubprobe" and code == 3 else "red"


def told(text):
    """The lines of what a tool wrote, without those of Python's tracebacks that quote a program: they tell of it, not of the hub."""
    quoted = False
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith('File "'):
            quoted = True
        elif quoted or set(line) <= set("~^"):
            quoted = False
        else:
            yield line


def evidence(fault, text, secrets):
    """Whether the cause is named, and the line that does so, else the last one; without what is another one each time."""
    lines = list(told(text))
    found = [it for it in lines if fault.words and re.search(fault.words, it, re.IGNORECASE)]
    line = found[0] if found else lines[-1] if lines else ""
    for secret, word in secrets.items():
        line = line.replace(secret, word)
    line = re.sub(r"127\.0\.0\.1:\d+|port \d+", "HUB", line)
    return bool(found), re.sub(r"0x[0-9a-f]{6,}", "0x…", line)[:400]


def one(hub, fault, tool):
    here = hub.place / tool.id
    here.mkdir()
    name = tool.id
    token, token_file = hub.account(name, tool.id == "hubprobe")
    yield None  # the account is made; the deeds come in between
    command, environment = tool.command(hub, name, token, token_file, here, fault.code)
    code, text, took = run(command, environment, here)
    named, line = evidence(fault, text, {token: "TOKEN", hub.url: "URL", hub.direct: "URL", str(hub.place): "DIR", str(hub.place.parent): "DIR"})
    result = {"exit": code, "verdict": verdict(tool, code), "took_s": round(took, 1), "line": line, "left": hub.left(name)}
    if not fault.green:
        result["named"] = named and result["verdict"] != "green"
    yield result


def row(hubprobe, version, fault, tools, place):
    # Short, since Slurm's sockets have long names and may not.
    with Hub(hubprobe, version, fault, place / str(FAULTS.index(fault))) as hub:
        runs = {tool.id: one(hub, fault, tool) for tool in tools}
        for it in runs.values():
            next(it)
        if fault.before:
            fault.before(hub)
        with ThreadPoolExecutor(len(runs)) as pool:
            results = dict(zip(runs, pool.map(next, runs.values()), strict=True))
    for tool, it in results.items():
        mark = "" if it.get("named") is None else " named" if it["named"] else " not named"
        say(f"  {fault.id:14} {tool:20} {it['verdict']:12}{mark:10} {it['took_s']:6.1f} s  {it['left']}  {it['line'][:90]}")
    return results


def compared(arguments, place):
    tools, missing = all_tools(str(arguments.hubprobe.resolve()), place, arguments.python)
    faults = [it for it in FAULTS if not arguments.faults or it.id in arguments.faults]
    began = time.monotonic()
    with ThreadPoolExecutor(LANES) as pool:
        rows = [pool.submit(row, str(arguments.hubprobe.resolve()), arguments.hub_version, it, tools, place) for it in faults]
        try:
            runs = {fault.id: it.result() for fault, it in zip(faults, rows, strict=True)}
        except BaseException:
            ENDED.set()
            pool.shutdown(cancel_futures=True)
            raise
    bad = [tool.id for tool in tools if runs.get("healthy", {}).get(tool.id, {}).get("verdict", "green") != "green"]
    if bad:
        raise RuntimeError(f"not set up as it should be, since it fails on a healthy hub: {', '.join(bad)}")
    return {
        "hub_version": arguments.hub_version,
        "limit_s": LIMIT,
        "took_s": round(time.monotonic() - began),
        "not_run": missing,
        "tools": [{"id": it.id, "title": it.title, "version": it.version, "typed": it.typed} for it in tools],
        "faults": [{"id": it.id, "title": it.title, "words": it.words, "said": it.said, "green": it.green} for it in faults],
        "runs": runs,
    }


def renewed(before, some):
    """Earlier results, with some rows anew; the time that all of them took stays."""
    both = {it["id"]: it for it in before["faults"] + some["faults"]}
    faults = [both[it.id] for it in FAULTS if it.id in both]
    return {**before, "faults": faults, "runs": {it["id"]: {**before["runs"], **some["runs"]}[it["id"]] for it in faults}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hubprobe", required=True, type=Path, help="the binary")
    parser.add_argument("--hub-version", default="6.1.1")
    parser.add_argument("--python", help="a Python for tools that want a newer one than is found")
    parser.add_argument("--out", type=Path, help="where the results go; standard output without")
    parser.add_argument("faults", nargs="*", metavar="FAULT", help="some rows, which take the place of those in --out; all without")
    arguments = parser.parse_args()
    unknown = set(arguments.faults) - {it.id for it in FAULTS}
    if unknown or not arguments.hubprobe.is_file():
        parser.error(f"there is no {', '.join(unknown) or arguments.hubprobe}")
    # So that what is begun here is also ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    with tempfile.TemporaryDirectory(prefix="peers-") as place:
        try:
            results = compared(arguments, Path(place))
        finally:
            left = subprocess.run([HERE.parents[1] / "tools" / "left-behind", "--end", place], check=False).returncode
    if left:
        raise RuntimeError("processes were left behind, and have been ended")
    if arguments.faults and arguments.out and arguments.out.exists():
        results = renewed(json.loads(arguments.out.read_text()), results)
    text = json.dumps(results, indent=1, ensure_ascii=False) + "\n"
    if arguments.out:
        arguments.out.write_text(text)
    else:
        print(text, end="")
    say(f"{len(results['faults'])} faults, {len(results['tools'])} tools, {results['took_s']} s")


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, OSError, subprocess.CalledProcessError) as problem:
        sys.exit(f"compare: {problem}")
