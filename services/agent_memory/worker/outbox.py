"""Draining the outbox: which events a consumer has not taken in yet, by session."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from agent_memory.store import records
from agent_memory.store.reader import Reader
from agent_memory.store.records import Position

# The more entries at once, the less often an open segment is summarized again while a backlog is drained.
BATCH_ENTRIES: Final = 10_000


@dataclass(slots=True)
class Batch:
    """Consecutive entries: the positions of their events by session, and the number of the last entry."""

    cursor: int
    positions: dict[str, list[Position]] = field(default_factory=dict)
    # Entries before the first are missing, so the events must be read instead.
    has_gap: bool = False


def drain(reader: Reader, cursor: int, until: int, entries_max: int = BATCH_ENTRIES) -> Batch:
    """The next entries behind the cursor, up to number `until`, which has been given out."""
    batch = Batch(cursor)
    for number, session_id, position in islice(records.outbox(reader, cursor), min(entries_max, until - cursor)):
        if number != batch.cursor + 1:
            break
        batch.cursor = number
        batch.positions.setdefault(session_id, []).append(position)
    # The oldest entries are lost first. A gap further on is one before the first entry the next time.
    batch.has_gap = batch.cursor == cursor < until
    return batch
