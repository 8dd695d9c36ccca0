"""Seed phrases: twelve or more words in a row, all of the list that wallets choose theirs from (BIP 39, English)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final

from agent_memory.redaction.finders.shapes import Span
from agent_memory.redaction.linear import search_for
from agent_memory.redaction.patterns import lazily

WORDS_MIN: Final = 12
# The longest has 24; words before and behind it may be of the list, too.
WORDS_MAX: Final = 32
# Between two words; a list may number them.
_BETWEEN: Final = r"(?:[\s,;|\"'`]|\\[nrt]){1,6}(?:\d{1,2}[.):]?\s{1,3})?"
# The same, quicker, in bytes, and taking more for a row of words.
_QUICK_WORD: Final = lazily(rb"[A-Za-z]{3,8}")
ROW: Final = rf"[A-Za-z]{{3,8}}(?:[\s,;|\"'`\\0-9.):]{{1,6}}n?[A-Za-z]{{3,8}}){{{WORDS_MIN - 1}}}"
_QUICK_ROW: Final = search_for(ROW)
_WORD: Final = lazily(r"(?<![A-Za-z])(?<![A-Za-z]')[A-Za-z]{3,8}(?![A-Za-z]|'[A-Za-z])")
_ROW: Final = lazily(rf"{_WORD.pattern}(?:{_BETWEEN}{_WORD.pattern}){{{WORDS_MIN - 1},}}+")


def seed_phrases(text: str) -> Iterator[Span]:
    """The seed phrases in the text, in order."""
    if row_of_seed_words(text.encode("utf-8", "surrogatepass")) < 0:
        return
    place = 0
    while row := _ROW.search(text, place):
        yield from _phrases(row)
        place = row.end()


def row_of_seed_words(content: bytes, begin: int = 0) -> int:
    """Where a row of words begins that may be a seed phrase, from `begin` on; -1 if there is none."""
    while found := _QUICK_ROW(content, begin, len(content)):
        row = content[found[0] : found[1]].lower()
        words = _QUICK_WORD.findall(row)
        # The last may go on behind the row.
        unknown = next((word for word in words[-2::-1] if word not in _known()), None)
        if unknown is None:
            return found[0]
        begin = found[0] + row.rfind(unknown) + len(unknown)
    return -1


def _phrases(row: re.Match[str]) -> Iterator[Span]:
    """The stretches of a row of words in which each is of the list."""
    known = _known()
    stretch: list[re.Match[str]] = []
    for word in _WORD.finditer(row.string, *row.span()):
        if word[0].lower().encode() in known:
            stretch.append(word)
            continue
        if _is_phrase(stretch):
            yield stretch[0].start(), stretch[-1].end(), "seed-phrase"
        stretch = []
    if _is_phrase(stretch):
        yield stretch[0].start(), stretch[-1].end(), "seed-phrase"


def _is_phrase(words: list[re.Match[str]]) -> bool:
    """Whether so many words are a phrase, and not a part of the list itself."""
    return WORDS_MIN <= len(words) <= WORDS_MAX and [word[0] for word in words] != sorted(word[0] for word in words)


@cache
def _known() -> frozenset[bytes]:
    return frozenset(files("agent_memory.redaction.finders").joinpath("seed_words.txt").read_bytes().split())
