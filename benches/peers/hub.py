"""A sandbox for one fault: brought up, asked as its administrator, looked at from outside, ended."""

import json
import os
import re
import subprocess
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from faults import kernelspec, wait_for

SETTLE = 30  # so long a stop, or a start that comes to nothing, may still be at work after a tool has ended
ENDED = threading.Event()  # nothing more is waited for
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def clean():
    """This process's environment without what would steer the tools, and without proxies for the loopback."""
    kept = {key: it for key, it in os.environ.items() if not key.startswith(("HUBPROBE_", "JUPYTER", "JH_", "PYTHON"))}
    return {**kept, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost", "NO_COLOR": "1"}


class Hub:
    def __init__(self, hubprobe, version, fault, place):
        self.hubprobe, self.version, self.fault, self.place = hubprobe, version, fault, place
        self.state = place / "s"
        self.url = self.direct = self.token_file = self.ca = self.slurm = None

    def __enter__(self):
        self.place.mkdir()
        config = self.fault.config
        if self.fault.kernel:
            config += kernelspec(self.place / "share", self.fault.kernel)
        (self.place / "config.py").write_text(config, encoding="utf-8")
        up = ["sandbox", "up", "--light", "--hub-version", self.version, "--config", str(self.place / "config.py"), *self.fault.up]
        try:
            said = self.run(*up)
            self.url = re.search(r"is up at (\S+)", said)[1].rstrip("/")
            past = re.search(r"without it: (\S+)", said)
            self.direct = past[1].rstrip("/") if past else self.url
            ca = re.search(r"CA file: (.+)", said)
            self.ca = ca and ca[1].strip()
            slurm = re.search(r"SLURM_CONF=(\S+)", said)
            self.slurm = slurm and slurm[1]
            self.token_file = Path(re.search(r"admin token: (.+)", said)[1].strip())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.run("sandbox", "down")

    def run(self, *arguments):
        command = [self.hubprobe, *arguments, "--state-dir", str(self.state)]
        done = subprocess.run(command, env=clean(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"hubprobe {' '.join(arguments[:2])} ended with {done.returncode}\n{done.stderr}{done.stdout}")
        return done.stdout

    def settings(self):
        return json.loads((self.state / "sandbox" / "default" / "sandbox.json").read_text())

    def ask(self, method, path, token=None, body=None):
        """The status and the JSON of an answer of the hub, past any front; status 0 where nobody answers."""
        request = urllib.request.Request(f"{self.direct}{path}", method=method)
        if token:
            request.add_header("Authorization", f"token {token}")
        data = None if body is None else json.dumps(body).encode()
        try:
            with DIRECT.open(request, data, timeout=30) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            return error.code, None
        except (OSError, ValueError):
            return 0, None

    def admin(self, method, path, body=None):
        status, answer = self.ask(method, path, self.token_file.read_text().strip(), body)
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {path}: {status}")
        return answer

    def submit(self, *arguments):
        environment = {**clean(), "SLURM_CONF": self.slurm}
        command = ["sbatch", "--output=/dev/null", *arguments]
        done = subprocess.run(command, env=environment, cwd=self.place, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"sbatch ended with {done.returncode}\n{done.stderr}")

    def account(self, name, by_hubprobe):
        """Makes an account and its token: as the page of origin does it (an administrator asks), or by `account create`."""
        made = dict(self.fault.token)
        seconds = made.pop("expires", None)
        out = self.place / f"{name}.token"
        if by_hubprobe and not made:
            more = ["--expires", f"{seconds + 4}s"] if seconds else []
            token = ["--admin-token-file", str(self.token_file), "--out", str(out)]
            self.run("account", "create", name, "--url", self.direct, *token, *more)
            text = out.read_text().strip()
        else:
            if seconds:
                made["expires_in"] = seconds
            body = json.loads(json.dumps(made).replace("USER", name))
            self.admin("POST", f"/hub/api/users/{name}")
            text = self.admin("POST", f"/hub/api/users/{name}/tokens", body)["token"]
            out.touch(0o600)
            out.write_text(text)
        if seconds:
            wait_for("the token's end", 60, lambda: self.ask("GET", "/hub/api/user", text)[0] == 403)
        return text, out

    def servers(self, name):
        """What the hub says of the account's servers, or None where it says nothing."""
        status, model = self.ask("GET", f"/hub/api/users/{name}", self.token_file.read_text().strip())
        if status != 200:
            return None
        return sorted(f"pending {it['pending']}" if it["pending"] else "ready" for it in model["servers"].values())

    def processes(self, name):
        """How many processes of this sandbox run for the account, as the environment says that its spawner gave them."""
        marks = {f"HUBPROBE_SANDBOX={self.settings()['id']}".encode(), f"JUPYTERHUB_USER={name}".encode()}
        found = 0
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    found += marks <= set(file.read().split(b"\0"))
            except OSError:
                continue
        return found

    def left(self, name):
        """What is left for the account, once nothing more seems to go away."""
        until = time.monotonic() + SETTLE
        while True:
            servers, processes = self.servers(name), self.processes(name)
            if (not servers and not processes) or time.monotonic() > until or ENDED.is_set():
                return {"hub": servers, "processes": processes > 0}
            time.sleep(0.5)
