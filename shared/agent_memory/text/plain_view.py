"""A text as a person reads it: without colours and invisible characters, its escapes undone.

Each place in the view is known in the text, so that what is found in the one can be taken out of the other.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from html import unescape
from typing import Final

# The escape character itself, its picture, and as source code, JSON and terminals write it.
_ESCAPE: Final = r"(?:[\x1b\u241b]|\\{1,4}(?:u001[bB]|x1[bB]|033|e(?=\[))|\^\[)"
_COLOUR: Final = (
    rf"{_ESCAPE}(?:\[[\d;:?]{{0,24}}[A-Za-z]|\][^\x07\x1b\n]{{0,256}}(?:\x07|\x1b\\)|[()][0AB])|\x9b[\d;:]{{0,24}}m"
)
# What nobody sees, as it stands between brackets in a pattern: characters that turn the direction of writing, blanks
# without width, tags.
_UNSEEN: Final = (
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_CONTROLS: Final = r"\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f"
INVISIBLE: Final = _CONTROLS + _UNSEEN
_HIDDEN: Final = (
    rf"[{INVISIBLE}]|\\{{1,4}}u(?:00[aA][dD]|200[b-fB-F]|202[a-eA-E]|20[67][0-9a-fA-F]|[fF][eE][fF][fF]|061[cC])"
)
_NUMBERED: Final = r"\\{1,4}(?:u00|x)(?P<unicode>[2-7][0-9a-fA-F])|%(?:25){0,3}(?P<percent>[2-7][0-9a-fA-F])"
_ENTITY: Final = r"&(?:amp;){0,2}(?P<entity>#0{0,5}\d{2,3}|#[xX]0{0,5}[2-7][0-9a-fA-F]|quot|apos|amp|lt|gt);"
# Those of them that letters and emoji of some scripts are joined by; everywhere else they only hide something.
_JOINERS: Final = r"\u200c\u200d\ufe00-\ufe0f"
_UNWANTED: Final = re.compile(
    rf"(?![{_JOINERS}])[{_UNSEEN}]|(?<![^\x00-\x7f])[{_JOINERS}]+|[\u200c\u200d](?![^\x00-\x7f])"
)
_DISGUISE: Final = re.compile(f"(?:{_COLOUR}|{_HIDDEN})+|{_NUMBERED}|{_ENTITY}")
# One of these begins each of them; fewer are looked for where there is nothing but ASCII.
_BEGINS: Final = re.compile(rf"[\x1b\x9b\u241b\\%&^{INVISIBLE}]")
_BEGINS_IN_ASCII: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\\%&^]")


@dataclass(frozen=True, slots=True)
class PlainView:
    """The view, and where each of its stretches begins in the view and in the text."""

    text: str
    _plain_starts: list[int]
    _starts: list[int]
    _ends: list[int]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where the text holds what the view holds from `start` to `end`, which is not empty."""
        first = bisect_right(self._plain_starts, start) - 1
        last = bisect_right(self._plain_starts, end - 1) - 1
        begin = self._starts[first] + (start - self._plain_starts[first])
        if last + 1 < len(self._plain_starts):
            is_decoded = (
                self._plain_starts[last + 1] - self._plain_starts[last] != self._ends[last] - self._starts[last]
            )
        else:
            is_decoded = len(self.text) - self._plain_starts[last] != self._ends[last] - self._starts[last]
        stop = self._ends[last] if is_decoded else self._starts[last] + (end - self._plain_starts[last])
        return begin, stop


def visible(text: str) -> str:
    """The text without characters that nobody sees, among them those that turn the direction of writing.

    What joins letters and emoji stays where it does; so do the control characters of ASCII.
    """
    return text if text.isascii() else _UNWANTED.sub("", text)


def plain_view(text: str) -> PlainView | None:
    """The view of a text that has anything to undo; None for one that reads as it is."""
    parts: list[str] = []
    plain_starts: list[int] = []
    starts: list[int] = []
    ends: list[int] = []
    place = length = 0
    for begin in (_BEGINS_IN_ASCII if text.isascii() else _BEGINS).finditer(text):
        found = _DISGUISE.match(text, begin.start()) if begin.start() >= place else None
        if found is None:
            continue
        read = _read(found)
        for part, start, end in ((text[place : found.start()], place, found.start()), (read, *found.span())):
            if part:
                parts.append(part)
                plain_starts.append(length)
                starts.append(start)
                ends.append(end)
                length += len(part)
        place = found.end()
    if place == 0:
        return None
    if place < len(text):
        parts.append(text[place:])
        plain_starts.append(length)
        starts.append(place)
        ends.append(len(text))
    return PlainView("".join(parts), plain_starts, starts, ends)


def _read(found: re.Match[str]) -> str:
    """What the escape stands for; nothing for what is not seen."""
    if number := found["unicode"] or found["percent"]:
        return chr(int(number, 16)).replace("\x7f", "")
    if found["entity"]:
        character = unescape(f"&{found['entity']};")
        return character if character.isascii() and character.isprintable() else " "
    return ""
