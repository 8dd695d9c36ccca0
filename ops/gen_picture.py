"""Write docs/images/query.svg, the README's picture: what the demo prints in a terminal when it asks about last week.

    .venv/bin/python ops/gen_picture.py [OUT]

It runs the real demo, so the picture shows what this version prints; the dates are those of the day it was made.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = 104
# What is shown of the demo: from the question on, until it stops what it started.
FIRST, LAST = "What were we doing last week?", "The daemon is stopped."
# Of the template of rich: it would load a font from the network of whoever looks at the picture.
WEB_FONTS = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)


def draw(out: Path) -> None:
    """Run the demo and write the picture to `out`; raises SystemExit when the demo fails."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text.from_ansi(shown(demo())))
    out.parent.mkdir(parents=True, exist_ok=True)
    template = WEB_FONTS.sub("", CONSOLE_SVG_FORMAT).replace("Fira Code, monospace", "ui-monospace, monospace")
    svg = console.export_svg(
        title="memory-daemon", theme=DIMMED_MONOKAI, code_format=template, unique_id="query", font_aspect_ratio=0.6
    )
    # The template ends its lines with spaces; git would complain of each.
    out.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


def demo() -> str:
    """What the demo prints on a terminal of that width, with its colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MEMORY_")},
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("services", "shared")),
    }
    command = [sys.executable, "-m", "agent_memory.cli.main", "demo"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as running:
        os.close(theirs)
        printed = bytearray()
        # Linux ends the reading of a terminal that nobody writes to any more by an error.
        try:
            while read := os.read(ours, 1 << 16):
                printed += read
        except OSError:
            pass
        os.close(ours)
    if running.returncode != 0:
        raise SystemExit(f"The demo failed:\n{printed.decode(errors='replace')}")
    return printed.decode().replace("\r\n", "\n")


def shown(printed: str) -> str:
    """The part of the demo that the picture shows."""
    lines = printed.splitlines()
    begin = next(number for number, line in enumerate(lines) if FIRST in line)
    end = next(number for number, line in enumerate(lines) if LAST in line)
    return "\n".join(lines[begin:end]).rstrip()


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images" / "query.svg")
