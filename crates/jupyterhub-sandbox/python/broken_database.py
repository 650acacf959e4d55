"""A database that fails from the first spawn on, so that accounts can be made before.

Full is the disk: launch.rs gives the hub a small one of its own (a tmpfs in a mount namespace), and it is filled up here. SQLite
then cannot write its journal, so that every commit fails, be it ever so small: "database or disk is full". Read-only is the
connection: "attempt to write a readonly database".
"""

import os

from sqlalchemy import event
from sqlalchemy.engine import Engine

# Where launch.rs mounts the small disk; the database lies in it.
PLACE = "database"


def fill(directory):
    """Leaves no byte of the small disk. Not asked for twice in vain: what was freed is taken as well."""
    with open(os.path.join(directory, PLACE, "filler"), "ab", buffering=0) as filler:
        for size in (65536, 4096, 1):
            try:
                while True:
                    filler.write(b"x" * size)
            except OSError:
                pass


class ReadOnly:
    """Connections of the hub that can be made read-only, those to come too."""

    def __init__(self):
        self.struck = False
        self.connections = []
        event.listen(Engine, "connect", self._connected)

    def _connected(self, connection, _):
        self.connections.append(connection)
        if self.struck:
            self._change(connection)

    def _change(self, connection):
        connection.execute("PRAGMA query_only = 1")

    def strike(self):
        if not self.struck:
            self.struck = True
            for connection in self.connections:
                self._change(connection)
