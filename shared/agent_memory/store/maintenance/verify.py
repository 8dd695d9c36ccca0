"""Verifying a store: every reference leads somewhere, every excerpt is in its events, every counter is right.

The store is read once, in key order, a page at a time. The reader does not catch up meanwhile, so that what is written
beside it is not taken for a fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields
from itertools import groupby, islice, takewhile
from typing import Final, TypeVar

from google.protobuf.message import DecodeError

from agent_memory.messages import event_from_bytes
from agent_memory.model import Event, Grip, TocLevel, TocNode
from agent_memory.periods import parse_period
from agent_memory.store import codec, erasures, keys, ledger, records, schema
from agent_memory.store.codec import Counters, LedgerEntry, SegmentRow
from agent_memory.store.evidence_checksum import evidence_checksum
from agent_memory.store.maintenance.findings import Findings
from agent_memory.store.reader import Reader
from agent_memory.store.records import Position

# Rows looked up together.
PAGE: Final = 256

# What protobuf, JSON and our records raise for bytes they can't read.
_UNREADABLE: Final = (DecodeError, ValueError, KeyError, TypeError)

Record = TypeVar("Record")


def verify(reader: Reader, progress: Callable[[int], None] = lambda events: None) -> Findings:
    """Check the whole store; `progress` gets the number of events checked so far.

    Raises StoreError where a block is damaged.
    """
    return _Verification(reader, progress).run()


class _Verification:
    def __init__(self, reader: Reader, progress: Callable[[int], None]) -> None:
        self._reader = reader
        self._progress = progress
        self._found = Findings()
        self._grips = 0
        self._zone = records.time_zone(reader)
        # Stored events, counted as the ledger should count them.
        self._stored: Counter[str] = Counter()

    def run(self) -> Findings:
        self._check_outbox()
        for session_id in records.sessions(self._reader):
            self._check_session(session_id)
        self._check_lost_events()
        self._check_segments_without_events()
        self._check_projects()
        self._check_nodes()
        self._check_versions()
        self._check_grips()
        self._check_owners()
        self._check_counters()
        self._check_ledger()
        return self._found

    # Events and segments

    def _check_outbox(self) -> None:
        """No cursor is beyond the last entry. Remembers the sessions whose events wait for the table of contents."""
        consumers = records.consumers(self._reader)
        sequence = records.counters(self._reader).sequence
        for name, state in consumers.items():
            if state.cursor > sequence:
                message = f"the cursor {state.cursor} is behind the end of the outbox, {sequence}"
                self._found.report(keys.consumer(name).decode(), message)
        after = consumers[records.TOC].cursor
        self._waiting = {session_id for _, session_id, _ in records.outbox(self._reader, after)}
        if erasures.state(self._reader).is_running:
            self._waiting.update(erasures.marked_sessions(self._reader))
        self._found.sessions_waiting = len(self._waiting)

    def _check_session(self, session_id: str) -> None:
        """Each event has its rows and is in exactly one segment; each segment's node has the right number of events."""
        segments = _Segments(self, session_id)
        for event in self._events(session_id):
            if session_id not in self._waiting and not segments.take(event):
                self._found.report(event.event_id, f"is in no segment of session {session_id}", session_id)
        if session_id not in self._waiting:
            segments.end()

    def _events(self, session_id: str) -> Iterator[Event]:
        prefix = keys.session(session_id)
        rows = (key for key, _ in self._reader.scan(schema.EVENTS, prefix, keys.after(prefix)))
        while page := list(islice(rows, PAGE)):
            positions = [keys.position(keys.event_of_session_row(key)) for key in page]
            stamps = self._reader.get_many(schema.EVENTS, [keys.event_id(event_id) for _, event_id in positions])
            for key, (timestamp_ms, event_id), stamp in zip(page, positions, stamps, strict=True):
                if stamp != b"%013d" % timestamp_ms:
                    self._found.report(event_id, "can't be found by its id")
                event = self._readable(
                    event_id, event_from_bytes, self._reader.get(schema.EVENTS, keys.event_of_session_row(key))
                )
                if event is None:
                    continue
                if (event.session_id, *event.position) != (session_id, timestamp_ms, event_id):
                    self._found.report(event_id, "is not the event that its key names")
                self._found.events += 1
                self._stored[self.entry(event)] += 1
                yield event
            self._progress(self._found.events)

    def _check_lost_events(self) -> None:
        """There are as many events by time and by id as by session."""
        for prefix, by in ((keys.EVENT_PREFIX, "time"), (keys.ID_PREFIX, "id")):
            count = sum(1 for _ in self._rows(schema.EVENTS, prefix))
            if count != self._found.events:
                self._found.report(f"events by {by}", f"{count} are there, by session {self._found.events}")

    def _check_segments_without_events(self) -> None:
        rows = (key for key, _ in self._rows(schema.CHECKPOINTS, keys.SEGMENT_PREFIX))
        for session_id, _ in groupby(rows, keys.segment_session):
            prefix = keys.session(session_id)
            is_waiting = session_id in self._waiting
            if not is_waiting and next(self._reader.scan(schema.EVENTS, prefix, keys.after(prefix)), None) is None:
                self._found.report(session_id, "was cut into segments and has no events", session_id)

    def _check_projects(self) -> None:
        """Each row of a project leads to one of its segments."""
        for key, value in self._rows(schema.CHECKPOINTS, keys.PROJECT_PREFIX):
            row = self._readable(key.decode(), codec.project_row, value)
            if row is not None and not records.is_filed(self._reader, row, keys.project_segment_first(key)):
                self._found.report(row.node_id, f"is no segment of the project {row.project}", row.session_id)

    def entry(self, event: Event) -> str:
        """The ledger entry that counts the event."""
        return ledger.name(event.timestamp_ms, event.agent, self._zone)

    def check_segment(
        self, session_id: str, first: Position, row: SegmentRow, held: Counter[str], project: str
    ) -> None:
        """The segment's row and its node agree with each other and with the segment's events and project.

        `held` counts the events by ledger entry.
        """
        self._found.segments += 1
        events = held.total()
        if row.counts != held:
            self._found.report(row.node_id, "is counted wrongly in the ledger", session_id)
        node = records.node(self._reader, row.node_id)
        if node is None:
            self._found.report(row.node_id, f"is not there; session {session_id} was cut into it", session_id)
        elif (node.session_id, node.start_ms, node.event_count) != (session_id, first[0], events):
            self._found.report(
                row.node_id, f"tells of {node.event_count} events of session {node.session_id}; it holds {events}",
                session_id,
            )  # fmt: skip
        elif node.is_open != row.is_open:
            self._found.report(row.node_id, "is open in its node or in its row, and not in both", session_id)
        is_listed = self._reader.get(schema.CHECKPOINTS, keys.open_segment(session_id, *first)) is not None
        if is_listed != row.is_open:
            self._found.report(row.node_id, "will not be closed in time, or will be closed twice", session_id)
        is_filed = self._reader.get(schema.CHECKPOINTS, keys.project_segment(project, *first)) is not None
        if row.project != project or is_filed != bool(project):
            self._found.report(row.node_id, f"is not found among the segments of {project or 'no project'}", session_id)

    def segments(self, session_id: str) -> Iterator[tuple[Position, SegmentRow]]:
        prefix = keys.segments(session_id)
        for key, value in self._reader.scan(schema.CHECKPOINTS, prefix, keys.after(prefix)):
            row = self._readable(key.decode(errors="replace"), codec.segment_row, value, session_id)
            if row is not None:
                yield keys.segment_first(key), row

    def overlaps(self, session_id: str, row: SegmentRow) -> None:
        self._found.report(row.node_id, "begins before the segment before it ends", session_id)

    # Nodes

    def _check_nodes(self) -> None:
        """Each node is readable, is reached from the root, has children unless it is a segment, and has its grips."""
        for key, version in self._rows(schema.TOC_LATEST, keys.LATEST_PREFIX):
            self._found.toc_nodes += 1
            node_id = keys.node_id_of_latest(key)
            value = self._reader.get(schema.TOC_NODES, keys.node(node_id, int.from_bytes(version, "big")))
            node = self._readable(node_id, codec.node_from_json, value)
            if node is None:
                continue
            if node.node_id != node_id:
                self._found.report(node_id, f"holds the node {node.node_id}", node.session_id)
            self._check_place(node)
            self._check_proofs(node)

    def _check_place(self, node: TocNode) -> None:
        if node.level == TocLevel.SEGMENT:
            if not records.is_segment(self._reader, node):
                self._found.report(node.node_id, "is no segment of its session", node.session_id)
            parent_id: str | None = f"toc:day:{node.node_id.removeprefix('toc:segment:').partition(':')[0]}"
        else:
            period = parse_period(node.node_id)
            if period is None or next(records.child_ids(self._reader, period), None) is None:
                self._found.report(node.node_id, "has no children")
            parent_id = period.parent.node_id if period and period.parent else None
        if parent_id and not records.latest_version(self._reader, parent_id):
            self._found.report(node.node_id, f"can't be reached: {parent_id} is not there", node.session_id)

    def _check_proofs(self, node: TocNode) -> None:
        named = list(dict.fromkeys(grip_id for bullet in node.bullets for grip_id in bullet.grip_ids))
        there = self._reader.get_many(schema.GRIPS, [keys.grip(grip_id) for grip_id in named])
        for grip_id, value in zip(named, there, strict=True):
            if value is None:
                self._found.report(node.node_id, f"names {grip_id}, which is not there", node.session_id)

    def _check_versions(self) -> None:
        """Each version belongs to a node that exists."""
        rows = (key for key, _ in self._rows(schema.TOC_NODES, keys.NODE_PREFIX))
        for node_id, versions in groupby(rows, keys.node_id_of_version):
            newest = max(map(keys.version_of, versions))
            if newest > records.latest_version(self._reader, node_id):
                self._found.report(f"{node_id}:v{newest:06}", "is a version that no node has")

    # Grips

    def _check_grips(self) -> None:
        for key, value in self._rows(schema.GRIPS, keys.GRIP_PREFIX):
            self._grips += 1
            grip = self._readable(key.decode(), codec.grip_from_json, value)
            if grip is not None and grip.session_id not in self._waiting:
                self._check_grip(grip)

    def _check_grip(self, grip: Grip) -> None:
        """The events are those quoted, and one of them contains the excerpt."""
        if self._reader.get(schema.GRIPS, keys.node_grip(grip.node_id, grip.grip_id)) is None:
            self._found.report(grip.grip_id, f"is not among the grips of {grip.node_id}", grip.session_id)
        last = (grip.end_timestamp_ms, grip.event_id_end)
        onwards = records.session_events(self._reader, grip.session_id, (grip.timestamp_ms, grip.event_id_start))
        quote = _Quote(grip.excerpt, takewhile(lambda event: event.position <= last, onwards))
        try:
            now = evidence_checksum(quote)
        except _UNREADABLE as error:
            now = f"none: {error}"
        broken = grip.evidence_checksum not in ("", now)
        if not broken and quote.is_there:
            self._found.grips_intact += grip.evidence_checksum != ""
            self._found.grips_without_checksum += grip.evidence_checksum == ""
        elif self._was_removed(grip):
            self._found.grips_removed += 1
        else:
            what = "the events it quotes have changed" if broken else "none of its events contains its excerpt"
            self._found.report(grip.grip_id, f"is damaged: {what}", grip.session_id)

    def _was_removed(self, grip: Grip) -> bool:
        ids = (grip.event_id_start, grip.event_id_end)
        return any(self._reader.get(schema.EVENTS, keys.removed_event(each)) is not None for each in ids)

    def _check_owners(self) -> None:
        for key, _ in self._rows(schema.GRIPS, keys.NODE_GRIP_PREFIX):
            node_id, grip_id = keys.names_of_node_row(key)
            if self._reader.get(schema.GRIPS, keys.grip(grip_id)) is None:
                self._found.report(node_id, f"owns {grip_id}, which is not there")
            if not records.latest_version(self._reader, node_id):
                self._found.report(node_id, f"owns {grip_id} and is not there")

    # Counters

    def _check_counters(self) -> None:
        said = records.counters(self._reader)
        seen = Counters(self._found.events, self._found.toc_nodes, self._grips, said.sequence)
        for each in fields(Counters):
            if getattr(said, each.name) != getattr(seen, each.name):
                self._found.report(
                    f"counter {each.name}", f"says {getattr(said, each.name)}; there are {getattr(seen, each.name)}"
                )

    def _check_ledger(self) -> None:
        reached: Counter[str] = Counter()
        for _, value in self._rows(schema.CHECKPOINTS, keys.SEGMENT_PREFIX):
            # An unreadable one has been reported already.
            with suppress(*_UNREADABLE):
                reached.update(codec.segment_row(value).counts)
        said = dict(ledger.entries(self._reader))
        for entry in sorted({*self._stored, *reached, *said}):
            seen = LedgerEntry(self._stored[entry], reached[entry])
            was = said.get(entry, LedgerEntry())
            if was != seen:
                message = (
                    f"says {was.reached} of {was.stored} events are in segments; {seen.reached} of {seen.stored} are"
                )
                self._found.report(f"ledger {entry}", message)

    def _readable(
        self, subject: str, parse: Callable[[bytes], Record], value: bytes | None, session_id: str = ""
    ) -> Record | None:
        """The record; None, and a problem reported, where it is missing or unreadable."""
        if value is None:
            self._found.report(subject, "is not there", session_id)
            return None
        try:
            return parse(value)
        except _UNREADABLE as error:
            self._found.report(subject, f"can't be read: {error}", session_id)
            return None

    def _rows(self, family: str, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        return self._reader.scan(family, prefix, keys.after(prefix))


class _Segments:
    """A session's segments, walked in step with its events."""

    def __init__(self, verification: _Verification, session_id: str) -> None:
        self._verification = verification
        self._session_id = session_id
        self._rows = verification.segments(session_id)
        self._current: tuple[Position, SegmentRow] | None = None
        self._held: Counter[str] = Counter()
        self._project = ""
        self._next = next(self._rows, None)

    def take(self, event: Event) -> bool:
        """Count the event for its segment; False where it has none."""
        while self._next is not None and self._next[0] <= event.position:
            self._step()
        if self._current is None or event.position > _end(self._current[1]):
            return False
        self._held[self._verification.entry(event)] += 1
        self._project = self._project or event.project
        return True

    def end(self) -> None:
        """Check the last segment, and those after it, once all events were taken."""
        while self._next is not None:
            self._step()
        self._check()

    def _step(self) -> None:
        self._check()
        if self._current is not None and self._next is not None and self._next[0] <= _end(self._current[1]):
            self._verification.overlaps(self._session_id, self._next[1])
        self._current, self._held, self._project = self._next, Counter(), ""
        self._next = next(self._rows, None)

    def _check(self) -> None:
        if self._current is not None:
            self._verification.check_segment(self._session_id, *self._current, self._held, self._project)


class _Quote:
    """Events to iterate once; `is_there` says afterwards whether one of them contains the excerpt."""

    def __init__(self, excerpt: str, events: Iterator[Event]) -> None:
        self._excerpt = excerpt
        self._events = events
        self.is_there = False

    def __iter__(self) -> Iterator[Event]:
        for event in self._events:
            self.is_there = self.is_there or self._excerpt in event.text
            yield event


def _end(row: SegmentRow) -> Position:
    return (row.last_ms, row.last_event_id)
