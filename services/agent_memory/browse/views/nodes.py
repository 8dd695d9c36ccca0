"""Views of the table of contents: an entry of the tree, and the page of a node."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from agent_memory.browse.rows import BLANK, Kind, OneLineLayout, Row, Target, row
from agent_memory.browse.time_tree import Entry
from agent_memory.periods import MONTHS, Period, parse_period
from agent_memory.present import pages
from agent_memory.present.lines import flow, line, pieces
from agent_memory.present.view import View
from agent_memory.present.width import one_line
from agent_memory.rpc import memory_pb2 as pb

_OPEN, _CLOSED, _GOING_ON = "▾ ", "▸ ", "● "
_TITLE_CELLS: Final = 200


def tree(view: View, entries: Sequence[Entry], width: int) -> OneLineLayout:
    """The entries of the tree, a line each."""
    return OneLineLayout(len(entries), width, lambda number: _entry(view, entries[number], width))


def node(view: View, found: pb.TocNode) -> Iterator[Row]:
    """A node: what it is about; each line leads to its proof."""
    heading = list(pages.heading(view, found))
    yield row(flow("", "", one_line(found.title, _TITLE_CELLS) or "(untitled)", "bold"))
    yield from (row(flow("", "", each.text, "dim")) for each in heading[2:])
    for bullet in found.bullets:
        yield BLANK
        target = Target(Kind.GRIP, bullet.grip_ids[0]) if bullet.grip_ids else None
        yield row(flow("• ", "  ", bullet.text), target=target)
    if not found.bullets and found.summary:
        yield BLANK
        yield row(flow("", "", found.summary))
    if found.keywords:
        yield BLANK
        yield row(flow("", "", ", ".join(found.keywords), "cyan"))


def no_node(node_id: str) -> list[Row]:
    """What stands where nothing is remembered of a period."""
    period = parse_period(node_id)
    return [row(line(period.title if period else node_id, "bold")), row(line("Nothing is remembered of it.", "dim"))]


def target_of(found: pb.TocNode) -> Target:
    """What an entry leads to."""
    return Target(Kind.NODE, found.node_id, found.session_id, found.start_time_ms, found.node_id)


def _entry(view: View, entry: Entry, width: int) -> Row:
    found = entry.node
    mark = _OPEN if entry.is_open else _CLOSED
    if entry.is_leaf:
        mark = _GOING_ON if found.is_open else "  "
    indent = " " * entry.depth
    name, style = _name(view, found)
    room = max(4, width - len(indent) - len(mark))
    return row(
        pieces(
            (indent, ""), (mark, "green" if found.is_open and entry.is_leaf else "dim"), (one_line(name, room), style)
        ),
        target=target_of(found),
    )


def _name(view: View, found: pb.TocNode) -> tuple[str, str]:
    """A short name: the tree says what it lies in."""
    if found.level == pb.TOC_LEVEL_SEGMENT:
        return f"{view.local(found.start_time_ms):%H:%M} {found.title or '(untitled)'}", ""
    period = parse_period(found.node_id)
    return (_NAMES[found.level](period) if period else found.title), "bold" if found.level < pb.TOC_LEVEL_DAY else ""


def _week(period: Period) -> str:
    first, last = period.first, period.first.fromordinal(period.after.toordinal() - 1)
    named = f"{first.day}" if first.month == last.month else f"{first.day} {first:%b}"
    return f"Week {first.isocalendar().week}  {named}-{last.day} {last:%b}"


_NAMES: Final[Mapping[int, Callable[[Period], str]]] = {
    pb.TOC_LEVEL_YEAR: lambda period: f"{period.first.year}",
    pb.TOC_LEVEL_MONTH: lambda period: MONTHS[period.first.month - 1],
    pb.TOC_LEVEL_WEEK: _week,
    pb.TOC_LEVEL_DAY: lambda period: f"{period.first:%a} {period.first.day} {period.first:%b}",
}


def nothing_yet() -> list[Row]:
    """The page of an empty store."""
    return [
        row(line("Nothing is remembered yet.", "bold")),
        BLANK,
        row(flow("", "", "Connect your coding agents; what they say then appears here by itself:")),
        row(line("  memory-daemon hooks install --all-found", "cyan")),
    ]
