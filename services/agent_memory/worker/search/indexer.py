"""Bringing one index file up to the store: sessions of which events are new, and whole sessions in a scan.

Segments are those of the table of contents, which has come at least as far. A row changes when its segment begins or
ends elsewhere now, or got an event in between; nothing else can have changed it, because events never change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice, takewhile
from typing import Final

from agent_memory.messages import event_from_bytes
from agent_memory.model import Event
from agent_memory.search import format as index
from agent_memory.search import texts
from agent_memory.store import keys, records, schema
from agent_memory.store.codec import SegmentRow
from agent_memory.store.reader import Reader
from agent_memory.store.records import Position
from agent_memory.worker.consumer import feed
from agent_memory.worker.outbox import Batch
from agent_memory.worker.search.writer import (
    SCAN_BEGINS,
    SCAN_DONE,
    Changes,
    Damaged,
    IndexedSegment,
    IndexWriter,
    Progress,
    Row,
)

# By which the store knows the index.
NAME: Final = "search"
# A step: a tenth of a second, for so long the table of contents waits.
STEP_ENTRIES: Final = 500
STEP_SCAN_SEGMENTS: Final = 50
# Beyond so many the file tag of a segment is left out: a tool that names thousands of files names none.
FILES_MAX: Final = 200


class Indexer:
    """Keeps one index file of one store: a consumer of the outbox whose cursor lies in the file."""

    name = NAME

    def __init__(self, reader: Reader, writer: IndexWriter) -> None:
        self._reader = reader
        self.writer = writer
        self.progress = writer.progress()

    @property
    def is_complete(self) -> bool:
        """Whether every session from before the file was begun is in it."""
        return self.progress.scan == SCAN_DONE

    def check_history(self, sequence: int) -> None:
        """Raise Damaged where the file tells of a later, or of another, history of the store."""
        progress = self.progress
        if progress.cursor > sequence:
            raise Damaged(f"it is at {progress.cursor} of an outbox that ends at {sequence}")
        entry = entry_at(self._reader, progress.cursor)
        if entry and progress.entry and entry != progress.entry:
            raise Damaged("its last entry of the outbox is another one in the store")

    @property
    def cursor(self) -> int:
        """The last outbox entry that is in the file."""
        return self.progress.cursor

    def drain(self, until: int, now_ms: int) -> bool:
        """Take in the next outbox entries up to that number; whether there were any."""
        return feed(self, self._reader, until, now_ms, STEP_ENTRIES)

    def apply(self, batch: Batch, now_ms: int) -> None:
        """Take in these entries."""
        entry = entry_at(self._reader, batch.cursor)
        with self.writer.committing(now_ms) as changes:
            for session_id, positions in batch.positions.items():
                self._update(changes, session_id, sorted(positions))
            self._record(changes, replace(self.progress, cursor=batch.cursor, entry=entry))

    def rebuild(self, cursor: int, now_ms: int) -> None:
        """Begin to look at every session again, a step at a time; new entries are taken in meanwhile."""
        entry = entry_at(self._reader, cursor)
        with self.writer.committing(now_ms) as changes:
            self._record(changes, replace(self.progress, cursor=cursor, entry=entry, scan=SCAN_BEGINS))

    def scan(self, now_ms: int) -> bool:
        """Look at the next sessions as a whole, if a scan is under way; whether it is."""
        progress = self.progress
        if self.is_complete:
            return False
        after = progress.scan.removeprefix(SCAN_BEGINS)
        segments = 0
        with self.writer.committing(now_ms) as changes:
            for session_id in records.sessions(self._reader, after):
                segments += self._update(changes, session_id, None)
                after = session_id
                if segments >= STEP_SCAN_SEGMENTS:
                    self._record(changes, replace(progress, scan=SCAN_BEGINS + after))
                    return True
            self._record(changes, replace(progress, scan=SCAN_DONE))
        return True

    def follow_rebuild(self, finished_ms: int, now_ms: int) -> None:
        """After a rebuild of the table of contents, look at every session again: it may be cut otherwise."""
        if finished_ms == self.progress.toc_rebuilt_ms:
            return
        with self.writer.committing(now_ms) as changes:
            self._record(changes, replace(self.progress, toc_rebuilt_ms=finished_ms, scan=SCAN_BEGINS))

    def take_out(self, events: Mapping[str, Collection[str]], now_ms: int) -> None:
        """Remove the segments that hold one of these events, given by session, while their texts can still be read.

        `restore` follows.
        """
        with self.writer.committing(now_ms) as changes:
            for session_id, event_ids in events.items():
                for row in self.writer.rows_from(session_id, 0):
                    if not set(row.event_ids).isdisjoint(event_ids):
                        changes.remove(row, self._body_of(row, {}))
        self.writer.sync()

    def restore(self, session_ids: Iterable[str], now_ms: int) -> None:
        """Make the rows of these sessions those of their segments again."""
        with self.writer.committing(now_ms) as changes:
            for session_id in session_ids:
                self._update(changes, session_id, None)

    def _record(self, changes: Changes, progress: Progress) -> None:
        changes.record(progress)
        self.progress = progress

    def _update(self, changes: Changes, session_id: str, touched: Sequence[Position] | None) -> int:
        """Make the rows of a session those of its segments, from the first touched position on; all of them for None.

        Returns how many segments were looked at.
        """
        from_ms = 0
        if touched is not None:
            # An event changes the segment that it lies in, and perhaps where the one before ends.
            within = records.segment_before(self._reader, session_id, touched[0])
            from_ms = min(within[0][0], touched[0][0]) if within else 0
        rows = self.writer.rows_from(session_id, from_ms)
        from_ms = min([from_ms, *(row.first_ms for row in rows)])
        stored = list(records.segments_from(self._reader, session_id, (from_ms, "")))
        old = {row.node_id: row for row in rows}
        kept = {
            cut.node_id
            for first, cut in stored
            if (row := old.get(cut.node_id)) is not None and self._is_same(session_id, first, cut, row, touched)
        }
        gone = [row for row in rows if row.node_id not in kept]
        # Of the rows that go most events are in the segments that come: each is read once.
        read: dict[str, Event] = {}
        added: list[IndexedSegment] = []
        for first, cut in stored:
            if cut.node_id not in kept:
                events = list(self._events(session_id, first, (cut.last_ms, cut.last_event_id)))
                if not gone:
                    changes.put(_indexed(session_id, cut, events))
                    continue
                read |= {event.event_id: event for event in events}
                added.append(_indexed(session_id, cut, events))
        for row in gone:
            changes.remove(row, self._body_of(row, read))
        for segment in added:
            changes.put(segment)
        return len(stored) + 1

    def _is_same(
        self, session_id: str, first: Position, cut: SegmentRow, row: Row, touched: Sequence[Position] | None
    ) -> bool:
        last = (cut.last_ms, cut.last_event_id)
        if (row.last_ms, row.event_ids[-1]) != last:
            return False
        if touched is not None:
            return not any(first <= position <= last and position[1] not in row.event_ids for position in touched)
        start, stop = keys.session_event(session_id, *first), keys.session_event(session_id, *last) + b"\0"
        found = (
            keys.position(keys.event_of_session_row(key)) for key, _ in self._reader.scan(schema.EVENTS, start, stop)
        )
        return tuple(event_id for _, event_id in found) == row.event_ids

    def _events(self, session_id: str, first: Position, last: Position) -> Iterable[Event]:
        return takewhile(lambda event: event.position <= last, records.session_events(self._reader, session_id, first))

    def _body_of(self, row: Row, read: dict[str, Event]) -> tuple[str, ...]:
        missing = [event_id for event_id in row.event_ids if event_id not in read]
        for event in map(event_from_bytes, records.event_rows_by_id(self._reader, missing)):
            read[event.event_id] = event
        return _body(read[event_id] for event_id in row.event_ids if event_id in read)


def _indexed(session_id: str, cut: SegmentRow, events: Sequence[Event]) -> IndexedSegment:
    if not events:
        raise Damaged(f"the events of {cut.node_id} are not there")
    return IndexedSegment(
        node_id=cut.node_id,
        session_id=session_id,
        first_ms=events[0].timestamp_ms,
        last_ms=events[-1].timestamp_ms,
        event_ids=tuple(event.event_id for event in events),
        tags=_tags(session_id, events),
        body=_body(events),
    )


def _body(events: Iterable[Event]) -> tuple[str, ...]:
    return tuple(token for event in events for token in texts.tokens_of(event))


def _tags(session_id: str, events: Sequence[Event]) -> tuple[str, ...]:
    """What filters find the segment by."""
    named = [("s", session_id)]
    for event in events:
        named += [("a", event.agent or ""), ("r", texts.role_of(event))]
        named += [("p", name) for name in texts.project_names_of(event)]
    files = dict.fromkeys(("f", texts.base_name(path)) for event in events for path in texts.files_of(event))
    named += islice(files, FILES_MAX)
    return tuple(index.tag(kind, value) for kind, value in dict.fromkeys(named) if value)


def entry_at(reader: Reader, cursor: int) -> str:
    """What the outbox holds at that number; empty where it holds nothing any more."""
    found = next(records.outbox(reader, cursor - 1), None) if cursor else None
    return _named(*found[1:]) if found and found[0] == cursor else ""


def _named(session_id: str, position: Position) -> str:
    return f"{position[0]} {position[1]} {session_id}"
