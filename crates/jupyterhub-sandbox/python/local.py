"""The sandbox's spawner: SimpleLocalProcessSpawner with a log for each server, and, if told so, a quick finish.

Not the place for faults: see faults.py.
"""

import asyncio
import os

import jupyterhub.spawner
from jupyterhub.spawner import SimpleLocalProcessSpawner
from ports import quiet_port
from traitlets import Bool, Unicode

# All spawners of this hub that pick a port themselves.
jupyterhub.spawner.random_port = quiet_port


class LocalSpawner(SimpleLocalProcessSpawner):
    """Starts servers as processes of the hub's own user."""

    log_directory = Unicode(config=True, help="Where user-NAME.log and user-NAME-SERVER.log are written.")

    settle = Bool(
        False,
        config=True,
        help="""Stay in start() until the server listens, for at most 10 s.

        The hub looks for a started server at random, growing intervals, and so finds it up to two seconds late. A spawner
        that returns later lets its first look succeed. Nothing else changes: a server that ends, or does not listen, is left
        to the hub to find.
        """,
    )

    @property
    def log_path(self):
        name = "-".join(part for part in ("user", self.user.name, self.name) if part)
        return os.path.join(self.log_directory, name.replace("/", "_") + ".log")

    async def start(self):
        with open(self.log_path, "ab") as log:
            self.popen_kwargs = {**self.popen_kwargs, "stdout": log, "stderr": log}
            address, port = await super().start()
        if self.settle:
            await self._until_listening(address, port)
        return address, port

    async def _until_listening(self, address, port):
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection(address, port)
            except OSError:
                if self.proc.poll() is not None:
                    return
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
