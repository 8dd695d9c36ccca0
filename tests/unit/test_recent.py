"""Mappings of bounded size."""

from __future__ import annotations

from collections import OrderedDict

from agent_memory.recent import keep


def test_what_was_kept_longest_ago_makes_room() -> None:
    """A value that is kept again is the newest; the mapping never holds more than it may."""
    known: OrderedDict[str, int] = OrderedDict()
    for key, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        assert keep(known, key, value, most=2) == value

    assert known == OrderedDict(a=3, c=4)
