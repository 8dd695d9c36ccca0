"""Stored text on its way to a terminal: harmless, on one line if need be, and cut between characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# Colours in what a tool printed say nothing here, and are the one escape sequence worth leaving out silently.
_COLOUR = re.compile(r"\x1b\[[\d;:]*m")
_JOINER = "\u200d"

# A control character obeyed by a terminal can rewrite what the reader sees, so each becomes a picture of itself.
_HARMLESS: dict[int, int | str | None] = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "\u2421",
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
    ord("\u2028"): "\n",
    ord("\u2029"): "\n",
    # Overrides of the writing direction show text in another order than it is stored in.
    **dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), None),
}


def printable(text: str) -> str:
    """The text without anything a terminal obeys, but for its line ends."""
    return _COLOUR.sub("", text.replace("\r\n", "\n")).translate(_HARMLESS).expandtabs(4)


def one_line(text: str, width: int) -> str:
    """The text on one line of at most `width` cells; what is cut off leaves an ellipsis."""
    # Ten megabytes are an event like any other: look only at what can show, with room for blanks and accents.
    head = text[: width * 8]
    line = " ".join(printable(head).split())
    return cut(line + "…" * (len(head) < len(text)), width)


def cut(text: str, width: int) -> str:
    """The text in at most `width` cells (one or more), cut between what a reader takes for characters."""
    from rich.cells import cell_len  # only where there is a table to be filled

    if cell_len(text) <= width:
        return text
    cells = end = fits = 0
    for cluster in _clusters(text):
        cells += cell_len(cluster)
        if cells > width:
            return f"{text[:fits].rstrip()}…"
        end += len(cluster)
        if cells < width:  # the ellipsis still has room behind it
            fits = end
    return text


def counted(number: int, thing: str) -> str:
    """`1 event`, `2 events`."""
    return f"{number} {thing}{'s' * (number != 1)}"


def _clusters(text: str) -> Iterator[str]:
    """The text in pieces that must not be cut: a letter with its accents, an emoji with its joined parts, a flag.

    An approximation of Unicode's grapheme clusters (UAX #29) that needs no tables beyond Python's own.
    """
    start = flags = 0
    for index in range(1, len(text)):
        flags = flags + 1 if _is_flag_half(text[index - 1]) else 0
        pairs_up = flags % 2 == 1 and _is_flag_half(text[index])
        if not (pairs_up or _extends(text[index]) or text[index - 1] == _JOINER):
            yield text[start:index]
            start = index
    if text:
        yield text[start:]


def _extends(character: str) -> bool:
    if character < "\u0300":
        return False
    return (
        character == _JOINER
        or unicodedata.category(character).startswith("M")
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or "\u1160" <= character <= "\u11ff"  # the later parts of a Korean syllable
        or "\U000e0020" <= character <= "\U000e007f"  # the tags behind a region's flag
    )


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
