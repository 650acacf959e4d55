"""The procedure of firecrestspawner's page "Testing JupyterHub deployments", told again in our own code: ask for the server, look
every five seconds for a minute whether the user's model has one, delete it. 201 and 202 are a good start, 204 is a good stop, and
nothing is deleted that did not come up. The page's script has no exit code; here it is 0 where each of its steps would have been
reported as done, else 1.

https://github.com/eth-cscs/firecrestspawner, docs/source/deployment_testing.rst. Reads HUB_URL, HUB_USER and HUB_TOKEN.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request

LOOKS = 12
INTERVAL = 5


def ask(method, path, body=None):
    url = f"{os.environ['HUB_URL']}/hub/api/users/{os.environ['HUB_USER']}{path}"
    headers = {"Authorization": f"token {os.environ['HUB_TOKEN']}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")


def comes_up():
    for _ in range(LOOKS):
        server = json.loads(ask("GET", "")[1]).get("server")
        if server:
            print(f"the server runs at {server}")
            return True
        print("waiting for the server")
        time.sleep(INTERVAL)
    return False


def main():
    status, text = ask("POST", "/server", {})
    if status not in (201, 202):
        sys.exit(f"the server could not be started: {text}")
    print("the server was asked for")
    if not comes_up():
        sys.exit("the server did not start within the time")
    status, text = ask("DELETE", "/server")
    if status != 204:
        sys.exit(f"the server could not be stopped: {text}")
    print("the server was stopped")


main()
