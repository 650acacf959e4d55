"""Starts a program in a session of its own, prints its process id, and leaves.

Usage: launch.py LOG DIRECTORY PROGRAM [ARGUMENT...]

The program is no child of whoever asked for it: a Ctrl-C at their terminal does not reach it, it survives them, and the
system's first process takes its exit status. Output and errors are appended to LOG; the environment is passed on.
"""

import subprocess
import sys

log, directory, *command = sys.argv[1:]
with open(log, "ab") as output:
    process = subprocess.Popen(
        command,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
print(process.pid, flush=True)
# Popen would complain about a child that it has not waited for.
process.returncode = 0
