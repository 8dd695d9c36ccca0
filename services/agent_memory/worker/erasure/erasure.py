"""The erasure that somebody asked for, step by step, beside everything else that the worker does.

A few sessions are one step: their events leave the search index while they can still be read, then the store, and what
was said of them is summarized again from what stays. How far it has come is in its row, and every step may be done
twice: who kills a process loses one step, and the next worker goes on. When all sessions are done, versions of periods
that may tell of them go, and then the files that held any of it.
"""

from __future__ import annotations

import logging
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agent_memory.bus.client import Bus
from agent_memory.erasure.receipts import Receipts
from agent_memory.errors import CommandRefused
from agent_memory.model import TocLevel, TocNode
from agent_memory.periods import Period, day_of
from agent_memory.process.logs import line
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.rpc import memory_pb2 as memory
from agent_memory.store import erasures, keys, records, schema
from agent_memory.store.codec import ErasureKind, ErasureStage, ErasureState
from agent_memory.store.forgotten import ForgottenFile
from agent_memory.store.reader import Reader
from agent_memory.store.records import Position
from agent_memory.worker.erasure import beside_store
from agent_memory.worker.erasure.renewal import renew
from agent_memory.worker.erasure.tainted import tells_of_period, tells_of_segment
from agent_memory.worker.scheduler.jobs import compact
from agent_memory.worker.scheduler.runs import RunOutcome, in_background
from agent_memory.worker.search.search_index import SearchIndex
from agent_memory.worker.toc import period_nodes
from agent_memory.worker.toc.draft import Draft
from agent_memory.worker.toc.toc import Toc

if TYPE_CHECKING:
    from agent_memory.redaction.event_redactor import EventRedactor

log = logging.getLogger(__name__)

# A step: some tenths of a second. A session is one step, however long it is.
STEP_EVENTS: Final = 1000
STEP_DAYS: Final = 16
# Events that one command erases or rewrites, and how large the rewritten may be together.
COMMAND_EVENTS: Final = 500
COMMAND_BYTES: Final = 8 << 20
# After a failure, such as a full disk, or while a rebuild is under way.
PAUSE_MS: Final = 30_000
_DAY: Final = timedelta(days=1)


class Erasure:
    """Does the erasure that is under way, if one is, for the thread that writes the table of contents."""

    def __init__(
        self,
        reader: Reader,
        writer: Bus,
        toc: Toc,
        search: SearchIndex,
        db_path: Path,
        redactor: Callable[[], EventRedactor],
    ) -> None:
        """`redactor` is called once there is something to redact."""
        self._reader = reader
        self._writer = writer
        self._toc = toc
        self._search = search
        self._db_path = db_path
        self._noted = ForgottenFile(db_path)
        self._is_renewed = False
        self._redactor = redactor
        self._compaction: Future[RunOutcome] | None = None
        self._paused_until_ms = 0
        # Of an erasure, by its number: the days that it is about.
        self._days_of: tuple[int, list[Period]] = 0, []

    def step(self, now_ms: int) -> bool:
        """Do the next step; whether another may follow at once.

        Raises StaleCommit when somebody else committed first: reload and the step is done again.
        """
        if now_ms < self._paused_until_ms:
            return False
        try:
            if self._is_renewed:
                return self._step(now_ms)
            # Once: a store is put in another's place while no daemon runs.
            is_begun = renew(self._reader, self._writer, self._noted, Receipts(self._db_path), now_ms)
            self._is_renewed = True
            return is_begun
        except (OSError, CommandRefused) as error:
            self._pause(error, now_ms)
            return False

    def _step(self, now_ms: int) -> bool:
        state = erasures.state(self._reader)
        if not state.is_running:
            return False
        match state.stage:
            case ErasureStage.SESSIONS:
                after = self._sessions(state, now_ms)
            case ErasureStage.PERIODS:
                after = self._periods(state, now_ms)
            case ErasureStage.INDEX:
                if not self._search.merge():
                    return False
                after = replace(state, stage=ErasureStage.FILES, after="")
            case ErasureStage.FILES:
                if not self._files_are_rewritten(state, now_ms):
                    return False
                after = replace(state, finished_ms=now_ms)
        self._toc.commit(self._toc.draft(), now_ms, erasure=after)
        if not after.is_running:
            self._reader.let_go_after(after.number)
            log.info(line("erased", kind=after.kind, events=after.events_done, took_ms=now_ms - after.started_ms))
        return True

    def _pause(self, reason: Exception, now_ms: int) -> None:
        log.error(line("the erasure has to wait, trying again later", reason=reason))
        self._paused_until_ms = now_ms + PAUSE_MS

    # Sessions

    def _sessions(self, state: ErasureState, now_ms: int) -> ErasureState:
        """The next sessions, without what is erased of them."""
        marked = self._next_sessions(state.after)
        if not marked:
            return replace(state, stage=ErasureStage.PERIODS, after="")
        self._search.take_out({name: {each for _, each in marked[name]} for name in marked}, now_ms)
        if state.kind == ErasureKind.REDACT:
            self._redact(position for positions in marked.values() for position in positions)
        else:
            self._erase(marked)
        self._reader.catch_up()
        draft = self._toc.draft()
        for session_id, positions in marked.items():
            self._keep_summaries(draft, session_id, positions)
        self._toc.commit(draft, now_ms)
        for session_id, positions in marked.items():
            self._summarize_again(draft, session_id, positions, now_ms)
        self._toc.commit(draft, now_ms)
        self._search.restore(marked, now_ms)
        done = sum(map(len, marked.values()))
        return replace(state, after=next(reversed(marked)), events_done=state.events_done + done)

    def _next_sessions(self, after: str) -> dict[str, list[Position]]:
        """The marked events of the next sessions, as many as make a step; of a session, all."""
        marked: dict[str, list[Position]] = {}
        events = 0
        for session_id in erasures.marked_sessions(self._reader, after):
            marked[session_id] = list(erasures.marked_events(self._reader, session_id))
            events += len(marked[session_id])
            if events >= STEP_EVENTS:
                break
        return marked

    def _erase(self, marked: Mapping[str, Iterable[Position]]) -> None:
        names = (
            pb.EventName(session_id=session_id, timestamp_ms=at_ms, event_id=event_id)
            for session_id, positions in marked.items()
            for at_ms, event_id in positions
        )
        while page := list(islice(names, COMMAND_EVENTS)):
            self._writer.ask(pb.Command(erase_events=pb.EraseEvents(events=page)))

    def _redact(self, positions: Iterable[Position]) -> None:
        rewritten: list[bytes] = []
        found: Counter[str] = Counter()
        size = 0
        redactor = self._redactor()
        for content in records.event_rows(self._reader, (keys.event(*position) for position in positions)):
            event = memory.Event.FromString(content)
            counts = redactor.take_out(event)
            public = event.SerializeToString()
            if public != content:
                rewritten.append(public)
                found.update(counts)
                size += len(public)
            if len(rewritten) >= COMMAND_EVENTS or size >= COMMAND_BYTES:
                self._rewrite(rewritten, found)
                rewritten, found, size = [], Counter(), 0
        if rewritten:
            self._rewrite(rewritten, found)

    def _rewrite(self, events: list[bytes], found: Counter[str]) -> None:
        self._writer.ask(pb.Command(erase_events=pb.EraseEvents(rewritten=events, redacted=found)))

    def _keep_summaries(self, draft: Draft, session_id: str, positions: Sequence[Position]) -> None:
        """Draft that summaries stay which are to stay: those of segments of which all events are marked so."""
        apart = set(erasures.marked_events(self._reader, session_id, summary_stays=True))
        if not apart:
            return
        for first, row in records.segments_from(self._reader, session_id, (0, "")):
            begin = bisect_left(positions, first)
            inside = positions[begin : bisect_right(positions, (row.last_ms, row.last_event_id))]
            if len(inside) == sum(row.counts.values()) and apart.issuperset(inside):
                draft.keep_summary(session_id, first, row)

    def _summarize_again(self, draft: Draft, session_id: str, positions: list[Position], now_ms: int) -> None:
        """Draft the session segmented again where events were erased, without any version that may tell of them."""
        erased_ms = sorted(timestamp_ms for timestamp_ms, _ in positions)
        from_ms = erased_ms[0]
        for first, row in records.segments_from(self._reader, session_id, (0, "")):
            versions = list(records.node_versions(self._reader, row.node_id))
            # A node without versions was dropped by a worker that was killed before it made it again.
            if not versions or any(tells_of_segment(version, erased_ms) for version in versions):
                draft.drop_node(row.node_id)
                from_ms = min(from_ms, first[0])
        self._toc.resegment_from(draft, session_id, from_ms, now_ms)

    # Periods

    def _periods(self, state: ErasureState, now_ms: int) -> ErasureState:
        """The next days rolled up again, then all that stands above them, without versions that may tell of it."""
        days = self._days(state.number)
        left = [day for day in days if day.node_id > state.after][:STEP_DAYS]
        if left:
            draft = self._toc.draft()
            period_nodes.draft_days(draft, self._reader, left, now_ms)
            self._toc.commit(draft, now_ms)
            self._drop_versions(left, now_ms)
            return replace(state, after=left[-1].node_id)
        above = {each for day in days for each in day.ancestors()}
        for level in (TocLevel.WEEK, TocLevel.MONTH, TocLevel.YEAR):
            periods = sorted(each for each in above if each.level == level)
            draft = self._toc.draft()
            period_nodes.draft_periods(draft, periods, now_ms)
            self._toc.commit(draft, now_ms)
            self._drop_versions(periods, now_ms)
        return replace(state, stage=ErasureStage.INDEX, after="")

    def _days(self, number: int) -> list[Period]:
        """The days of the erased events, and those on which a segment with one of them may have begun, in order."""
        if self._days_of[0] != number:
            zone = self._toc.draft().zone
            named: set[date] = set()
            for key, _ in self._reader.scan(schema.CHECKPOINTS, keys.MARK_PREFIX, keys.after(keys.MARK_PREFIX)):
                named.add(day_of(keys.marked(key)[1][0], zone).first)
            named |= {day + step for day in named for step in (-_DAY, _DAY)}
            self._days_of = number, [Period(TocLevel.DAY, day) for day in sorted(named)]
        return self._days_of[1]

    def _drop_versions(self, periods: Iterable[Period], now_ms: int) -> None:
        """Drop the older versions of these periods that may tell of what is erased."""
        draft = self._toc.draft()
        for period in periods:
            latest = records.node(self._reader, period.node_id)
            if latest is None:
                continue
            dropped = [
                version.version
                for version in records.node_versions(self._reader, period.node_id)
                if version.version < latest.version and self._is_tainted(version)
            ]
            if dropped:
                draft.drop_versions(latest, dropped)
        self._toc.commit(draft, now_ms)

    def _is_tainted(self, version: TocNode) -> bool:
        return tells_of_period(version, partial(records.grip, self._reader), self._is_touched)

    def _is_touched(self, session_id: str) -> bool:
        return next(erasures.marked_events(self._reader, session_id, summary_stays=False), None) is not None

    # Files

    def _files_are_rewritten(self, state: ErasureState, now_ms: int) -> bool:
        """Have the store's files rewritten without what is erased; whether that is done."""
        if self._compaction is None:
            if state.kind == ErasureKind.FORGET:
                forgotten, summarized = (self._marked_ids(summary_stays=stays) for stays in (False, True))
                until_ms = erasures.forgotten_sessions(self._reader)
                self._noted.add(state.number, forgotten, until_ms, summarized)
                beside_store.forget_sessions(self._db_path, self._emptied_sessions())
            beside_store.remove_log_tails(self._db_path)
            self._compaction = in_background(partial(compact, self._writer))
            return False
        if not self._compaction.done():
            return False
        error, self._compaction = self._compaction.result().error, None
        if error is None:
            return True
        self._pause(error, now_ms)
        return False

    def _marked_ids(self, *, summary_stays: bool) -> Iterator[str]:
        for session_id in erasures.marked_sessions(self._reader):
            for _, event_id in erasures.marked_events(self._reader, session_id, summary_stays=summary_stays):
                yield event_id

    def _emptied_sessions(self) -> Iterator[str]:
        for session_id in erasures.marked_sessions(self._reader):
            if next(records.session_events(self._reader, session_id), None) is None:
                yield session_id
