"""Retelling: after an upgrade that summarizes otherwise, what older rules have told is told again, at night.

It is a rebuild as anybody may ask for, so it goes on after a restart, step by step, and events come first. A store that
was told by these rules already is left alone: one row says by which.
"""

from __future__ import annotations

import logging

from agent_memory.bus.client import Bus
from agent_memory.errors import CommandRefused
from agent_memory.jobs import ROLLUP_DAY
from agent_memory.process.logs import line
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, records
from agent_memory.store.codec import RebuildState
from agent_memory.store.reader import Reader
from agent_memory.worker.summarizer import RULES

log = logging.getLogger(__name__)


class Retelling:
    """Looks whether a store's summaries are by older rules, and begins to rebuild it with the nightly rollup of days.

    So it waits where jobs wait: while they are paused, or for a laptop's power supply.
    """

    def __init__(self, reader: Reader, writer: Bus) -> None:
        self._reader = reader
        self._writer = writer
        self._rolled_up_ms = self._last_rollup_ms()
        self._is_due = self._is_old()

    def look(self, now_ms: int) -> None:
        """Begin, if it is due and the days have just been rolled up; raises WriterUnavailable."""
        if not self._is_due or self._last_rollup_ms() == self._rolled_up_ms:
            return
        self._rolled_up_ms = self._last_rollup_ms()
        # A rebuild of everything may have been made meanwhile.
        self._is_due = self._is_old()
        if self._is_due and not records.rebuild_state(self._reader).is_running:
            self._begin(now_ms)

    def _begin(self, now_ms: int) -> None:
        state = RebuildState(started_ms=now_ms, events=records.counters(self._reader).events)
        try:
            self._writer.ask(pb.Command(begin_rebuild=pb.BeginRebuild(value=codec.to_json(state))))
        except CommandRefused as refused:
            log.warning(line("summaries are not told again tonight", reason=refused))
        else:
            log.info(line("telling summaries again", rules=RULES, before=records.summary_rules(self._reader)))

    def _is_old(self) -> bool:
        return records.summary_rules(self._reader) != RULES and bool(records.year_ids(self._reader))

    def _last_rollup_ms(self) -> int:
        return records.job_state(self._reader, ROLLUP_DAY).last_success_ms
