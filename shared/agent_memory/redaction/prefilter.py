"""One glance at an event that tells whether it has to be read: nearly every one holds nothing that must be taken out.

The expressions of the redactor look closely, which costs tens of microseconds a text. This one asks only whether
there is anything they could find, in a few passes of RE2 over the event's bytes, whatever these are.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import Final

from agent_memory.capture import PRIVATE_MARKS
from agent_memory.redaction.finders.formats import GROUPS
from agent_memory.redaction.finders.headers import LINKED
from agent_memory.redaction.finders.lists import LIST
from agent_memory.redaction.finders.positional import KEY_MARKS
from agent_memory.redaction.finders.seed_phrases import ROW, row_of_seed_words
from agent_memory.redaction.finders.sentences import has_sentence
from agent_memory.redaction.finders.shapes import RUN_MIN, runs_in
from agent_memory.redaction.finders.tables import HEAD
from agent_memory.redaction.hints import FOREIGN, HINT, HINTED, OF_WHAT, VERB, WORDS
from agent_memory.redaction.linear import Search, search_for
from agent_memory.redaction.looks.passwords import WORDS as LINES
from agent_memory.redaction.looks.values import VALUE_MIN
from agent_memory.redaction.patterns import lazily
from agent_memory.redaction.words.names import STEMS
from agent_memory.redaction.words.secret_words import KEYS

_STEM: Final = f"(?i:{'|'.join(STEMS)})"
_PASSWORD: Final = f"(?i:pass|pw|{FOREIGN})"
_CLOSED: Final = r"(?:\\{0,3}[\"'`])?[\])]{0,2}"
# What stands between a name and its value; the last is what does between a field's name and its value in protobuf.
_SIGN: Final = (
    r"(?:\s*(?:=>|:=|=+|:)|\s(?:or|\|\||\?\?)\s|,\s*\\*[\"'`]|\s+value=|"
    r">|\(\s*\\*[\"'`]|</key>|\s(?:is|was)\s(?:now\s)?:?|\x12)"
)
# What may stand between a sign and a value: a type, or the kind of the token.
_KIND: Final = r"(?:(?i:bearer|basic|token|apikey) +|[&\w.\[\]|?<>]+(?:\s\|\s[\w.]+)?\s?=\s?)?"


def _run(of: str, length: int) -> str:
    """So many characters of that class, with one among them that is in no word."""
    return "|".join(f"{of}{{{before}}}[A-Z0-9]{of}{{{length - 1 - before}}}" for before in range(length))


_MADE_VALUE: Final = _run(r"\S", VALUE_MIN)
_MADE: Final = lazily(rb"[A-Z0-9]")
_WORD: Final = r"[A-Za-z]{3}[A-Za-z]*"
# What is put together here was measured: these cost as much as one of them, others multiply one another.
_NAMED: Final = search_for(
    "|".join(
        (
            WORDS,
            r"(?i:authorization)\\*[\"']?\s?[:=,]",
            rf"{_STEM}[\w-]*{_CLOSED}(?:{_SIGN}|[ \t])\s*[\"'`]?{_WORD}-{_WORD}-{_WORD}",
            rf"{_PASSWORD}[\w-]*{_CLOSED}{_SIGN}",
            # But for passwords, generators made it.
            rf"{_STEM}[\w-]*{_CLOSED}{_SIGN}\s*{_KIND}\S*(?:{_MADE_VALUE})",
            # A space is enough behind an option, and behind the word bearer.
            rf"(?:-[\w.-]*{_STEM}[\w-]*|(?i:bearer)){_CLOSED}[ \t]+\S*[^a-z\s]",
            r"://\S*@",
            r"v1\.0-",  # a token that is a hash behind it
            *KEY_MARKS,
            r"\.env",
            f"(?i:{'|'.join(re.escape(mark.decode()) for mark in PRIVATE_MARKS)})",
            rf"{_STEM}{OF_WHAT}(?:{VERB}|\s?:\s)\S*(?:[A-Za-z]\S*\d|\d\S*[A-Za-z])",
            LIST,
            LINKED,
            HEAD,
            *LINES,
        )
    )
)

_GROUPS: Final = search_for(GROUPS)
_GROUPED: Final = search_for(f"{GROUPS}|{ROW}")

_HINT: Final = search_for(HINT)
_HINTED: Final = tuple(map(search_for, HINTED))
_PAYMENT: Final = search_for(rb"\d(?:[ -]?\d){13}|[A-Z]{2}\d\d(?:[ -]?[A-Z0-9]{4}){2}")

# Commits, checksums, UUIDs: a generator made them, too, but a hexadecimal number is known as a secret by its name only,
# except for those of one service, which begin so.
_HEXADECIMAL: Final = lazily(rf"(?<![\w-])(?!4b1d)[0-9A-Fa-f-]{{{RUN_MIN},}}+(?![\w-])".encode())

_NAME: Final = search_for(f"{_STEM}|(?i:{KEYS})")
# A name stands nearer than that to its value.
_NAME_WITHIN: Final = 256
_PORTION_BYTES: Final = 1 << 20


def may_contain_secret(content: bytes, *, payment_data: bool = False) -> bool:
    """Whether there may be a secret or a private span in these bytes of a text; False is certain."""
    return (
        any(first(content, 0) >= 0 for first in (_LOOKS_WITH_PAYMENT if payment_data else _LOOKS))
        or next(_made_runs(content), -1) >= 0
        or any(search(content, 0, len(content)) and is_suspect(content) for search, is_suspect in _CLOSER)
    )


def candidates(contents: Iterable[bytes], *, payment_data: bool = False) -> Iterator[int]:
    """The places of those contents in which there may be a secret or a private span, in order.

    `payment_data` says whether numbers of cards and bank accounts are secrets.
    """
    before = 0
    for portion in _portions(contents):
        yield from (before + place for place in _suspects(portion, payment_data=payment_data))
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


def _suspects(contents: list[bytes], *, payment_data: bool) -> list[int]:
    # One pass over all of them: a search costs more than the few hundred bytes of an event.
    ends = list(accumulate(len(content) + 1 for content in contents))
    joined = b"\n".join(contents)
    found: set[int] = set()
    for first in _LOOKS_WITH_PAYMENT if payment_data else _LOOKS:
        begin = 0
        # What is found may reach into the next content, so that one is looked at from its own beginning.
        while (start := first(joined, begin)) >= 0:
            place = bisect_right(ends, start)
            found.add(place)
            begin = ends[place]
    found.update(bisect_right(ends, start) for start in _made_runs(joined))
    # Of the others, each pattern costs as much as all hints together, so only texts with a hint are looked at.
    for search, is_suspect in _CLOSER:
        begin = 0
        while hint := search(joined, begin, len(joined)):
            place = bisect_right(ends, hint[0])
            if place not in found and is_suspect(contents[place]):
                found.add(place)
            begin = ends[place]
    return sorted(found)


def _has_hinted(content: bytes) -> bool:
    """Whether one of the patterns that a hint stands for is in it."""
    return any(search(content, 0, len(content)) for search in _HINTED) or has_sentence(content)


def _first(search: Search) -> Callable[[bytes, int], int]:
    """Where the first begins that is searched for, from a place on; -1 if there is none."""

    def first(content: bytes, begin: int) -> int:
        found = search(content, begin, len(content))
        return found[0] if found else -1

    return first


def _made_runs(content: bytes) -> Iterator[int]:
    """Where runs of a token's characters begin that a generator made, as far as a glance tells."""
    for start, end in runs_in(content):
        if _MADE.search(content, start, end) and (
            not _HEXADECIMAL.match(content, start) or _NAME(content, max(0, start - _NAME_WITHIN), start)
        ):
            yield start


def _is_grouped(content: bytes) -> bool:
    """Whether it has groups of characters as secrets for authenticators, or a row of words that wallets choose from."""
    return _GROUPS(content, 0, len(content)) is not None or row_of_seed_words(content) >= 0


# Each says where the first that it knows begins, from a place on; -1 if there is none.
_LOOKS: Final = (_first(_NAMED),)
_LOOKS_WITH_PAYMENT: Final = (*_LOOKS, _first(_PAYMENT))
# What hints at a secret, and what tells whether the content that has it is one to read.
_CLOSER: Final = ((_GROUPED, _is_grouped), (_HINT, _has_hinted))
