"""The tools that are compared: what each is, how it is installed and typed, and what its exit code says."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from faults import SHOWN

HERE = Path(__file__).resolve().parent
# On which Pythons each runs (jhub-client gets its event loop in a way that 3.14 refuses), and what it brings along.
PACKAGES = {
    "jhub-client": ((3, 10), (3, 13), ["jhub-client==0.1.7", "aiohttp==3.14.5", "yarl==1.25.1"]),
    "hucl": ((3, 13), (3, 99), ["hucl==0.0.4"]),
}


class NotHere(Exception):
    """A tool that cannot be run on this machine, and why."""


def interpreter(oldest, newest, given):
    """The first Python of a fitting version, and which it is."""
    for name in [sys.executable, given, "python3", "python3.11", "python3.12", "python3.13", "python3.14"]:
        found = name and shutil.which(name)
        if not found:
            continue
        asked = [found, "-c", "import platform; print(platform.python_version())"]
        said = subprocess.run(asked, capture_output=True, text=True, check=False)
        version = said.stdout.strip()
        if said.returncode == 0 and oldest <= tuple(map(int, version.split(".")[:2])) <= newest:
            return found, version
    raise NotHere(f"no Python from {oldest[0]}.{oldest[1]} to {newest[0]}.{newest[1]} was found (PYTHON=PATH)")


def environment(package, place, given):
    """Where the programs of an environment of the package's own are, and on which Python."""
    oldest, newest, wanted = PACKAGES[package]
    python, version = interpreter(oldest, newest, given)
    directory = place / package
    subprocess.run([python, "-m", "venv", directory], check=True)
    pip = [directory / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", *wanted], check=True)
    return directory / "bin", f"{wanted[0].split('==')[1]}, Python {version}"


@dataclass(frozen=True)
class Tool:
    id: str
    title: str
    version: str
    typed: str  # as it would be typed
    command: object  # (hub, name, token, token_file, here, code) → the command and what is added to its environment


def suite(hub, name, token_file, code):
    """hubprobe's suite for a row: JSON is YAML."""
    account = {"token": {"file": str(token_file)}}
    place = {"url": hub.url, "accounts": {name: account}, **({"ca_file": hub.ca} if hub.ca else {})}
    deadlines = {"start": "60s", "queue": "60s", "kernel": "30s", "execute": "30s", "stop": "30s"}
    steps = [{"execute": {"code": code, "expect": SHOWN}}, {"files": {"size": "64KiB"}}]
    return {"hubs": {"hub": place}, "probes": {"check": {"deadlines": deadlines, "steps": steps}}}


def notebook(code):
    output = {"name": "stdout", "output_type": "stream", "text": [f"{SHOWN}\n"]}
    cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [output], "source": [code]}
    return {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}


def trust(hub):
    return {"SSL_CERT_FILE": hub.ca} if hub.ca else {}


def hubprobe(binary):
    def command(hub, name, token, token_file, here, code):
        (here / "suite.yaml").write_text(json.dumps(suite(hub, name, token_file, code)))
        # Where `account create` noted when the token ends.
        return [binary, "check", "--suite", "suite.yaml", "--state-dir", str(hub.state)], {}

    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    return Tool("hubprobe", "hubprobe", version, "hubprobe check --suite suite.yaml", command)


def jhubctl(programs, version, validate):
    more = ["--validate"] if validate else []

    def command(hub, name, token, token_file, here, code):
        (here / "check.ipynb").write_text(json.dumps(notebook(code)))
        run = [str(programs / "jhubctl"), "--verbose", "run", "--notebook", "check.ipynb", "--hub", hub.url]
        return [*run, "--username", name, "--stop-server", *more], {"JUPYTERHUB_API_TOKEN": token, **trust(hub)}

    typed = " ".join(["jhubctl --verbose run --notebook check.ipynb --hub URL --username USER --stop-server", *more])
    title = "jhub-client, validating" if validate else "jhub-client"
    return Tool("jhub-client-validate" if validate else "jhub-client", title, version, typed, command)


def hucl(programs, version):
    script = '"$0" server start "$1/hub/api" "$2" --user "$3" && "$0" server stop "$1/hub/api" "$2" --user "$3"'

    def command(hub, name, token, token_file, here, code):
        return ["sh", "-c", script, str(programs / "hucl"), hub.url, token, name], {"JUPYTERHUB_CLIENT_LOGLEVEL": "DEBUG", **trust(hub)}

    typed = "hucl server start URL/hub/api TOKEN --user USER && hucl server stop URL/hub/api TOKEN --user USER"
    return Tool("hucl", "hucl", version, typed, command)


def page():
    def command(hub, name, token, token_file, here, code):
        return [sys.executable, str(HERE / "page_script.py")], {"HUB_URL": hub.url, "HUB_USER": name, "HUB_TOKEN": token, **trust(hub)}

    version = f"Python {sys.version.split()[0]}"
    return Tool("page", "the page's procedure", version, "python3 page_script.py", command)


def uptime(id, title, typed):
    version = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]

    def command(hub, name, token, token_file, here, code):
        return ["sh", "-c", typed.replace("URL", '"$0"'), hub.url], {"CURL_CA_BUNDLE": hub.ca} if hub.ca else {}

    return Tool(id, title, f"curl {version}", typed, command)


def all_tools(binary, place, given):
    """The tools that can be run here, and those that cannot, with the reason."""
    if not shutil.which("curl"):
        raise RuntimeError("there is no curl: sudo apt-get install curl")
    tools, missing = [hubprobe(binary)], {}
    try:
        programs, version = environment("jhub-client", place, given)
        tools += [jhubctl(programs, version, False), jhubctl(programs, version, True)]
    except NotHere as why:
        missing["jhub-client"] = str(why)
    try:
        tools.append(hucl(*environment("hucl", place, given)))
    except NotHere as why:
        missing["hucl"] = str(why)
    tools.append(page())
    tools.append(uptime("health", "uptime check of /hub/health", "curl -fsS --max-time 10 URL/hub/health"))
    login = "curl -fsSL --max-time 10 URL/hub/login > page.html && grep -c JupyterHub page.html"
    tools.append(uptime("login", "uptime check of /hub/login", login))
    return tools, missing
