"""Somebody else who starts and stops servers: over the hub's real interface, with the token of the sandbox's admin.

Not the place for what a server or its spawner does by itself.
"""

import asyncio
import json
import os

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

HERE = os.path.dirname(os.path.abspath(__file__))
# The event loop keeps only weak references to tasks.
tasks = set()


def _run(coroutine):
    task = asyncio.ensure_future(coroutine)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def later(spawner, act, seconds):
    """Acts so many seconds from now, whatever the server does until then."""

    async def wait():
        await asyncio.sleep(seconds)
        await act(spawner)

    _run(wait())


def before_ready(spawner, act):
    """Acts when the server has answered, and before the hub calls it ready: nobody can have used it by then."""
    spawner.before_ready.append(act)


def once_up(spawner, act, seconds):
    """Acts so many seconds after the server is up, unless it is another one by then."""
    turn = spawner.turn

    async def wait():
        while not spawner.ready:
            await asyncio.sleep(0.05)
            if spawner.turn != turn or not spawner.active:
                return
        await asyncio.sleep(seconds)
        if spawner.turn == turn and spawner.ready:
            await act(spawner)

    _run(wait())


async def stop(spawner):
    status = await ask(spawner, "DELETE", None)
    spawner.log.warning("Somebody else stops the server of %s: the hub answers %s", spawner.user.name, status)


async def start(spawner):
    """As soon as the hub has done with the stop, and once: the server that comes asks for no fault."""
    turn = spawner.turn
    while spawner.active:
        await asyncio.sleep(0.05)
    if spawner.turn != turn:
        return
    status = await ask(spawner, "POST", json.dumps({"fault": "none"}))
    spawner.log.warning("Somebody else starts the server of %s again: the hub answers %s", spawner.user.name, status)


async def ask(spawner, method, body):
    with open(os.path.join(HERE, "admin.token"), encoding="utf-8") as file:
        token = file.read().strip()
    server = f"servers/{spawner.name}" if spawner.name else "server"
    url = f"{spawner.hub.api_url}/users/{spawner.user.escaped_name}/{server}"
    headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
    request = HTTPRequest(url, method=method, headers=headers, body=body, request_timeout=60)
    try:
        return (await AsyncHTTPClient().fetch(request)).code
    except HTTPClientError as error:
        body = error.response.body.decode("utf-8", "replace") if error.response else ""
        return f"{error.code} {body}"
