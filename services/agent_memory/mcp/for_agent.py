"""Pages as a model reads them: what a person might type next left out, bounded, and fenced as recalled."""

from __future__ import annotations

from typing import Final

from agent_memory.capture.recalled import marked

# Clients cut longer answers, or write them into files that nobody removes.
TEXT_MAX_BYTES: Final = 12_000
_NEXT: Final = "\nNext: "


def for_agent(page: str) -> str:
    """The page between the marks by which hooks know what must not be stored again."""
    if not page.strip():
        return page
    text, room = _without_commands(page), TEXT_MAX_BYTES
    # Marking makes a text longer, by the marks at least.
    while (excess := len((fenced := marked(_cut(text, room)) + "\n").encode(errors="replace")) - TEXT_MAX_BYTES) > 0:
        room -= excess
    return fenced


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
