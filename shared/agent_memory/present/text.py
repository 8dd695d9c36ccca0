"""Stored text made safe for a terminal, and small pieces of what is shown: a plural, the end of a name."""

from __future__ import annotations

import re

from agent_memory.text.plain_view import visible

# Colours in a tool's output mean nothing here; they are the only escape sequences that vanish without a trace.
_COLOUR = re.compile(r"\x1b\[[\d;:]*m")

# A terminal obeys control characters and so could show something else: each becomes a picture of itself.
_HARMLESS: dict[int, int | str | None] = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "\u2421",
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
    ord("\u2028"): "\n",
    ord("\u2029"): "\n",
}


def printable(text: str) -> str:
    """The text without anything that a terminal obeys, except for line ends, and without what nobody sees."""
    return visible(_COLOUR.sub("", text.replace("\r\n", "\n")).translate(_HARMLESS)).expandtabs(4)


def counted(number: int, thing: str) -> str:
    """`1 event`, `2 events`."""
    return f"{number} {thing}{'s' * (number != 1)}"


def last_part(name: str) -> str:
    """The last part of a project's name or folder, which is what people call it."""
    return name.rstrip("/").rpartition("/")[2]
