"""Lines of text with styles: what a page is made of, whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from agent_memory.present.text import printable

# Wider than any id: where there is no terminal, each text stands on one line.
WIDE: Final = 100_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line: pieces of text, each with its style ("bold", "dim", a colour, or none)."""

    pieces: tuple[tuple[str, str], ...]
    # What the further lines begin with where the line is wrapped behind its first piece; None: it is never wrapped.
    rest: str | None = None

    @property
    def text(self) -> str:
        """The line as plain text."""
        return "".join(text for text, _ in self.pieces)


def line(text: str = "", style: str = "") -> Line:
    """A line that is never wrapped, so that an id on it stays one word."""
    return pieces((text, style))


def pieces(*styled: tuple[str, str]) -> Line:
    """A line of several styles, never wrapped."""
    return Line(tuple((plain(text), style) for text, style in styled))


def flow(first: str, rest: str, text: str, style: str = "") -> Line:
    """The text behind `first`, to be wrapped where it is too long, its further lines behind `rest`."""
    return Line(((first, "dim"), (plain(text), style)), rest)


def plain(text: str) -> str:
    """The text on one line, without anything that a terminal obeys."""
    return printable(text).replace("\n", " ")
