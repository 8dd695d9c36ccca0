"""Patterns whose time is linear in the text: RE2's, over bytes. What is found is looked at with Python's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias

import re2

# For machines of a few hundred alternatives; RE2 takes ten times as long where it gets no more than its default, 8 MiB.
# It takes what it needs of that.
_MEMORY_BYTES: Final = 16 << 20
# Where it first stands in a content, from one place to another: its begin and end, or None.
Search: TypeAlias = Callable[[bytes, int, int], tuple[int, int] | None]


def search_for(pattern: str | bytes) -> Search:
    """A function that searches for the pattern. A text pattern is searched for in UTF-8."""
    return _search_with(re2.compile(pattern.encode() if isinstance(pattern, str) else pattern, _options()))


def search_for_any(words: Sequence[bytes]) -> Search:
    """A function that searches for the first of these words, each as it is; there must be one."""
    options = _options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes
    options.max_mem = 4 * _MEMORY_BYTES  # hundreds of long words
    return _search_with(re2.compile(b"|".join(map(re2.escape, words)), options))


def _options() -> Any:
    options = re2.Options()
    options.max_mem = _MEMORY_BYTES
    return options


def has(pattern: str) -> Callable[[str], bool]:
    """A function that tells whether a text has the pattern."""
    search = search_for(pattern)

    def is_in(text: str) -> bool:
        content = text.encode("utf-8", "surrogatepass")
        return search(content, 0, len(content)) is not None

    return is_in


def places_of(pattern: str) -> Callable[[str], Iterator[tuple[int, int]]]:
    """A function that tells where the pattern begins and ends in a text, wherever it stands, in order."""
    compiled = re2.compile(pattern.encode(), _options())

    def places(text: str) -> Iterator[tuple[int, int]]:
        content = text.encode("utf-8", "surrogatepass")
        if len(content) == len(text):
            yield from (found.span() for found in compiled.finditer(content))
            return
        # Characters before the place in the content that was looked at last.
        looked_at = before = 0
        for found in compiled.finditer(content):
            start, end = found.span()
            before += len(content[looked_at:start].decode("utf-8", "surrogatepass"))
            length = len(content[start:end].decode("utf-8", "surrogatepass"))
            yield before, before + length
            looked_at, before = end, before + length

    return places


def found_of(patterns: Sequence[str]) -> Callable[[bytes], Sequence[int]]:
    """A function that tells which of the patterns a content has, by their places, in one pass."""
    machine = re2.Set.SearchSet()
    for pattern in patterns:
        machine.Add(pattern)
    machine.Compile()

    def found(content: bytes) -> Sequence[int]:
        return machine.Match(content) or ()

    return found


def _search_with(compiled: Any) -> Search:
    def search(content: bytes, begin: int, end: int) -> tuple[int, int] | None:
        found = compiled.search(content, begin, end)
        return found.span() if found else None

    return search
