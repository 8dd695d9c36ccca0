"""The table of contents as a consumer of the outbox: it drafts what events change, and commits it behind its fence.

The tree is a function of the set of events. So nothing here asks what an event changed: sessions are segmented again
around it, and whatever comes out otherwise than it is stored is written.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo

from agent_memory.bus.client import Bus
from agent_memory.process.logs import line
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, records
from agent_memory.store.codec import ConsumerState, ErasureState, RebuildState
from agent_memory.store.reader import Reader
from agent_memory.store.records import Position
from agent_memory.worker import summarizer
from agent_memory.worker.outbox import Batch
from agent_memory.worker.toc import period_nodes, segments, summary_replacement
from agent_memory.worker.toc.draft import Draft
from agent_memory.worker.toc.resegmenter import Resegmenter
from agent_memory.worker.toc.summary_replacement import NewSummary

log = logging.getLogger(__name__)


class Toc:
    """The table of contents of one store, for the one thread that writes it.

    Every change is a draft first. A draft that was not committed leaves nothing behind.
    """

    name = records.TOC

    def __init__(self, reader: Reader, writer: Bus, zone: tzinfo) -> None:
        self._reader = reader
        self._writer = writer
        self._zone = zone
        self.reload()

    @property
    def cursor(self) -> int:
        """The outbox up to this entry is in the tree."""
        return self.state.cursor

    def reload(self) -> None:
        """Begin again from what is stored."""
        self._reader.catch_up()
        self.state = records.consumer(self._reader, self.name)
        # Segments that can still grow, by session and first event: the time of the last event in milliseconds.
        self._open = {(session, first): last_ms for session, first, last_ms in records.open_segments(self._reader)}

    def draft(self) -> Draft:
        """An empty draft, over what is stored now."""
        return Draft(self._reader, self._zone)

    def apply(self, batch: Batch, now_ms: int) -> None:
        """Bring the tree up to these entries; raises StaleCommit when somebody else committed first."""
        self._resegment(batch.positions, batch.cursor, now_ms)
        log.info(line("drained", cursor=batch.cursor, sessions=len(batch.positions)))

    def rebuild(self, cursor: int, now_ms: int) -> None:
        """Segment every session again as a whole, then stand at `cursor`; raises StaleCommit."""
        for session_id in records.sessions(self._reader):
            draft = self.draft()
            self._resegmenter(draft, now_ms).resegment_all(session_id)
            self.commit(draft, now_ms)
        self.commit(self.draft(), now_ms, cursor=cursor)

    def close_idle(self, now_ms: int) -> None:
        """Close the segments whose conversation has been silent for a gap; raises StaleCommit."""
        idle: dict[str, list[Position]] = {}
        for (session_id, first), last_ms in self._open.items():
            if now_ms - last_ms >= segments.GAP_MS:
                idle.setdefault(session_id, []).append(first)
        if idle:
            self._resegment(idle, self.cursor, now_ms)

    def resegment_from(self, draft: Draft, session_id: str, from_ms: int, now_ms: int) -> int:
        """Draft a session segmented and summarized again, from the segment on that holds `from_ms`.

        Returns how many events that took. A long draft is committed in parts; raises StaleCommit.
        """
        return self._resegmenter(draft, now_ms).resegment_from(session_id, from_ms)

    def replace_summary(self, summary: NewSummary, now_ms: int) -> bool:
        """Replace a node's summary by one that a model wrote; False when the node has changed since the model read it.

        Raises StaleCommit when somebody else committed first: reload and try again.
        """
        draft = self.draft()
        if not summary_replacement.replace_summary(draft, self._reader, summary, now_ms):
            return False
        self.commit(draft, now_ms)
        return True

    def commit(
        self,
        draft: Draft,
        now_ms: int,
        *,
        cursor: int | None = None,
        rebuild: RebuildState | None = None,
        erasure: ErasureState | None = None,
        job: pb.RecordJob | None = None,
        has_told_all: bool = False,
    ) -> None:
        """Send the draft, with all that stands above what it changes, and empty it.

        A cursor, the state of a rebuild, an erasure or a job become true in the same batch as the draft; with
        `has_told_all`, or the first commit of a store, that every summary is by today's rules. Nothing is sent where
        nothing changes. Raises StaleCommit when somebody else committed first, WriterUnavailable.
        """
        period_nodes.refresh(draft, now_ms)
        message = draft.message
        if rebuild is not None:
            written = rebuild.nodes_written + draft.changed_nodes
            message.rebuild = codec.to_json(replace(rebuild, nodes_written=written))
        if erasure is not None:
            message.erasure = codec.to_json(erasure)
        if job is not None:
            message.job.CopyFrom(job)
        cursor = self.cursor if cursor is None else cursor
        if cursor == self.cursor and not message.ListFields():
            return
        if self.state.commit == 0 or has_told_all:
            message.summary_rules = summarizer.RULES
        message.expected_commit = self.state.commit
        message.cursor = cursor
        reply = self._writer.ask(pb.Command(commit_toc=message))
        sizes = {"nodes": len(message.nodes), "removed": len(message.removed_node_ids)}
        log.debug(line("committed", **sizes, segments=len(message.segments)))
        self.state = ConsumerState(cursor, reply.toc_committed.commit)
        draft.clear()
        self._reader.catch_up()

    def _resegment(self, touched: Mapping[str, list[Position]], cursor: int, now_ms: int) -> None:
        draft = self.draft()
        resegmenter = self._resegmenter(draft, now_ms)
        for session_id, positions in touched.items():
            resegmenter.resegment_around(session_id, sorted(positions))
        self.commit(draft, now_ms, cursor=cursor)

    def _resegmenter(self, draft: Draft, now_ms: int) -> Resegmenter:
        return Resegmenter(self._reader, draft, self._open, now_ms, lambda: self.commit(draft, now_ms))
