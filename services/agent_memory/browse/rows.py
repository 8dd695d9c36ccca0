"""Rows: what a pane shows, each with what it leads to; and how rows become lines of so many cells.

Every text comes to the terminal through here, and loses what a terminal would obey.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import chain
from typing import Final, TypeVar, overload

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from agent_memory.present.lines import Line, line, plain

# Left of each row, for the mark of the cursor.
GUTTER: Final = 1
_ROOM_MIN: Final = 8
# Wraps; it draws nothing.
_CONSOLE: Final = Console(width=80, color_system=None, force_terminal=False, legacy_windows=False)

Piece = tuple[str, str]
Item = TypeVar("Item", covariant=True)


class Kind(Enum):
    """What a row leads to."""

    NODE = "node"
    GRIP = "grip"
    # An event among others, and one in full.
    EVENT = "event"
    WHOLE = "whole"
    SESSION = "session"
    # What was said before the first and after the last event that is shown.
    EARLIER = "earlier"
    LATER = "later"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Target:
    """A thing that has an id; of an event also where it stands, of a session from when on it is read."""

    kind: Kind
    id: str
    session_id: str = field(default="", compare=False)
    at_ms: int = field(default=0, compare=False)
    node_id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Row:
    """Lines that belong together, and what they lead to."""

    lines: tuple[Line, ...]
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A line on the terminal, and the number of the row that it is of."""

    pieces: tuple[Piece, ...]
    row: int


class Layout:
    """Rows in lines of `width` cells. `first` has the number of each row's first line, and of the end."""

    def __init__(self, rows: Sequence[Row], width: int, lines: Sequence[Drawn], first: Sequence[int]) -> None:
        self.rows = rows
        self.width = width
        self.lines = lines
        self.first = first
        # The rows that lead somewhere.
        self.stops: Sequence[int] = [number for number, each in enumerate(rows) if each.target]

    def place_of(self, target: Target | None) -> int | None:
        """The number of the row that leads there."""
        return next((number for number in self.stops if self.rows[number].target == target), None)

    @property
    def text(self) -> str:
        """All of it as plain text."""
        return "\n".join("".join(text for text, _ in drawn.pieces) for drawn in self.lines)


class OneLineLayout(Layout):
    """So many rows of one line each, all of which lead somewhere; each is made when it is looked at.

    There may be thousands, and only those on the screen are.
    """

    def __init__(self, count: int, width: int, make: Callable[[int], Row]) -> None:
        self.rows = _Made(count, make)
        self.width = width
        self.lines = _Made(count, lambda number: Drawn(_plain_pieces(make(number).lines[0]), number))
        self.first = range(count + 1)
        self.stops = range(count)


class _Made(Sequence[Item]):
    """A sequence whose items are made when they are asked for."""

    def __init__(self, count: int, make: Callable[[int], Item]) -> None:
        self._count = count
        self._make = make

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Item]: ...
    def __getitem__(self, place: int | slice) -> Item | Sequence[Item]:
        if isinstance(place, slice):
            return [self._make(number) for number in range(self._count)[place]]
        return self._make(range(self._count)[place])


def row(*lines: Line, target: Target | None = None) -> Row:
    """A row of these lines."""
    return Row(lines, target)


def plain_rows(lines: Iterator[Line] | Sequence[Line]) -> list[Row]:
    """A row that leads nowhere for each line."""
    return [Row((each,)) for each in lines]


BLANK: Final = Row((line(),))


def layout(rows: Sequence[Row], width: int) -> Layout:
    """The rows in lines of at most so many cells, longer ones wrapped."""
    lines: list[Drawn] = []
    first = []
    for number, each in enumerate(rows):
        first.append(len(lines))
        drawn = chain.from_iterable(_wrapped(part, max(_ROOM_MIN, width)) for part in each.lines)
        lines += [Drawn(pieces, number) for pieces in drawn]
    return Layout(tuple(rows), width, lines, [*first, len(lines)])


def _wrapped(whole: Line, width: int) -> Iterator[tuple[Piece, ...]]:
    pieces = _plain_pieces(whole)
    if cells("".join(text for text, _ in pieces)) <= width:
        yield pieces
        return
    # A line that is never wrapped elsewhere has to be here.
    head, body, rest = (pieces[:1], pieces[1:], plain(whole.rest)) if whole.rest is not None else ((), pieces, "")
    indent = max(cells(rest), *(cells(text) for text, _ in head), 0)
    if width - indent < _ROOM_MIN:
        head, body, rest, indent = (), pieces, "", 0
    text = Text.assemble(*body)
    for number, part in enumerate(text.wrap(_CONSOLE, width - indent)):
        part.rstrip()
        shown = tuple((span.plain, _style(span)) for span in part.divide(_edges(part)) if span.plain)
        before = head if number == 0 else ((rest, ""),)
        yield (*before, *shown)


def _plain_pieces(whole: Line) -> tuple[Piece, ...]:
    return tuple((plain(text), style) for text, style in whole.pieces)


def _edges(text: Text) -> list[int]:
    return sorted({edge for span in text.spans for edge in (span.start, span.end) if 0 < edge < len(text)})


def _style(text: Text) -> str:
    return " ".join(dict.fromkeys(str(span.style) for span in text.spans if span.style))


def cells(text: str) -> int:
    """How many cells of a terminal the text takes."""
    return len(text) if text.isascii() else cell_len(text)
