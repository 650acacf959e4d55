"""The way between a server and the hub: a relay that can be closed, and a look at what a server says in its log."""

import asyncio
import os


class Relay:
    """Passes connections on to the hub until it is closed. Knows nothing of what it passes on."""

    def __init__(self, address, port):
        self._target = (address, port)
        self._server = None
        self._writers = set()

    async def open(self):
        """Its own address, such as http://127.0.0.1:40123."""
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        return "http://127.0.0.1:%d" % self._server.sockets[0].getsockname()[1]

    def close(self):
        """From now on connections are refused, and those that are open are cut."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    async def _pass_on(self, reader, writer):
        try:
            hub_reader, hub_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, hub_writer}
        await asyncio.gather(copy(reader, hub_writer), copy(hub_reader, writer))
        self._writers -= {writer, hub_writer}


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def lines_of(path, position):
    """The lines that are written to a log from this position on, for ever."""
    rest = b""
    while True:
        if os.path.exists(path):
            with open(path, "rb") as log:
                log.seek(position)
                new = log.read()
            position += len(new)
            *lines, rest = (rest + new).split(b"\n")
            for line in lines:
                yield line.decode("utf-8", "replace")
        await asyncio.sleep(0.2)
