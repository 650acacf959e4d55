"""Kernels that fail, offered beside the good one. The default stays what it is, since that is chosen by name."""

import json
import os
import sys

DIES = (
    "import os, signal, threading\n"
    "from ipykernel.kernelapp import launch_new_instance\n"
    "threading.Timer(2, os.kill, (os.getpid(), signal.SIGKILL)).start()\n"
    "launch_new_instance()\n"
)
KERNELS = {
    "never-starts": ["/nonexistent"],
    "ends-at-once": ["false"],
    "never-answers": ["sleep", "600"],
    "dies-soon": [sys.executable, "-c", DIES, "-f", "{connection_file}"],
}


def write(directory):
    """Writes kernelspecs below a directory that is to be in JUPYTER_PATH."""
    for name, argv in KERNELS.items():
        place = os.path.join(directory, "kernels", name)
        os.makedirs(place, mode=0o700, exist_ok=True)
        with open(os.path.join(place, "kernel.json"), "w", encoding="utf-8") as file:
            json.dump({"argv": argv, "display_name": name, "language": "python"}, file)
