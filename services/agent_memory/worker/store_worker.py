"""All the work there is for one store: its consumers, its jobs, its rebuilds, and a model's summaries."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import schedule

from agent_memory.bus.client import Bus
from agent_memory.errors import StaleCommit, WriterUnavailable
from agent_memory.jobs import jobs_for
from agent_memory.model import LOCAL
from agent_memory.process.logs import line
from agent_memory.settings import Settings
from agent_memory.store import records
from agent_memory.store.reader import Reader
from agent_memory.worker.consumer import ReportedCursor, feed
from agent_memory.worker.erasure.erasure import Erasure
from agent_memory.worker.erasure.proof_due import ProofDue
from agent_memory.worker.scheduler.jobs import back_up, prove_erasure
from agent_memory.worker.scheduler.power import on_battery
from agent_memory.worker.scheduler.scheduler import Scheduler
from agent_memory.worker.search import indexer
from agent_memory.worker.search.search_index import SearchIndex
from agent_memory.worker.toc.rebuild import Rebuild
from agent_memory.worker.toc.retelling import Retelling
from agent_memory.worker.toc.toc import Toc

if TYPE_CHECKING:
    from agent_memory.redaction.event_redactor import EventRedactor
    from agent_memory.worker.llm.resummarizer import Resummarizer

log = logging.getLogger(__name__)

# How often it is asked what is due by the clock, when nothing else happens.
TICK_S: Final = 1


class StoreWorker:
    """Works for one store, a piece at a time, in the thread that calls it. Nothing here is shared with another store.

    The `schedule` package is the clock: every second it calls what depends on the time. What is due then, in the
    store's time zone, over restarts and with retries, is for the Scheduler to say.
    """

    def __init__(self, current: Settings, writer: Bus, now_ms: Callable[[], int]) -> None:
        """Open the store for reading; raises AgentMemoryError when that fails. The `writer` is not closed here."""
        self._now_ms = now_ms
        self._reader = Reader(current.db_path, current.runtime.secondary("worker"), current.memory.worker_cache)
        zone = self._zone = records.time_zone(self._reader)
        self._toc = Toc(self._reader, writer, zone)
        self._search = SearchIndex(self._reader, current.db_path)
        self._search_cursor = ReportedCursor(self._reader, writer, indexer.NAME)
        jobs = jobs_for(current.retention_days, current.backup_dir, current.store)
        back_up_there = partial(back_up, current.backup_dir, current.backup_keep, current.store)
        must_wait = (lambda: False) if current.jobs_on_battery else on_battery
        self._scheduler = Scheduler(
            self._reader, writer, self._toc, zone, jobs, back_up_there, current.store, must_wait
        )
        self._rebuild = Rebuild(self._reader, self._toc)
        self._retelling = Retelling(self._reader, writer)
        redactor = partial(_redactor, current, self._reader)
        self._erasure = Erasure(self._reader, writer, self._toc, self._search, current.db_path, redactor)
        self._proof_due = ProofDue(
            self._reader, current.db_path, current.runtime.proof_lock, partial(prove_erasure, current.store)
        )
        self._resummarizer = _resummarizer(current, self._reader, writer, zone, now_ms)
        self._is_drained = False
        self._clock = schedule.Scheduler()
        self._clock.every(TICK_S).seconds.do(self._tick)
        log.info(line("working", store=current.db_path, cursor=self._toc.cursor, timezone=zone.key))

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing goes on that closing the store would cut short."""
        has_asked = self._resummarizer is None or self._resummarizer.is_at_rest
        return self._is_drained and self._scheduler.is_at_rest and has_asked

    def step(self, *, woken: bool) -> bool:
        """Do the next piece of work; whether there may be more at once. `woken` says that something was announced."""
        try:
            return self._step(woken)
        except (StaleCommit, WriterUnavailable) as error:
            # Nothing was done twice and nothing is lost: the cursors say where to go on.
            log.warning(line("starting over from the stored cursor", reason=error))
            self._toc.reload()
            self._search_cursor.reload()
            return False

    @property
    def is_outdated(self) -> bool:
        """Whether the store's days are cut in another time zone by now: a worker that begins again knows it."""
        return records.time_zone(self._reader) != self._zone

    def close(self) -> None:
        """Give up what is held; a model that is being asked is not waited for."""
        if self._resummarizer:
            self._resummarizer.close()
        self._search.close()
        self._reader.close()

    def _step(self, woken: bool) -> bool:
        self._reader.catch_up()
        if self.is_outdated:
            return False
        # First: a session whose erasure was cut short is not to be looked at before it is done.
        is_erasing = self._erasure.step(self._now_ms())
        sequence = records.counters(self._reader).sequence
        self._is_drained = not feed(self._toc, self._reader, sequence, self._now_ms())
        self._look_at_the_clock(woken)
        is_indexing = self._index()
        if not self._is_drained:
            return True
        if self._resummarizer:
            self._resummarizer.commit_finished(self._toc)
        # A step at a time: what comes meanwhile goes first.
        return self._rebuild.step(self._now_ms()) or is_indexing or is_erasing

    def _look_at_the_clock(self, woken: bool) -> None:
        # The package plans in local time. Where that is put back, at the end of summer, its next call is an hour away.
        was_put_back = (self._clock.idle_seconds or 0) > TICK_S
        if woken or was_put_back:
            self._clock.run_all()
        else:
            self._clock.run_pending()

    def _tick(self) -> None:
        """Do what depends on the time: close segments that fell silent, once all is drained, and run the due jobs."""
        if self._is_drained:
            self._toc.close_idle(self._now_ms())
        self._scheduler.run_due(self._now_ms())
        self._retelling.look(self._now_ms())
        self._proof_due.look(self._now_ms())

    def _index(self) -> bool:
        """Let the search index follow the table of contents by a step; whether there may be more to do."""
        is_busy = self._search.step(self._toc.cursor, self._now_ms())
        if (cursor := self._search.cursor) is not None:
            self._search_cursor.report(cursor, self._toc.cursor)
        return is_busy


def _redactor(current: Settings, reader: Reader) -> EventRedactor:
    """What takes secrets out of stored events; few workers ever need it."""
    from agent_memory.redaction.event_redactor import EventRedactor

    key = records.redaction_key(reader)
    return EventRedactor(key, redaction=current.redaction, payment_data=current.redact_payment_data)


def _resummarizer(
    current: Settings, reader: Reader, writer: Bus, zone: ZoneInfo, now_ms: Callable[[], int]
) -> Resummarizer | None:
    """What has a model replace local summaries, already at work; None where nothing may leave this machine."""
    if current.summarizer_provider == LOCAL:
        return None
    # Only a model needs them; most workers are spared their import.
    from agent_memory.worker.llm.choice import provider_for
    from agent_memory.worker.llm.resummarizer import Resummarizer
    from agent_memory.worker.llm.token_spend import TokenSpend

    spend = TokenSpend(reader, writer, current.summarizer_daily_tokens, lambda: f"{datetime.now(zone).date()}")
    resummarizer = Resummarizer(reader, zone, lambda: provider_for(current), spend, now_ms)
    resummarizer.start()
    return resummarizer
