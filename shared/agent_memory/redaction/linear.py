"""Patterns whose time is linear in the text: RE2's, over bytes. What is found is looked at with Python's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import re2

# Where it first stands in a content, from one place to another: its begin and end, or None.
Search: TypeAlias = Callable[[bytes, int, int], tuple[int, int] | None]


def search_for(pattern: str | bytes) -> Search:
    """A function that searches for the pattern. A text pattern is searched for in UTF-8."""
    compiled = re2.compile(pattern.encode() if isinstance(pattern, str) else pattern)

    def search(content: bytes, begin: int, end: int) -> tuple[int, int] | None:
        found = compiled.search(content, begin, end)
        return found.span() if found else None

    return search
