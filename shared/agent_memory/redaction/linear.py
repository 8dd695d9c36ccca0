"""Patterns whose time is linear in the text: RE2's, over bytes. What is found is looked at with Python's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import re2

# For the machine of a few hundred long alternatives; RE2 takes slower ways where it gets no more than its default.
_MEMORY_BYTES: Final = 64 << 20
# Where it first stands in a content, from one place to another: its begin and end, or None.
Search: TypeAlias = Callable[[bytes, int, int], tuple[int, int] | None]


def search_for(pattern: str | bytes) -> Search:
    """A function that searches for the pattern. A text pattern is searched for in UTF-8."""
    return _search_with(re2.compile(pattern.encode() if isinstance(pattern, str) else pattern))


def search_for_any(words: Sequence[bytes]) -> Search:
    """A function that searches for the first of these words, each as it is; there must be one."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes
    options.max_mem = _MEMORY_BYTES
    return _search_with(re2.compile(b"|".join(map(re2.escape, words)), options))


def has(pattern: str) -> Callable[[str], bool]:
    """A function that tells whether a text has the pattern."""
    search = search_for(pattern)

    def is_in(text: str) -> bool:
        content = text.encode("utf-8", "surrogatepass")
        return search(content, 0, len(content)) is not None

    return is_in


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
