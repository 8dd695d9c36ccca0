"""Keeping the table of contents true: re-cut what events touched, refresh what stands above it, commit it all at once.

The tree is a function of the set of events. So nothing here asks what an event changed: the cut is made again from the
last segment that begins before it, until it falls together with the cut that is stored.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Final

from agent_memory.bus.client import Bus
from agent_memory.ids import segment_node_id
from agent_memory.logs import line
from agent_memory.model import Bullet, Grip, TocNode
from agent_memory.periods import Period, day_of
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, records
from agent_memory.store.codec import ConsumerState, RebuildState, SegmentRow
from agent_memory.store.reader import Reader
from agent_memory.store.records import Position
from agent_memory.worker.outbox import Batch
from agent_memory.worker.toc import rollups, segment_nodes, segmentation, segments
from agent_memory.worker.toc.draft import Draft
from agent_memory.worker.toc.segmentation import BEGINNING, END, StoredSegments
from agent_memory.worker.toc.segments import Segment

log = logging.getLogger(__name__)

# A commit is sent in parts beyond this: memory stays bounded however much one late event makes new.
PART_SEGMENTS: Final = 400

# The digest of no segment.
UNFINISHED: Final = ""


@dataclass(frozen=True, slots=True)
class NewSummary:
    """What a model made of a node: the words, the grips that prove a segment's, and what it was given."""

    node_id: str
    title: str
    bullets: tuple[Bullet, ...]
    keywords: tuple[str, ...]
    grips: tuple[Grip, ...]
    summarized_by: str
    # A segment's digest, or that of a period's children.
    summary_source: str


class Toc:
    """The table of contents of one store, for the one process that writes it: the first consumer of the outbox."""

    name = records.TOC

    def __init__(self, reader: Reader, writer: Bus, zone: tzinfo) -> None:
        self._reader = reader
        self._writer = writer
        self._zone = zone
        self.reload()

    def reload(self) -> None:
        """Begin again from what is stored; whatever was drafted is forgotten."""
        self._reader.catch_up()
        self.state = records.consumer(self._reader, records.TOC)
        # Segments that can still grow, by session and first event: the time of the last event.
        self._open = {(session, first): last_ms for session, first, last_ms in records.open_segments(self._reader)}
        self._draft = Draft(self._reader, self._zone)

    @property
    def cursor(self) -> int:
        """The outbox up to this entry is in the tree."""
        return self.state.cursor

    def apply(self, batch: Batch, now_ms: int) -> None:
        """Bring the tree up to these entries. Raises StaleCommit when somebody else committed first."""
        self.update(batch.positions, batch.cursor, now_ms)
        log.info(line("drained", cursor=batch.cursor, sessions=len(batch.positions)))

    def rebuild(self, cursor: int, now_ms: int) -> None:
        """Cut every session again from its events, then stand at `cursor`. Raises StaleCommit."""
        for session_id in records.sessions(self._reader):
            self.rebuild_session(session_id, now_ms)
        self.update({}, cursor, now_ms)

    def update(self, touched: dict[str, list[Position]], cursor: int, now_ms: int) -> None:
        """Bring the tree up to these events, given by session, and the cursor with it.

        Raises StaleCommit when somebody else committed first: reload and compute again.
        """
        for session_id, positions in touched.items():
            self._recut(session_id, sorted(positions), now_ms)
        self._commit(cursor, now_ms)

    def close_idle(self, now_ms: int) -> None:
        """Close the segments whose conversation has been silent for a gap."""
        idle: dict[str, list[Position]] = {}
        for (session_id, first), last_ms in self._open.items():
            if now_ms - last_ms >= segments.GAP_MS:
                idle.setdefault(session_id, []).append(first)
        if idle:
            self.update(idle, self.state.cursor, now_ms)

    def rebuild_session(self, session_id: str, now_ms: int) -> None:
        """Cut a session again from its first event to its last, whatever is stored; the cursor stays."""
        self._recut(session_id, [END], now_ms, whole=True)
        self._commit(self.state.cursor, now_ms)

    def draft_session(self, session_id: str, from_ms: int, now_ms: int) -> int:
        """Draft a session cut and told anew, from the segment on that holds `from_ms`; how many events that took.

        What is stored as it should be stays as it is. A long draft is committed in parts.
        """
        start = segmentation.resegment_from(self._reader, session_id, (from_ms, ""))
        stored = StoredSegments(self._reader, session_id, start)
        events = 0
        for segment in segmentation.resegment(self._reader, session_id, start, now_ms):
            stored.take(segment.first.position)
            for first, row in list(stored.through(segment.last.position)):
                self._remove_segment(session_id, first, row)
            self._put_segment(segment, now_ms)
            events += len(segment.events)
            if len(self._draft.message.segments) >= PART_SEGMENTS:
                self._commit_part(segment, now_ms)
        for first, row in stored.through(END):
            self._remove_segment(session_id, first, row)
        return events

    def draft_days(self, days: Iterable[Period], now_ms: int) -> None:
        """Draft the days, and what stands above them, told anew, without segments into which no session was cut."""
        days = list(days)
        for day in days:
            ids = list(records.child_ids(self._reader, day))
            cut = {node.node_id for node in records.nodes(self._reader, ids) if records.is_cut(self._reader, node)}
            for node_id in ids:
                if node_id not in cut:
                    self._draft.drop_node(node_id)
        self.draft_periods(days, now_ms)

    def draft_periods(self, periods: Iterable[Period], now_ms: int) -> None:
        """Draft these periods told anew, and those above as far as something changes."""
        self._draft.touched |= {period.node_id: period for period in periods}
        self._refresh_touched(now_ms)

    def draft_removal(
        self,
        node_ids: Iterable[str],
        owned_grips: Iterable[tuple[str, str]],
        filed: Iterable[tuple[str, Position]],
    ) -> None:
        """Draft that these go: nodes, grips, each named by the node that owned it and its own id, and segments from
        among those of a project, each named by the project and its first event."""
        for node_id in node_ids:
            self._draft.drop_node(node_id)
        self._draft.message.removed_grips.extend(pb.GripKey(node_id=node, grip_id=grip) for node, grip in owned_grips)
        for project, first in filed:
            self._draft.unfile(project, first)

    def draft_counters(self, *, events: int, toc_nodes: int, grips: int) -> None:
        """Draft that so much is to be added to the counters."""
        self._draft.message.counter_changes.CopyFrom(pb.CounterChanges(events=events, toc_nodes=toc_nodes, grips=grips))

    def draft_ledger(self, entry: str, *, stored: int, reached: int) -> None:
        """Draft that so much is to be added to an entry of the ledger."""
        self._draft.message.ledger_changes.add(entry=entry, stored=stored, reached=reached)

    def commit_rebuild(self, state: RebuildState, now_ms: int) -> None:
        """Send the draft with the row that tells how far the rebuild is: both or neither."""
        self._refresh_touched(now_ms)
        written = state.nodes_written + self.drafted_nodes
        self._draft.message.rebuild = codec.to_json(replace(state, nodes_written=written))
        self._commit(self.state.cursor, now_ms)

    def commit_job(self, record: pb.RecordJob, now_ms: int) -> None:
        """Send the draft with the rows that tell how the job's run went: both or neither."""
        self._draft.message.job.CopyFrom(record)
        self._commit(self.state.cursor, now_ms)

    @property
    def drafted_nodes(self) -> int:
        """How many nodes the draft writes or removes."""
        return self._draft.changed_nodes

    def replace_summary(self, told: NewSummary, now_ms: int) -> bool:
        """Let a node say what a model made of it; False when it no longer holds what the model was given.

        Raises StaleCommit when somebody else committed first: reload and try again.
        """
        node = self._draft.node(told.node_id)
        if node is None or not self._is_of(node, told.summary_source):
            return False
        node = replace(
            node,
            title=told.title,
            bullets=told.bullets,
            keywords=told.keywords,
            summarized_by=told.summarized_by,
            summary_source=told.summary_source,
        )
        self._draft.put_node(node, told.grips, now_ms)
        period = records.period(told.node_id)
        above = period.parent if period else day_of(node.start_ms, self._zone)
        if above:
            self._draft.touched[above.node_id] = above
        self._commit(self.state.cursor, now_ms)
        return True

    def _is_of(self, node: TocNode, summary_source: str) -> bool:
        """Whether words made from what `summary_source` stands for are the node's words."""
        if period := records.period(node.node_id):
            return rollups.digest(self._draft.children(period)) == summary_source
        cut = records.segment_of(self._reader, node)
        return cut is not None and not cut[1].is_open and cut[1].digest == summary_source

    # Cutting

    def _recut(self, session_id: str, touched: list[Position], now_ms: int, *, whole: bool = False) -> None:
        while touched:
            done = self._recut_stretch(session_id, touched, now_ms, whole=whole)
            touched = touched[bisect_right(touched, done) :]

    def _recut_stretch(self, session_id: str, touched: list[Position], now_ms: int, *, whole: bool) -> Position:
        """Cut again around the first of the touched positions; returns the position up to which the cut is true now."""
        start = BEGINNING if whole else segmentation.resegment_from(self._reader, session_id, touched[0])
        stored = StoredSegments(self._reader, session_id, start)
        for segment in segmentation.resegment(self._reader, session_id, start, now_ms):
            old = stored.take(segment.first.position)
            last = segment.last.position
            # What began inside of this segment goes now: its grips may be this one's from here on.
            overtaken = list(stored.through(last))
            for first, row in overtaken:
                self._remove_segment(session_id, first, row)
            if old is None or old.digest != segment.digest:
                self._put_segment(segment, now_ms)
            elif not whole and not overtaken and stored.covers(_next_touched(touched, last)):
                # From here to the next touched position both cuts are the same.
                return last
            if len(self._draft.message.segments) >= PART_SEGMENTS:
                self._commit_part(segment, now_ms)
        for first, row in stored.through(END):
            self._remove_segment(session_id, first, row)
        return END

    def _commit_part(self, segment: Segment, now_ms: int) -> None:
        """Commit what is drafted of a cut that goes on behind this segment.

        Until the rest follows, the cut behind it is the old one. So the segment is marked as one that is equal to no
        other and has been silent for ever: whoever comes after a crash closes it, and cuts again from there on.
        """
        self._put_cut(segment, UNFINISHED, open_since_ms=0)
        self._commit(self.state.cursor, now_ms)
        self._put_cut(segment, segment.digest, _open_since_ms(segment))

    def _put_segment(self, segment: Segment, now_ms: int) -> None:
        day = day_of(segment.first.timestamp_ms, self._zone)
        node_id = segment_node_id(day.node_id, segment.first)
        node, gripped = segment_nodes.build(node_id, segment, self._draft.node(node_id))
        self._touch(day, node)
        self._draft.put_node(node, gripped, now_ms)
        self._put_cut(segment, segment.digest, _open_since_ms(segment))

    def _put_cut(self, segment: Segment, digest: str, open_since_ms: int | None) -> None:
        """Draft the rows that tell where the session was cut."""
        first = segment.first
        node_id = segment_node_id(day_of(first.timestamp_ms, self._zone).node_id, first)
        self._draft.put_segment(segment, node_id, digest, open_since_ms)
        if open_since_ms is None:
            self._open.pop((first.session_id, first.position), None)
        else:
            self._open[first.session_id, first.position] = open_since_ms

    def _remove_segment(self, session_id: str, first: Position, row: SegmentRow) -> None:
        day = day_of(first[0], self._zone)
        self._draft.touched[day.node_id] = day
        self._draft.remove_node(row.node_id)
        self._draft.remove_cut(session_id, first, row)
        self._open.pop((session_id, first), None)

    # What stands above

    def _touch(self, day: Period, node: TocNode) -> None:
        """Have the day told again, unless only the words of an open segment changed and others have closed."""
        above = self._draft.node(day.node_id)
        was = self._draft.node(node.node_id)
        if not node.is_open or above is None or above.is_open or (was is not None and not was.is_open):
            self._draft.touched[day.node_id] = day

    def _refresh_touched(self, now_ms: int) -> None:
        """Tell the touched periods again, and those above as far up as something changes."""
        level = self._draft.touched
        while level:
            above = (period.parent for period in level.values() if self._retell(period, now_ms))
            level = {parent.node_id: parent for parent in above if parent is not None}
        self._draft.touched.clear()

    def _retell(self, period: Period, now_ms: int) -> bool:
        """Make the period's node say what its children say; whether that changed anything."""
        children = self._draft.children(period)
        if not children:
            return self._draft.remove_node(period.node_id)
        told = [child for child in children if not child.is_open] or children
        node = rollups.roll_up(period, told, self._zone)
        was = self._draft.node(period.node_id)
        # A model's words stay for as long as the children say what they were made from.
        if was and was.summary_source and was.summary_source == rollups.digest(told):
            node = replace(
                node,
                bullets=was.bullets,
                keywords=was.keywords,
                summarized_by=was.summarized_by,
                summary_source=was.summary_source,
            )
        return self._draft.put_node(node, [], now_ms)

    def _commit(self, cursor: int, now_ms: int) -> None:
        """Send the draft, with all that stands above what it changes, if there is anything to say."""
        self._refresh_touched(now_ms)
        message = self._draft.message
        if cursor == self.state.cursor and not message.ListFields():
            return
        message.expected_commit = self.state.commit
        message.cursor = cursor
        reply = self._writer.ask(pb.Command(commit_toc=message))
        nodes, removed, cuts = len(message.nodes), len(message.removed_node_ids), len(message.segments)
        log.debug(line("committed", nodes=nodes, removed=removed, segments=cuts))
        self.state = ConsumerState(cursor, reply.toc_committed.commit)
        self._draft = Draft(self._reader, self._zone)
        self._reader.catch_up()


def _next_touched(touched: list[Position], last: Position) -> Position | None:
    return touched[at] if (at := bisect_right(touched, last)) < len(touched) else None


def _open_since_ms(segment: Segment) -> int | None:
    return segment.last.timestamp_ms if segment.is_open else None
