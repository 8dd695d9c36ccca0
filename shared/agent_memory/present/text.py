"""Stored text made safe for a terminal, and the plural of a word."""

from __future__ import annotations

import re

# Colours in a tool's output mean nothing here; they are the only escape sequences that vanish without a trace.
_COLOUR = re.compile(r"\x1b\[[\d;:]*m")

# A terminal obeys control characters and so could show something else: each becomes a picture of itself.
_HARMLESS: dict[int, int | str | None] = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "\u2421",
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
    ord("\u2028"): "\n",
    ord("\u2029"): "\n",
    # Overrides of the writing direction, which show text in another order than it is stored in.
    **dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), None),
}


def printable(text: str) -> str:
    """The text without anything that a terminal obeys, except for line ends."""
    return _COLOUR.sub("", text.replace("\r\n", "\n")).translate(_HARMLESS).expandtabs(4)


def counted(number: int, thing: str) -> str:
    """`1 event`, `2 events`."""
    return f"{number} {thing}{'s' * (number != 1)}"
