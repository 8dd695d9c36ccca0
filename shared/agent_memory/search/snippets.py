"""Snippets: the stretch of a text that holds most of a question's words, on one line. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from agent_memory.search.tokens import runs

# A text is searched up to here; a tool's output may have megabytes.
TEXT_MAX: Final = 20_000
_CUT: Final = "…"
# How far a cut is moved to fall between words.
_SLACK: Final = 24


def snippet(text: str, weights: Mapping[str, float], length: int) -> str:
    """About `length` characters of the text around the words that weigh most, with marks where it was cut."""
    line = " ".join(text[:TEXT_MAX].split())
    if len(line) <= length:
        return line + _CUT * (len(text) > TEXT_MAX)
    start = _best_start(line, weights, length)
    end = min(len(line), start + length)
    start, end = _between_words(line, start, end)
    return f"{_CUT if start else ''}{line[start:end].strip()}{_CUT if end < len(line) else ''}"


def matched(text: str, terms: Collection[str]) -> list[str]:
    """Those of the terms that the text holds, in the order they come in it."""
    return list(dict.fromkeys(token for _, found in runs(text[:TEXT_MAX]) for token in found if token in terms))


def _best_start(line: str, weights: Mapping[str, float], length: int) -> int:
    """Where the stretch begins that holds the heaviest set of different words; a little before the first of them."""
    places = [(at, token) for at, found in runs(line) for token in found if token in weights]
    best, best_start = 0.0, 0
    for first, (start, _) in enumerate(places):
        held = dict.fromkeys(_within(places, first, start + length * 3 // 4))
        weight = sum(weights[token] for token in held)
        if weight > best:
            best, best_start = weight, start
    return max(0, min(best_start - length // 5, len(line) - length))


def _within(places: list[tuple[int, str]], first: int, end: int) -> Iterator[str]:
    for at, token in places[first:]:
        if at >= end:
            return
        yield token


def _between_words(line: str, start: int, end: int) -> tuple[int, int]:
    """The cuts, moved to blanks that are near; scripts without blanks are cut where they are."""
    if start and (blank := line.find(" ", start, start + _SLACK)) >= 0:
        start = blank + 1
    if end < len(line) and (blank := line.rfind(" ", end - _SLACK, end)) > start:
        end = blank
    return start, end
