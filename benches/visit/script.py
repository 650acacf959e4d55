"""A visit as scripts make it: start a server, ask every five seconds whether it is ready, stop it.

Reads HUB_URL, HUB_USER, HUB_TOKEN and HUB_OPTIONS (JSON) from the environment; prints when it knew that the server was ready, in
seconds since the epoch. The other side of the comparison in run.py; hubprobe's side does more: it also opens the server, starts a
kernel, runs code, and sees that the server is gone.
"""

import json
import os
import sys
import time

import requests

INTERVAL = 5
PATIENCE = 300


def main():
    user = f"{os.environ['HUB_URL'].rstrip('/')}/hub/api/users/{os.environ['HUB_USER']}"
    headers = {"Authorization": f"token {os.environ['HUB_TOKEN']}"}
    options = json.loads(os.environ["HUB_OPTIONS"])

    answer = requests.post(f"{user}/server", headers=headers, json={"user_options": options})
    answer.raise_for_status()
    until = time.monotonic() + PATIENCE
    while True:
        model = requests.get(user, headers=headers)
        model.raise_for_status()
        if model.json().get("servers", {}).get("", {}).get("ready"):
            break
        if time.monotonic() > until:
            sys.exit("the server did not become ready")
        time.sleep(INTERVAL)
    print(time.time(), flush=True)
    requests.delete(f"{user}/server", headers=headers).raise_for_status()


main()
