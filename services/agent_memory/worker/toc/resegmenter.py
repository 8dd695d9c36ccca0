"""Segmenting sessions again, and drafting whatever comes out otherwise than it is stored."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Final

from agent_memory.ids import segment_node_id
from agent_memory.model import TocNode
from agent_memory.periods import Period, day_of
from agent_memory.store.codec import SegmentRow
from agent_memory.store.reader import Reader
from agent_memory.store.records import Position
from agent_memory.worker.toc import segment_nodes, segmentation
from agent_memory.worker.toc.draft import Draft
from agent_memory.worker.toc.segmentation import BEGINNING, END, StoredSegments
from agent_memory.worker.toc.segments import Segment

# A draft is committed in parts beyond this: memory stays bounded however many segments one late event shifts.
PART_SEGMENTS: Final = 400

# The digest of no segment.
UNFINISHED: Final = ""

# By session and position of the first event: the time of the last event in milliseconds.
OpenSegments = dict[tuple[str, Position], int]


class Resegmenter:
    """Drafts the segments of sessions as they would be cut at `now_ms`. It keeps the `open_segments` up to date.

    `commit_part` commits the draft as far as it has come, and empties it.
    """

    def __init__(
        self,
        reader: Reader,
        draft: Draft,
        open_segments: OpenSegments,
        now_ms: int,
        commit_part: Callable[[], None],
    ) -> None:
        self._reader = reader
        self._draft = draft
        self._open = open_segments
        self._now_ms = now_ms
        self._commit_part = commit_part

    def resegment_around(self, session_id: str, touched: list[Position]) -> None:
        """Segment a session again around the touched positions, given in order.

        Each time it begins with the last segment that begins before the first of them, and goes on until the new
        segments are the stored ones again.
        """
        while touched:
            done = self._resegment_stretch(session_id, touched)
            touched = touched[bisect_right(touched, done) :]

    def resegment_all(self, session_id: str) -> None:
        """Segment a session again from its first event to its last, whatever is stored."""
        self._resegment(session_id, BEGINNING)

    def resegment_from(self, session_id: str, from_ms: int) -> int:
        """Segment and summarize a session again, from the segment on that holds `from_ms`; how many events that took.

        Every segment is built again, also where it is stored as it is cut now: what is as it should be stays as it is.
        """
        start = segmentation.resegment_from(self._reader, session_id, (from_ms, ""))
        stored = StoredSegments(self._reader, session_id, start)
        events = 0
        for segment in segmentation.resegment(self._reader, session_id, start, self._now_ms):
            old = stored.take(segment.first.position)
            self._remove_through(session_id, stored, segment.last.position)
            self._put(segment, old)
            events += len(segment.events)
            self._end_part(segment)
        self._remove_through(session_id, stored, END)
        return events

    def _resegment_stretch(self, session_id: str, touched: list[Position]) -> Position:
        """Segment again around the first touched position; returns the position up to which all is true now."""
        start = segmentation.resegment_from(self._reader, session_id, touched[0])
        return self._resegment(session_id, start, touched)

    def _resegment(self, session_id: str, start: Position, touched: list[Position] | None = None) -> Position:
        """Segment again from `start` on, to the session's end without touched positions; returns where it ended."""
        stored = StoredSegments(self._reader, session_id, start)
        for segment in segmentation.resegment(self._reader, session_id, start, self._now_ms):
            old = stored.take(segment.first.position)
            last = segment.last.position
            # What began inside of this segment goes now: its grips may be this one's from here on.
            overtaken = self._remove_through(session_id, stored, last)
            if old is None or old.digest != segment.digest:
                self._put(segment, old)
            elif touched is not None and not overtaken and stored.covers(_next_touched(touched, last)):
                # From here to the next touched position the stored segments are the new ones.
                return last
            self._end_part(segment)
        self._remove_through(session_id, stored, END)
        return END

    def _end_part(self, segment: Segment) -> None:
        """Commit what is drafted, where that is much, though the session goes on behind this segment.

        Until the rest follows, the segments behind it are the old ones. So this one is marked as equal to no other and
        silent for ever: whoever comes after a crash closes it, and segments again from there on.
        """
        if len(self._draft.message.segments) < PART_SEGMENTS:
            return
        self._put_row(segment, UNFINISHED, open_since_ms=0)
        self._commit_part()
        self._put_row(segment, segment.digest, _open_since_ms(segment))

    def _put(self, segment: Segment, old: SegmentRow | None) -> None:
        """Draft the segment's node, its row, and the day above it; `old` is what was stored in its place."""
        day = self._day(segment.first.timestamp_ms)
        node_id = segment_node_id(day.node_id, segment.first)
        was = self._draft.node(node_id)
        if old and old.node_id != node_id:
            # Its day was cut in another time zone: it is the same segment under another name.
            was = was or self._draft.node(old.node_id)
            self._draft.remove_node(old.node_id)
        node, gripped = segment_nodes.build(node_id, segment, was)
        if self._changes_day(day, node):
            self._draft.touch(day)
        self._draft.put_node(node, gripped, self._now_ms)
        self._put_row(segment, segment.digest, _open_since_ms(segment))

    def _put_row(self, segment: Segment, digest: str, open_since_ms: int | None) -> None:
        """Draft the row that says where the session was cut."""
        first = segment.first
        node_id = segment_node_id(self._day(first.timestamp_ms).node_id, first)
        self._draft.put_segment(segment, node_id, digest, open_since_ms)
        if open_since_ms is None:
            self._open.pop((first.session_id, first.position), None)
        else:
            self._open[first.session_id, first.position] = open_since_ms

    def _remove_through(self, session_id: str, stored: StoredSegments, position: Position) -> bool:
        """Draft that the stored segments go that begin at that position or before; whether there were any."""
        gone = list(stored.through(position))
        for first, row in gone:
            self._remove(session_id, first, row)
        return bool(gone)

    def _remove(self, session_id: str, first: Position, row: SegmentRow) -> None:
        self._draft.touch(self._day(first[0]))
        self._draft.remove_node(row.node_id)
        self._draft.remove_segment(session_id, first, row)
        self._open.pop((session_id, first), None)

    def _changes_day(self, day: Period, node: TocNode) -> bool:
        """Whether the day is rolled up again: not for an open segment's summary once others of the day have closed."""
        above = self._draft.node(day.node_id)
        was = self._draft.node(node.node_id)
        return not node.is_open or above is None or above.is_open or (was is not None and not was.is_open)

    def _day(self, timestamp_ms: int) -> Period:
        return day_of(timestamp_ms, self._draft.zone)


def _next_touched(touched: list[Position], last: Position) -> Position | None:
    return touched[at] if (at := bisect_right(touched, last)) < len(touched) else None


def _open_since_ms(segment: Segment) -> int | None:
    return segment.last.timestamp_ms if segment.is_open else None
