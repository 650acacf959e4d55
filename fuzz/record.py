#!/usr/bin/env python3
"""Records the corpora of the fuzz targets on real hubs of the sandbox, and takes suites from the documentation.

    hubprobe sandbox up --light --faults --hub-version 6.1.1 --state-dir DIR
    fuzz/record.py URL ADMIN-TOKEN-FILE VERSION     # what `sandbox up` prints; once for each version, the newest first

It writes fuzz/corpus/TARGET/…-VERSION, unless the like of it is there: bodies of progress streams, frames of the kernel's
websocket in both framings, their messages, the outputs of code, answers of the hub's API. Tokens of the hub and of its
servers are not in them: what looks like one is replaced by as many zeros.

It needs tornado: run it by the Python of the sandbox's environment (bin/python below ~/.cache/hubprobe/envs/jupyterhub-…).
"""

import asyncio
import json
import pathlib
import re
import struct
import sys
import uuid

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPUS = ROOT / "fuzz" / "corpus"
V1 = "v1.kernel.websocket.jupyter.org"
SPAWNS = {
    "good": {},
    "slow": {"fault": "slow:3"},
    "failed": {"fault": "raise_text:no nodes are left & <none> will come"},
    "ended": {"fault": "exit"},
    "queued": {"fault": "k8s_unschedulable", "start_timeout": 8},
    "broken": {"fault": "progress_raise:4"},
}
CODE = {
    "text": "print(6*7)\nprint('\u00e9\u2028', end='')",
    "stderr": "import sys\nprint('w', file=sys.stderr)\nprint('o')",
    "raised": "1/0",
    "syntax": "print(",
    "result": "{'a': [1.5, None]}",
    "display": "from IPython.display import display, HTML\nh = display(HTML('<b>b</b>'), display_id='d')\nh.update(HTML('<i>i</i>'))",
    "cleared": "from IPython.display import clear_output\nprint('old')\nclear_output(wait=True)\nprint('new')",
    "many": "for i in range(6): print(i, flush=True)",
    "surrogate": "import os\nprint(os.fsdecode(b'a\\xffb'))",
    "odd": "from IPython.display import display\ndisplay({'application/json': {'a': [1, 1e300, None]}, 'text/latex': '$x$'}, raw=True)",
    "png": "from IPython.display import Image, display\ndisplay(Image(b'\\x89PNG\\r\\n\\x1a\\n' + bytes(64)))",
}

LETTERS = "abcdefghij"
BOMB = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip(LETTERS, LETTERS[1:]))


def write(target, name, body):
    text = re.sub(rb"\b[0-9a-f]{32}\b", b"0" * 32, body)
    text = re.sub(rb'("sys_executable": ")[^"]*', rb"\1/usr/bin/python", text)
    assert TOKEN.encode() not in text, "a token would be written"
    (CORPUS / target).mkdir(parents=True, exist_ok=True)
    # What differs in numbers, identities and dates alone says nothing new.
    others = [other for other in (CORPUS / target).iterdir() if other.name != name]
    if shape(text) not in (shape(other.read_bytes()) for other in others):
        (CORPUS / target / name).write_bytes(text)


def shape(body):
    # The offsets of a v1 frame are numbers too.
    numbers = re.compile(rb"[0-9a-f]*[0-9][0-9a-f]*(-[0-9a-f]+)*")
    head = re.sub(rb"[\x00-\x08\x80-\xff]", b"", body[:80])
    return numbers.sub(b"", head + body[80:])


async def ask(method, path, body=None, **more):
    request = HTTPRequest(
        URL + path,
        method=method,
        headers={"Authorization": f"token {TOKEN}"},
        body=None if body is None else json.dumps(body),
        allow_nonstandard_methods=True,
        request_timeout=60,
        follow_redirects=False,
        **more,
    )
    return await AsyncHTTPClient().fetch(request, raise_error=False)


async def spawn(kind, options):
    user = f"rec-{kind}"
    path = f"/hub/api/users/{user}"
    await ask("POST", path)
    started = asyncio.create_task(ask("POST", f"{path}/server", options))
    body = []
    for _ in range(20):
        await asyncio.sleep(0.2)
        body.clear()
        got = await ask("GET", f"{path}/server/progress", streaming_callback=body.append)
        if got.code == 200:
            break
    write("progress", f"{kind}-{VERSION}", b"".join(body))
    write("sse", f"{kind}-{VERSION}", b"".join(body))
    answer = await started
    keep_answer(f"start-{kind}", answer)
    keep_answer(f"user-{kind}", await ask("GET", path))
    return user


def keep_answer(name, answer):
    head = [str(answer.code), *(f"{key}: {value}" for key, value in answer.headers.get_all() if key != "Set-Cookie"), "", ""]
    write("answer", f"{name}-{VERSION}", "\n".join(head).encode() + (answer.body or b"")[:6000])


def request(kind, content):
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "username": "", "session": "s", "date": "", "version": "5.3"}
    return {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": content, "buffers": []}


def pack(message):
    parts = [b"shell"] + [json.dumps(message[key]).encode() for key in ("header", "parent_header", "metadata", "content")]
    offsets, at = [], 8 * (len(parts) + 2)
    for part in [b""] + parts:
        at += len(part)
        offsets.append(at)
    return struct.pack(f"<{len(offsets) + 1}Q", len(offsets), *offsets) + b"".join(parts)


def unpack(frame):
    (count,) = struct.unpack_from("<Q", frame)
    offsets = struct.unpack_from(f"<{count}Q", frame, 8)
    parts = [frame[a:b] for a, b in zip(offsets, offsets[1:])]
    names = ("header", "parent_header", "metadata", "content")
    return {"channel": parts[0].decode(), **{name: json.loads(part.decode(errors="replace")) for name, part in zip(names, parts[1:])}}


async def run(socket, framing, name, kind, content, outputs):
    asked = request(kind, content)
    await socket.write_message(pack(asked) if framing == "v1" else json.dumps(asked), binary=framing == "v1")
    replied = idle = False
    number = 0
    while not (replied and idle):
        frame = await asyncio.wait_for(socket.read_message(), 30)
        message = unpack(frame) if isinstance(frame, bytes) else json.loads(frame)
        if message["parent_header"].get("msg_id") != asked["header"]["msg_id"]:
            continue
        said = message["header"]["msg_type"]
        replied |= said == kind.replace("request", "reply")
        idle |= said == "status" and message["content"]["execution_state"] == "idle"
        outputs.append(message)
        # Ten of the same kind say no more than two.
        if number < 5:
            write("wire", f"{framing}-{name}-{number}-{VERSION}", frame if isinstance(frame, bytes) else frame.encode())
            if framing == "json":
                write("message", f"{name}-{number}-{VERSION}", frame.encode())
        number += 1


async def kernel(user):
    started = await ask("POST", f"/user/{user}/api/kernels", {"name": "python3"})
    keep_answer("kernel", started)
    ident = json.loads(started.body)["id"]
    for framing, protocols in (("v1", [V1]), ("json", None)):
        url = f"{URL.replace('http', 'ws', 1)}/user/{user}/api/kernels/{ident}/channels?session_id=s"
        socket = await websocket_connect(
            HTTPRequest(url, headers={"Authorization": f"token {TOKEN}"}), subprotocols=protocols
        )
        for _ in range(20):
            try:
                await asyncio.wait_for(run(socket, framing, "info", "kernel_info_request", {}, []), 3)
                break
            except asyncio.TimeoutError:
                continue
        for name, code in CODE.items():
            outputs = []
            content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
            content |= {"allow_stdin": False, "stop_on_error": False}
            await run(socket, framing, name, "execute_request", content, outputs)
            if framing == "json":
                lines = [json.dumps(it, separators=(",", ":"), default=str) for it in outputs]
                write("outputs", f"{name}-{VERSION}", "\n".join(lines).encode())
        socket.close()


def suites():
    """The suites of the documentation and of the tests, as they stand there."""
    number = 0
    files = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "crates/hubprobe/src/suite/tests").glob("*.rs"))]
    write("suite", "bomb.yaml", BOMB.encode())
    for file in files:
        text = file.read_text()
        found = re.findall(r"^```ya?ml\n(.*?)^```", text, re.S | re.M) + re.findall(r'r#"(.*?)"#', text, re.S)
        for suite in found:
            if "hubs" in suite or "probes" in suite or file.suffix == ".rs":
                write("suite", f"{file.stem.lower()}-{number}.yaml", suite.encode())
                number += 1


async def main():
    suites()
    for name, path in {"root": "", "info": "/info", "self": "/user", "none": "/users/nobody", "nothing": "/nothing"}.items():
        keep_answer(name, await ask("GET", f"/hub/api{path}"))
    keep_answer("page", await ask("GET", "/user/nobody/api"))
    users = await asyncio.gather(*(spawn(kind, options) for kind, options in SPAWNS.items()))
    await kernel("rec-good")
    for user in users:
        await ask("DELETE", f"/hub/api/users/{user}/server")
    for user in users:
        for _ in range(20):
            if (await ask("DELETE", f"/hub/api/users/{user}")).code in (204, 404):
                break
            await asyncio.sleep(0.5)


if len(sys.argv) != 4:
    sys.exit(__doc__)
URL, VERSION = sys.argv[1].rstrip("/"), sys.argv[3]
TOKEN = pathlib.Path(sys.argv[2]).read_text().strip()
asyncio.run(main())
