"""Segmentation: the segments that a session would be cut into now, beside those that are stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agent_memory.store import keys, records
from agent_memory.store.codec import SegmentRow
from agent_memory.store.reader import Reader
from agent_memory.store.records import Position
from agent_memory.worker.toc import segments
from agent_memory.worker.toc.segments import Segment

BEGINNING: Final[Position] = (0, "")
END: Final[Position] = (keys.TIMESTAMP_MAX_MS + 1, "")


def resegment_from(reader: Reader, session_id: str, at: Position) -> Position:
    """The beginning of the last segment that an event at that position may change."""
    before = records.segment_before(reader, session_id, at)
    return before[0] if before else BEGINNING


def resegment(reader: Reader, session_id: str, first: Position, now_ms: int) -> Iterator[Segment]:
    """The session's segments as they would be cut now, from the one on that begins at `first`."""
    events = records.session_events(reader, session_id, first)
    earlier = records.session_events(reader, session_id, first, backwards=True)
    return segments.split(events, earlier, now_ms)


class StoredSegments:
    """The stored segments of a session from a position on, walked in step with the new ones."""

    def __init__(self, reader: Reader, session_id: str, first: Position) -> None:
        self._rows = records.segments_from(reader, session_id, first)
        self._next = next(self._rows, None)

    def through(self, position: Position) -> Iterator[tuple[Position, SegmentRow]]:
        """The segments that begin at that position or before, without those that were walked past already."""
        while self._next is not None and self._next[0] <= position:
            yield self._next
            self._next = next(self._rows, None)

    def take(self, position: Position) -> SegmentRow | None:
        """The segment that begins right there."""
        if self._next is None or self._next[0] != position:
            return None
        row = self._next[1]
        self._next = next(self._rows, None)
        return row

    def covers(self, touched: Position | None) -> bool:
        """Whether the next touched position, if any, lies behind the beginning of the next stored segment."""
        return touched is None or (self._next is not None and self._next[0] <= touched)
