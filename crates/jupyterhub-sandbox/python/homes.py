"""Homes that fail: each in a mount namespace of the server's own process, so that nothing needs to be unmounted.

`unshare` becomes the shell, and the shell becomes the server: the process that the spawner knows is the server's all along.
Without root a user namespace is made too.
"""

import os

import others

HERE = os.path.dirname(os.path.abspath(__file__))
# The working directory was entered before the mount, and would lead below it.
ENTER = 'cd "$HOME" && exec "$@"'
READ_ONLY = 'mount --bind "$HOME" "$HOME" && mount -o remount,bind,ro "$HOME" && '
SMALL = 'mount -t tmpfs -o size={size},mode=0700 tmpfs "$HOME" && '
# Room for a server to come up, and for a kernel's files if nobody took it.
FILLS = "4m"
# As an emptyDir: there is room, and all of it ends with the server's processes.
FRESH = "64m"


def prepare(spawner, faults, env):
    if "home_readonly" in faults:
        inside(spawner, READ_ONLY)
        # What a server must write to come up is elsewhere, as in images that are made for such homes.
        elsewhere = os.path.join(HERE, "elsewhere", spawner.user.name)
        for variable, name in (
            ("JUPYTER_RUNTIME_DIR", "runtime"),
            ("JUPYTER_DATA_DIR", "data"),
            ("JUPYTER_CONFIG_DIR", "config"),
            ("IPYTHONDIR", "ipython"),
        ):
            env[variable] = os.path.join(elsewhere, name)
            os.makedirs(env[variable], mode=0o700, exist_ok=True)
    if "home_full" in faults:
        inside(spawner, SMALL.format(size=size_of(faults["home_full"] or "512k")))
    if "home_fills" in faults:
        inside(spawner, SMALL.format(size=FILLS))
        others.before_ready(spawner, fill)
    if "home_fresh" in faults:
        inside(spawner, SMALL.format(size=FRESH))
    if "home_forgets" in faults:
        # See forgets.py, which every server of a sandbox with faults reads.
        env["HUBPROBE_SANDBOX_FORGETS"] = "1"


def inside(spawner, mounts):
    unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    spawner.cmd = [*unshare, "sh", "-c", mounts + ENTER, "sh", *spawner.cmd]


def size_of(text):
    """Only what mount takes as a size, since it becomes part of a command."""
    if not text.rstrip("kmKM").isdigit():
        raise ValueError(f"{text!r} is no size: give a number, with k or m after it for KiB or MiB")
    return text


async def fill(spawner):
    """Writes into the server's home, seen through its own mount namespace, until there is no room."""
    path = f"/proc/{spawner.pid}/root{spawner.home_dir}/filler"
    try:
        with open(path, "wb", buffering=0) as filler:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        filler.write(b"x" * size)
                except OSError:
                    pass
    except OSError as error:
        spawner.log.warning("Cannot fill the home of %s: %s", spawner.user.name, error)
    else:
        spawner.log.warning("The home of %s is full, as asked", spawner.user.name)
