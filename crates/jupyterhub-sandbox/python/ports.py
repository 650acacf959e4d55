"""Ports for servers, below those that the system gives to whoever asks for any.

Every connection takes one of these, so a port that is free when a spawner picks it may be taken by the time that its server
listens there: of thousands of servers beside each other, a few end so. Hubs at large live with that; tests of hubs should not.

Run as a program it runs another one, which takes its ports from here: `python ports.py PROGRAM [ARGUMENT...]`.
"""

import random
import socket
import sys
from runpy import run_path

import jupyterhub.utils

LOWEST = 12_000

anywhere = jupyterhub.utils.random_port


def highest():
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            return int(file.read().split()[0])
    except (OSError, ValueError, IndexError):
        return 0


def quiet_port():
    """A port of 127.0.0.1 where nothing listens now; of the system's choice where there are none below."""
    room = highest() - LOWEST
    for _ in range(50 if room > 1_000 else 0):
        port = LOWEST + random.randrange(room)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    return anywhere()


if __name__ == "__main__":
    jupyterhub.utils.random_port = quiet_port
    sys.argv = sys.argv[1:]
    run_path(sys.argv[0], run_name="__main__")
