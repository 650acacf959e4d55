"""Runs a command on a terminal of its own, does something to the terminal in the middle, and says how the command ended.

    terminal.py DEED WORDS COMMAND...

DEED: resize (to many sizes, also none at all), close (nobody is there any more), key (Ctrl-C is typed), none. It is done once
the terminal shows WORDS. TERMINAL names its kind (xterm). The first line of output is the exit code as a shell has it; what the terminal showed follows.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

deed, words, command = sys.argv[1], sys.argv[2].encode(), sys.argv[3:]
child, terminal = pty.fork()
if child == 0:
    os.environ["TERM"] = os.environ.get("TERMINAL", "xterm")
    os.execvp(command[0], command)


def resize(rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def listen(until, words=None):
    """Reads what is shown, until then or until it has the words; false once the terminal is not in use any more."""
    global shown
    while time.monotonic() < until and (words is None or words not in shown):
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                text = os.read(terminal, 65536)
            except OSError:
                return False
            if not text:
                return False
            shown += text
    return True


shown = b""
resize(24, 80)
if listen(time.monotonic() + 60, words):
    if deed == "resize":
        for i in range(150):
            resize(1 + i % 50, i * 7 % 200)
            listen(time.monotonic() + 0.01)
        resize(0, 0)
    elif deed == "close":
        os.close(terminal)
    elif deed == "key":
        os.write(terminal, b"\x03")
    if deed != "close":
        listen(time.monotonic() + 120)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(code if code >= 0 else 128 - code)
sys.stdout.flush()
sys.stdout.buffer.write(shown)
