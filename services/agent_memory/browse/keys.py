"""The keys, as the footers and the page of help show them."""

from __future__ import annotations

from typing import Final

from rich.text import Text

from agent_memory.browse.rows import BLANK, Row, row
from agent_memory.present.lines import flow, line

Keys = tuple[tuple[str, str], ...]

MAIN: Final[Keys] = (
    ("/", "search"), ("t", "time"), ("enter", "open"), ("o", "conversation"), ("esc", "back"),
    ("?", "help"), ("q", "quit"),
)  # fmt: skip
SEARCH: Final[Keys] = (
    ("enter", "open"), ("↓ ↑", "choose"), ("tab", "question or hits"), ("ctrl+t", "any time"), ("esc", "back"),
)  # fmt: skip
TIME: Final[Keys] = (("enter", "go there"), ("↓ ↑", "choose"), ("esc", "back"))

_HELP: Final = (
    (
        "Move",
        (
            ("j k  ↓ ↑", "to the next or previous line that leads somewhere"),
            ("h l  ← →", "close or open a node; back and into a page"),
            ("g G", "to the first or the last line"),
            ("ctrl+d ctrl+u  space", "half a page down or up, a page down"),
            ("tab", "to the other half of the screen"),
        ),
    ),
    (
        "Read",
        (
            ("enter", "open a node, the proof of a line, a conversation, an event"),
            ("o", "read the whole conversation"),
            ("esc  backspace", "back"),
            ("z", "use the whole width for one half"),
            ("y", "copy the id"),
            ("r", "ask again"),
        ),
    ),
    (
        "Find",
        (
            ("/", "search as you type: words, “quotes”, -without, last week"),
            ("t", "go to a time in words: yesterday, last March, letzte Woche"),
        ),
    ),
)


def footer(keys: Keys) -> Text:
    """The keys on one line."""
    shown = Text(no_wrap=True, overflow="ellipsis", end="")
    for number, (key, what) in enumerate(keys):
        shown.append("  " if number else " ")
        shown.append(key, "bold")
        shown.append(f" {what}", "dim")
    return shown


def help_rows() -> list[Row]:
    """The page of help."""
    rows = []
    for title, keys in _HELP:
        rows.append(row(line(title, "bold")))
        rows += [row(flow(f"  {key:<17} ", " " * 20, what)) for key, what in keys]
        rows.append(BLANK)
    return rows
