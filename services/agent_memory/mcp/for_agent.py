"""Pages and errors as a model reads them: in the words of its tools, pages bounded and fenced as recalled."""

from __future__ import annotations

import re
from typing import Final

from agent_memory.capture.recalled import marked
from agent_memory.present.map_text import LEGEND

# Clients cut longer answers, or write them into files that nobody removes.
TEXT_MAX_BYTES: Final = 12_000
_NEXT: Final = "\nNext: "
_LEGEND: Final = "~ tokens to read it: open(id)"
# Our own lines that name an option; whatever else a page says was said once, and stays.
_OPTION_IN_PAGE: Final = re.compile(r'^(~.*\(more with |".*; any time: )--', re.MULTILINE)
_OPTION: Final = re.compile(r"(?<!\S)--(?=(?:from|to|when|session|project|cursor|tokens|before|after)\b)")
_COMMAND: Final = re.compile(r"memory-daemon (?:query )?(root|map|node|browse|expand|events|projects|search)\b")
# Where the tool has another name than the command.
_TOOLS: Final = {"root": "map", "node": "open", "browse": "open"}


def for_agent(page: str) -> str:
    """The page between the marks by which hooks know what must not be stored again."""
    if not page.strip():
        return page
    text, room = _in_tools(_without_commands(page)), TEXT_MAX_BYTES
    # Marking makes a text longer, by the marks at least.
    while (excess := len((fenced := marked(_cut(text, room)) + "\n").encode(errors="replace")) - TEXT_MAX_BYTES) > 0:
        room -= excess
    return fenced


def error_for_agent(text: str) -> str:
    """The error with our tools in place of our commands; what only the user can type stays."""
    text = _COMMAND.sub(lambda found: _TOOLS.get(found[1], found[1]), text.removeprefix("Error: "))
    return _OPTION.sub("", text)


def _in_tools(page: str) -> str:
    return _OPTION_IN_PAGE.sub(r"\1", page.replace(f"\n{LEGEND}", f"\n{_LEGEND}"))


def _without_commands(page: str) -> str:
    """Where the next page begins stays, and what the page costs."""
    kept, _, following = page.partition(_NEXT)
    cursor = following.partition("--cursor ")[2].split()
    price = [line for line in following.split("\n")[1:] if line and not line.startswith(" ")]
    more = [f"More: cursor {cursor[0]}"] if cursor else []
    return "\n".join([kept.strip("\n"), *price, *more])


def _cut(page: str, room: int) -> str:
    content = page.encode(errors="replace")
    if len(content) <= room:
        return page
    note = f"(cut at {TEXT_MAX_BYTES // 1000} kB: ask for less)"
    kept = content[: max(0, room - len(note) - 1)].decode(errors="ignore")
    return f"{kept.rpartition(chr(10))[0]}\n{note}"
