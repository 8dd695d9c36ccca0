"""The keys, as the footers and the page of help show them."""

from __future__ import annotations

from typing import Final

from rich.text import Text

from agent_memory.browse.rows import Row, row
from agent_memory.present.lines import flow, line

Keys = tuple[tuple[str, str], ...]

MAIN: Final[Keys] = (
    ("/", "search"), ("t", "time"), ("c", "year"), ("f", "follow"), ("s", "status"), ("p", "pause"),
    ("x", "forget"), ("?", "help"), ("q", "quit"),
)  # fmt: skip
SEARCH: Final[Keys] = (
    ("enter", "open"), ("↓ ↑", "choose"), ("tab", "question or hits"), ("ctrl+t", "any time"), ("esc", "back"),
)  # fmt: skip
TIME: Final[Keys] = (("enter", "go there"), ("↓ ↑", "choose"), ("esc", "back"))
CALENDAR: Final[Keys] = (
    ("arrows", "day"), ("b w", "busy day"), ("p n", "year"), ("t", "today"), ("enter", "go there"), ("esc", "back"),
)  # fmt: skip
FOLLOW: Final[Keys] = (("G", "newest"), ("enter", "open"), ("esc", "back"))
STATUS: Final[Keys] = (("j k", "scroll"), ("r", "look again"), ("esc", "back"))
PAUSE: Final[Keys] = (("enter", "choose"), ("esc", "back"))
NARROW: Final[Keys] = (("enter", "choose"), ("j k", "move"), ("esc", "back"))
FORGET: Final[Keys] = (("enter", "forget it, once it is typed"), ("tab", "something else"), ("esc", "back"))

_HELP: Final = (
    (
        "Move",
        (
            ("j k  ↓ ↑", "to the next or previous line that leads on"),
            ("h l  ← →", "close or open a node; back and into a page"),
            ("g G", "to the first or the last line"),
            ("ctrl+d ctrl+u  space", "half a page down or up, a page down"),
            ("tab", "to the other half of the screen"),
        ),
    ),
    (
        "Read",
        (
            ("enter", "open a node, a line's proof, a conversation, an event"),
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
            ("/", "search as you type: words, “quotes”, -without, times"),
            ("t", "go to a time in words: last March, letzte Woche"),
            ("c", "the year, a cell for each day"),
            ("n", "show only a project, an agent, or another store"),
        ),
    ),
    (
        "Look after it",
        (
            ("f", "follow what is being captured"),
            ("s", "what the doctor says"),
            ("p", "pause capture, or resume it"),
            ("x", "forget what the cursor is on; it is shown first"),
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
        rows += [row(flow(f"  {key:<21} ", " " * 24, what)) for key, what in keys]
    return rows
