"""Rebuilding the table of contents from the events, a little at a time, beside everything else that the worker does.

How far it has come is in its row, and each step's row is committed with the step's effects: who kills the worker loses
one step. A step makes every node again and writes what differs, so a rebuild of a sound table of contents writes
nothing at all. Meanwhile the store holds parts of the old and of the new; the query service hides that.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from agent_memory.messages import event_from_bytes
from agent_memory.model import Grip, TocLevel
from agent_memory.periods import Period, parse_period
from agent_memory.process.logs import line
from agent_memory.store import codec, keys, ledger, records, schema
from agent_memory.store.codec import LedgerEntry, RebuildStage, RebuildState
from agent_memory.store.reader import Reader
from agent_memory.store.records import Position
from agent_memory.worker.toc import period_nodes
from agent_memory.worker.toc.draft import Draft
from agent_memory.worker.toc.toc import Toc

log = logging.getLogger(__name__)

# A step: some tenths of a second, for so long new events wait. A session is one step, however long it is.
STEP_EVENTS: Final = 500
STEP_DAYS: Final = 16


class Rebuild:
    """The rebuild that somebody asked for, if any, step by step, for the thread that writes the table of contents."""

    def __init__(self, reader: Reader, toc: Toc) -> None:
        self._reader = reader
        self._toc = toc

    def step(self, now_ms: int) -> bool:
        """Do the next step; False when there is nothing to rebuild.

        Raises StaleCommit when somebody else committed first: reload and the step is done again.
        """
        state = records.rebuild_state(self._reader)
        if not state.is_running:
            return False
        draft = self._toc.draft()
        match state.stage:
            case RebuildStage.SESSIONS:
                after = self._sessions(draft, state, now_ms)
            case RebuildStage.DAYS:
                after = self._days(draft, state, now_ms)
            case RebuildStage.ABOVE:
                after = self._above(draft, state, now_ms)
            case RebuildStage.ORPHANS:
                after = self._orphans(draft, state)
            case _:
                after = self._counters(draft, state, now_ms)
        has_told_all = after.has_told_all
        if not after.is_running:
            # They are of no more use, and every read looks at the row from now on.
            after = replace(after, sessions=())
        self._toc.commit(draft, now_ms, rebuild=after, has_told_all=has_told_all)
        if not after.is_running:
            log.info(line("rebuilt", events=after.events_done, took_ms=now_ms - after.started_ms))
        return True

    def _sessions(self, draft: Draft, state: RebuildState, now_ms: int) -> RebuildState:
        """The next sessions, segmented and summarized again."""
        enough = state.events_done + STEP_EVENTS
        for session_id in self._sessions_left(state):
            events = self._toc.resegment_from(draft, session_id, state.from_ms, now_ms)
            state = replace(state, after=session_id, events_done=state.events_done + events)
            if state.events_done >= enough:
                return state
        return replace(state, stage=RebuildStage.DAYS, after="")

    def _sessions_left(self, state: RebuildState) -> Iterator[str]:
        if state.sessions:
            done = keys.session(state.after) if state.after else b""
            yield from sorted((each for each in state.sessions if keys.session(each) > done), key=keys.session)
            return
        yield from records.sessions_since(self._reader, state.from_ms, state.after)

    def _days(self, draft: Draft, state: RebuildState, now_ms: int) -> RebuildState:
        """The next days, rolled up again and freed of segments that no session is cut into."""
        left = (day for day in records.days(self._reader) if day.node_id > state.after)
        days = list(islice(left, STEP_DAYS))
        period_nodes.draft_days(draft, self._reader, days, now_ms)
        return replace(state, after=days[-1].node_id) if days else replace(state, stage=RebuildStage.ABOVE, after="")

    def _above(self, draft: Draft, state: RebuildState, now_ms: int) -> RebuildState:
        """The weeks, months and years: few, so all at once, from the bottom up."""
        above = {each for day in records.days(self._reader) for each in day.ancestors()}
        for level in (TocLevel.WEEK, TocLevel.MONTH, TocLevel.YEAR):
            there = filter(None, map(parse_period, records.period_ids(self._reader, level)))
            period_nodes.draft_periods(draft, sorted({*there, *_at(level, above)}), now_ms)
        return replace(state, stage=RebuildStage.ORPHANS) if state.mend else replace(state, finished_ms=now_ms)

    def _orphans(self, draft: Draft, state: RebuildState) -> RebuildState:
        """Remove orphans: versions without a node, grips without an owner, owners without a grip, and rows of a project
        without a segment."""
        for node_id in self._lost_nodes():
            draft.drop_node(node_id)
        draft.remove_grips(self._lost_grips())
        for project, first in self._misfiled():
            draft.unfile(project, first)
        return replace(state, stage=RebuildStage.COUNTERS)

    def _lost_nodes(self) -> Iterator[str]:
        last = ""
        for key, _ in self._rows(schema.TOC_NODES, keys.NODE_PREFIX):
            node_id = keys.node_id_of_version(key)
            if node_id != last and not records.latest_version(self._reader, node_id):
                yield node_id
            last = node_id

    def _lost_grips(self) -> Iterator[tuple[str, str]]:
        for key, _ in self._rows(schema.GRIPS, keys.NODE_GRIP_PREFIX):
            node_id, grip_id = keys.names_of_node_row(key)
            if self._reader.get(schema.GRIPS, keys.grip(grip_id)) is None:
                yield node_id, grip_id
        for key, _ in self._rows(schema.GRIPS, keys.GRIP_PREFIX):
            grip = records.grip(self._reader, key.decode())
            if grip and not self._is_owned(grip):
                yield grip.node_id, grip.grip_id

    def _misfiled(self) -> Iterator[tuple[str, Position]]:
        for key, value in self._rows(schema.CHECKPOINTS, keys.PROJECT_PREFIX):
            row, first = codec.project_row(value), keys.project_segment_first(key)
            if not records.is_filed(self._reader, row, first):
                yield row.project, first

    def _is_owned(self, grip: Grip) -> bool:
        row = self._reader.get(schema.GRIPS, keys.node_grip(grip.node_id, grip.grip_id))
        return row is not None and records.latest_version(self._reader, grip.node_id) > 0

    def _counters(self, draft: Draft, state: RebuildState, now_ms: int) -> RebuildState:
        """Count everything. The reader stands still meanwhile, so what comes is in neither of the numbers compared."""
        said = records.counters(self._reader)
        draft.correct_counters(
            events=self._count(schema.EVENTS, keys.EVENT_PREFIX) - said.events,
            toc_nodes=self._count(schema.TOC_LATEST, keys.LATEST_PREFIX) - said.toc_nodes,
            grips=self._count(schema.GRIPS, keys.GRIP_PREFIX) - said.grips,
        )
        self._ledger(draft)
        return replace(state, finished_ms=now_ms)

    def _ledger(self, draft: Draft) -> None:
        """Count the ledger again: what is stored by the events, what is reachable by what the segments hold."""
        zone = records.time_zone(self._reader)
        stored: Counter[str] = Counter()
        for _, value in self._rows(schema.EVENTS, keys.EVENT_PREFIX):
            event = event_from_bytes(value)
            stored[ledger.name(event.timestamp_ms, event.agent, zone)] += 1
        reached: Counter[str] = Counter()
        for _, value in self._rows(schema.CHECKPOINTS, keys.SEGMENT_PREFIX):
            reached.update(codec.segment_row(value).counts)
        said = dict(ledger.entries(self._reader))
        for entry in {*stored, *reached, *said}:
            was = said.get(entry, LedgerEntry())
            if was != LedgerEntry(stored[entry], reached[entry]):
                draft.correct_ledger(entry, stored=stored[entry] - was.stored, reached=reached[entry] - was.reached)

    def _count(self, family: str, prefix: bytes) -> int:
        return sum(1 for _ in self._rows(family, prefix))

    def _rows(self, family: str, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        return self._reader.scan(family, prefix, keys.after(prefix))


def _at(level: TocLevel, periods: set[Period]) -> Iterator[Period]:
    return (period for period in periods if period.level == level)
