"""Draining the outbox: which events are new to the table of contents, by session."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from agent_memory.store import records
from agent_memory.store.reader import Reader
from agent_memory.store.records import Position

# So much is summarised at once: the more, the less often an open segment is told again while a backlog is drained.
BATCH_ENTRIES: Final = 10_000


@dataclass(slots=True)
class Batch:
    """Entries in a row: the positions of their events by session, and the cursor behind the last of them."""

    cursor: int
    touched: dict[str, list[Position]] = field(default_factory=dict)
    # Entries are missing before the first: FIFO compaction dropped them, the events must tell.
    has_gap: bool = False


def drain(reader: Reader, cursor: int) -> Batch:
    """The next entries behind the cursor, none when all are done."""
    batch = Batch(cursor)
    for number, session_id, position in islice(records.outbox(reader, cursor), BATCH_ENTRIES):
        if number != batch.cursor + 1:
            batch.has_gap = True
            break
        batch.cursor = number
        batch.touched.setdefault(session_id, []).append(position)
    if batch.cursor == cursor and records.counters(reader).sequence > cursor:
        batch.has_gap = True
    return batch
