"""One glance at an event that tells whether it has to be read: nearly every one holds nothing that must be taken out.

The expressions of the redactor look closely, which costs tens of microseconds a text. This one asks only whether
there is anything they could find, in a single pass of RE2 over the event's bytes, whatever these are.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final

import re2

from agent_memory.capture import PRIVATE_MARKS
from agent_memory.redaction.named import STEMS, VALUE_MIN
from agent_memory.redaction.shapes import RUN_MIN

_STEM: Final = f"(?i:{'|'.join(STEMS)})"
_PASSWORD: Final = "(?i:pass|pwd)"
_CLOSED: Final = r"(?:\\{0,3}[\"'`])?[\])]{0,2}"
# What stands between a name and its value; the last is what does between a field's name and its value in protobuf.
_SIGN: Final = r"(?:\s*(?:=>|:=|=+|:)|,\s*\\*[\"'`]|\s+value=|>|\s(?:is|was)\s(?:now\s)?:?|\x12)"
# What may stand between a sign and a value: a type, or the kind of the token.
_KIND: Final = r"(?:(?i:bearer|basic|token|apikey) +|[&\w.\[\]|?<>]+(?:\s\|\s[\w.]+)?\s?=\s?)?"


def _run(of: str, length: int) -> str:
    """So many characters of that class, with one among them that is in no word."""
    return "|".join(f"{of}{{{before}}}[A-Z0-9]{of}{{{length - 1 - before}}}" for before in range(length))


_MADE_VALUE: Final = _run(r"\S", VALUE_MIN)
_MADE_RUN: Final = _run(r"[\w-]", RUN_MIN)
_EVENT: Final = re2.compile(
    "|".join(
        (
            rf"{_PASSWORD}[\w-]*{_CLOSED}{_SIGN}",
            # But for passwords, generators made it.
            rf"{_STEM}[\w-]*{_CLOSED}{_SIGN}\s*{_KIND}\S*(?:{_MADE_VALUE})",
            # A space is enough behind an option, and behind the word bearer.
            rf"(?:-[\w.-]*{_STEM}[\w-]*|(?i:bearer)){_CLOSED}[ \t]+\S*[^a-z\s]",
            _MADE_RUN,
            r"://\S*@",
            r"v1\.0-",  # a token that is a hash behind it
            "curl",
            "PRIVATE KEY",
            r"\.env",
            *(re2.escape(mark.decode()) for mark in PRIVATE_MARKS),
        )
    ).encode()
)

# Commits, checksums, UUIDs: a generator made them, too, but a hexadecimal number is known as a secret by its name only,
# except for those of one service, which begin so.
_HEXADECIMAL: Final = re.compile(rf"(?<![\w-])(?!4b1d)[0-9A-Fa-f-]{{{RUN_MIN},}}+(?![\w-])".encode())

_NAME: Final = re2.compile(_STEM.encode())
# A name stands nearer than that to its value.
_NAME_WITHIN: Final = 256
_PORTION_BYTES: Final = 1 << 20


def may_contain_nothing(content: bytes) -> bool:
    """Whether neither a secret nor a private span can be in these bytes of a text."""
    return next(candidates([content]), None) is None


def candidates(contents: Iterable[bytes]) -> Iterator[int]:
    """The places of those contents in which there may be a secret or a private span, in order."""
    before = 0
    for portion in _portions(contents):
        yield from (before + place for place in _suspects(portion))
        before += len(portion)


def _portions(contents: Iterable[bytes]) -> Iterator[list[bytes]]:
    """As many contents at a time as may be copied to be looked at together; one at least."""
    portion: list[bytes] = []
    size = 0
    for content in contents:
        if portion and size + len(content) > _PORTION_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(content)
        size += len(content)
    if portion:
        yield portion


def _suspects(contents: list[bytes]) -> Iterator[int]:
    # One pass over all of them: a search costs more than the few hundred bytes of an event.
    ends = list(accumulate(len(content) + 1 for content in contents))
    joined = b"\n".join(contents)
    begin = 0
    # What is found may reach into the next content, so that one is looked at from its own beginning.
    while found := _EVENT.search(joined, begin):
        start = found.start()
        number = _HEXADECIMAL.match(joined, start)
        if number and not _NAME.search(joined, start - _NAME_WITHIN, start):
            begin = number.end()
            continue
        place = bisect_right(ends, start)
        yield place
        begin = ends[place]
