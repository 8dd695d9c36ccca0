"""Views: how pages are seen, and the pieces that all of them are made of."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final, TypeVar

from agent_memory.present.lines import WIDE, Line, line, pieces
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.text.tokens import of_text

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class View:
    """How pages are seen: the time and zone that times are shown in, and how wide a line may be, in cells.

    `program` is how the commands begin that a page suggests; without one it suggests none. `filters` are options that
    the page was asked with, such as `--project atlas`, and that commands for the same kind of question repeat.
    """

    now_ms: int
    zone: tzinfo
    program: str = ""
    width: int = WIDE
    filters: tuple[str, ...] = ()

    def room(self, indent: int) -> int:
        """The cells that are left of a line behind an indent."""
        return max(20, self.width - indent)

    def local(self, at_ms: int) -> datetime:
        return datetime.fromtimestamp(at_ms // 1000, self.zone)

    def command(self, *words: object) -> str:
        """A command to type that reaches the same daemon."""
        return f"{self.program} {shlex.join(map(str, words))}"

    def filtered(self, *words: object) -> str:
        """A command to type with the filters of this page."""
        return self.command(*words, *self.filters)


# How a page is counted by whoever does not show it.
NEUTRAL: Final = View(0, UTC, "memory-daemon")


def size_tokens(lines: Iterable[Line]) -> int:
    """About how many tokens the lines cost to read."""
    return of_text("".join(f"{each.text}\n" for each in lines))


def short_id(node_id: str) -> str:
    """A segment's id as it is short to type; any other id as it is."""
    return node_id.removeprefix("toc:segment:")


def nothing_fits(view: View, more: str) -> Iterator[Line]:
    """The page of an answer whose first item costs more than was allowed."""
    yield line("Nothing fits into so few tokens.", "bold")
    yield from following(view, more)


def when_was(view: View, at_ms: int) -> str:
    """The time, to the second."""
    return f"{view.local(at_ms):%Y-%m-%d %H:%M:%S}"


def time_span(view: View, start_ms: int, end_ms: int) -> str:
    """From when to when, to the minute; the day stands once if it is the same."""
    start, end = view.local(start_ms), view.local(end_ms)
    same_day = start.date() == end.date()
    return f"{start:%Y-%m-%d %H:%M} - {end:{'%H:%M' if same_day else '%Y-%m-%d %H:%M'}}"


def role_name(role: pb.EventRole.ValueType) -> str:
    """Who spoke: user, assistant, system, tool; a dash where it is not known."""
    return pb.EventRole.Name(role).removeprefix("EVENT_ROLE_").lower() if role else "-"


def with_facts(view: View, indent: int, shown: str, facts: Iterable[str]) -> str:
    """The id and what is known of it, as much as fits on its line: an id is never cut."""
    for fact in filter(None, facts):
        if indent + len(shown) + len(fact) + 2 > view.width:
            break
        shown += f"  {fact}"
    return shown


def following(view: View, *commands: str) -> Iterator[Line]:
    """What to type next."""
    if not commands or not view.program:
        return
    yield line()
    for label, command in zip(("Next: ", *["      "] * len(commands)), commands, strict=False):
        yield pieces((label, "dim"), (command, "bold cyan"))


def branches(items: Sequence[Item]) -> Iterator[tuple[str, str, Item]]:
    """Each item with the tree's glyph before it and the one before the lines below it."""
    for item in items[:-1]:
        yield "├── ", "│   ", item
    for item in items[-1:]:
        yield "└── ", "    ", item
