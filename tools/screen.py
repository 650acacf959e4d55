"""Runs a command on a terminal of its own, and draws what stands on its screen at the end as an SVG in which text is text.

    screen.py COLUMNS FILE.svg COMMAND...

Ends with the exit code of the command. Wants pyte, which knows what a terminal makes of what is written to it.
"""

import fcntl
import os
import pty
import shlex
import struct
import sys
import termios
from html import escape

import pyte

ROWS = 400
WIDTH, HEIGHT, SIZE, EDGE = 8.4, 18, 14, 16
BACKGROUND, FOREGROUND, FAINT = "#1c2128", "#d5dbe1", "#8b949e"
COLOURS = {
    "default": FOREGROUND,
    "black": "#6e7681",
    "red": "#ff7b72",
    "green": "#56d364",
    "brown": "#e3b341",
    "blue": "#79c0ff",
    "magenta": "#d2a8ff",
    "cyan": "#56d4dd",
    "white": "#f0f6fc",
}
# What fonts draw with gaps is drawn as boxes: U+2588 is a whole cell, and each one after it an eighth less of its left side.
BLOCKS = {chr(0x2588 + n): 1 - n / 8 for n in range(8)}


def run(columns, command):
    """The command's exit code, and the screen at its end."""
    screen = pyte.Screen(columns, ROWS)
    stream = pyte.ByteStream(screen)
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS=str(columns))
        os.environ.pop("NO_COLOR", None)
        os.execvp(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    stream.feed(f"\x1b[1m$ {shlex.join(command)}\x1b[0m\r\n".encode())
    while True:
        try:
            said = os.read(terminal, 65536)
        except OSError:
            break
        if not said:
            break
        stream.feed(said)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), screen


def runs(line, columns):
    """What stands in a line, in pieces of one look: column, text, look."""
    start, text, look = 0, "", None
    for column in range(columns):
        cell = line[column]
        its = (COLOURS.get(cell.fg, FOREGROUND), cell.bold, cell.italics, cell.data in BLOCKS)
        if its != look:
            if text.strip():
                yield start, text, look
            start, text, look = column, "", its
        text += cell.data
    if text.strip():
        yield start, text, look


def draw(screen):
    """The screen as SVG, without the empty lines at its end."""
    lines = max(number for number, text in enumerate(screen.display) if text.strip()) + 1
    width, height = screen.columns * WIDTH + 2 * EDGE, lines * HEIGHT + 2 * EDGE
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="{SIZE}">',
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>',
    ]
    for number in range(lines):
        top = EDGE + number * HEIGHT
        for column, text, (colour, bold, italics, is_block) in runs(screen.buffer[number], screen.columns):
            if is_block:
                boxes = sum(BLOCKS[it] for it in text)
                left = EDGE + column * WIDTH
                out.append(f'<rect x="{left:.1f}" y="{top + 2}" width="{boxes * WIDTH:.1f}" height="{HEIGHT - 4}" fill="{colour}"/>')
                continue
            left = EDGE + (column + len(text) - len(text.lstrip())) * WIDTH
            text = text.strip()
            look = ' font-weight="bold"' * bold + ' font-style="italic"' * italics
            out.append(
                f'<text x="{left:.1f}" y="{top + SIZE}" textLength="{len(text) * WIDTH:.1f}" lengthAdjust="spacingAndGlyphs" '
                f'xml:space="preserve" fill="{colour}"{look}>{escape(text)}</text>'
            )
    out.append("</svg>")
    return "\n".join(out) + "\n"


columns, path, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
code, screen = run(columns, command)
with open(path, "w", encoding="utf-8") as file:
    file.write(draw(screen))
sys.exit(code)
