"""Secrets that a terminal, a mail or a manual broke over several lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, TypeAlias

from agent_memory.redaction.finders.shapes import RUN_MIN, Span, shape_of
from agent_memory.redaction.patterns import lazily

# What a frame, a quote or a comment puts behind a line and before the next one.
_BEHIND: Final = " \t\r\\|\u2502\u2503"
_BREAK: Final = lazily(
    r"(?:[ \t]{0,80}[|\u2502\u2503]?\\?(?:\r?\n|\\{1,2}n)[ \t]{0,80}(?:[>|#*\u2502\u2503][ \t]{0,4})?|"
    r"[\"'][ \t]{0,8}[+.&\\]?[ \t]{0,8}\r?\n[ \t]{0,80}[+.&]?[ \t]{0,8}[\"'])"
    r"(?P<part>[\w.+/=-]{4,}+)(?![:(\[\"'`,]*[:=(])",
    re.ASCII,
)
# Of a token that was broken, so much stands before the break.
_FIRST_MIN: Final = 8
_FIRST_MAX: Final = 200
_LAST: Final = lazily(rf"(?=[\w.+/-]*\d)[\w.+/-]{{{_FIRST_MIN}}}", re.ASCII)
_TAIL: Final = lazily(r"(?<![\w.+/-])[\w.+/-]+\Z", re.ASCII)
_TURNS_MIN: Final = 3
_PARTS_MAX: Final = 8


def wrapped_tokens(text: str) -> Iterator[Span]:
    """The tokens of services that have their shape only when the lines they stand on are joined, in order."""
    known: dict[int, _Part] = {}
    done = begin = 0
    for line in text.split("\n"):
        end = begin + len(line.rstrip(_BEHIND))
        # Nearly every line ends with a word, or with what is no part of a token.
        if (
            end > done
            and _LAST.match(text, end - _FIRST_MIN)
            and (run := _TAIL.search(text, max(begin, end - _FIRST_MAX), end))
        ):
            parts, stop = _parts(text, end, known)
            whole = run[0] + "".join(parts)
            kind = shape_of(whole) if parts and len(whole) >= RUN_MIN and not shape_of(run[0]) else ""
            if kind:
                yield run.start(), stop, kind
                done = stop
        begin += len(line) + 1


def continued(text: str, end: int) -> int:
    """Where a secret ends whose line ends at `end`: there, or on a later line."""
    return _parts(text, end, {})[1]


# By the end of a line: what a generator made at the beginning of the next one, and where that ends.
_Part: TypeAlias = tuple[str, int] | None


def _parts(text: str, end: int, known: dict[int, _Part]) -> tuple[list[str], int]:
    """What follows on the next lines and looks as if a generator had made it, and where that ends."""
    parts: list[str] = []
    while len(parts) < _PARTS_MAX:
        if end not in known:
            found = _BREAK.match(text, end)
            known[end] = (found["part"], found.end("part")) if found and _is_made(found["part"]) else None
        if (part := known[end]) is None:
            break
        parts.append(part[0])
        end = part[1]
    return parts, end


def _is_made(part: str) -> bool:
    turns = sum(a.isdigit() != b.isdigit() for a, b in pairwise(part))
    turns += sum(a.islower() and b.isupper() for a, b in pairwise(part)) // 2
    return turns >= (_TURNS_MIN if len(part) > 5 else 1)
