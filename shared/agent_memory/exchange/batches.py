"""Batches: what is read for an import, so much at a time that it fits a call and the memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from agent_memory.model import Event

# Events, and things that hold none, together.
BATCH_MAX: Final = 500
BATCH_BYTES: Final = 8 << 20

# An event, or a sentence on what is wrong with what holds none; and how many bytes it was read from.
Read: TypeAlias = tuple[Event | str, int]
Batch: TypeAlias = tuple[list[Event], list[str]]


def in_batches(found: Iterable[Read]) -> Iterator[Batch]:
    """The events in their order, each time with the sentences on what was read among them."""
    events: list[Event] = []
    problems: list[str] = []
    size = 0
    for each, read_bytes in found:
        if isinstance(each, Event):
            events.append(each)
        else:
            problems.append(each)
        size += read_bytes
        if len(events) + len(problems) == BATCH_MAX or size >= BATCH_BYTES:
            yield events, problems
            events, problems, size = [], [], 0
    if events or problems:
        yield events, problems
