"""The worker's loop: drain the outbox, close what fell silent, run what is due, wait for the writer's word."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from agent_memory.bus.client import Announcements
from agent_memory.errors import StaleCommit, WriterUnavailable
from agent_memory.lifetime import PARENT_CHECK_MS, Lifetime
from agent_memory.logs import line
from agent_memory.store import records
from agent_memory.store.reader import Reader
from agent_memory.worker import outbox
from agent_memory.worker.scheduler.scheduler import Scheduler
from agent_memory.worker.search.search_index import SearchIndex
from agent_memory.worker.toc.rebuild import Rebuild
from agent_memory.worker.toc.toc import Toc

if TYPE_CHECKING:
    from agent_memory.worker.llm.resummarizer import Resummarizer

log = logging.getLogger(__name__)

# Events of a conversation come in bursts; so many milliseconds' worth of them are summarised together.
SETTLE_MS: Final = 200


class Runner:
    """Keeps one store's table of contents, and its timetable, until told to stop."""

    def __init__(
        self,
        reader: Reader,
        toc: Toc,
        scheduler: Scheduler,
        rebuild: Rebuild,
        search: SearchIndex,
        resummarizer: Resummarizer | None,
        now_ms: Callable[[], int],
    ) -> None:
        self._reader = reader
        self._toc = toc
        self._scheduler = scheduler
        self._rebuild = rebuild
        self._search = search
        # None where the local words are meant to stay.
        self._resummarizer = resummarizer
        self._now_ms = now_ms

    def run(self, announcements: Announcements, lifetime: Lifetime) -> None:
        """Work until `lifetime` says stop; what is under way then is finished first."""
        while not lifetime.stopping:
            try:
                while not lifetime.stopping and self._drain():
                    self._scheduler.run_due(self._now_ms())
                    self._index()
                self._toc.close_idle(self._now_ms())
                self._scheduler.run_due(self._now_ms())
                if self._resummarizer:
                    self._resummarizer.commit_finished(self._toc)
                # A step at a time: what comes meanwhile goes first.
                if self._rebuild.step(self._now_ms()) | self._index():
                    continue
            except (StaleCommit, WriterUnavailable) as error:
                # Nothing was done twice and nothing is lost: the cursor tells where to go on.
                log.warning(line("starting over from the stored cursor", reason=error))
                self._toc.reload()
            # The time-out serves as well for announcements that were missed while the writer was away.
            if announcements.wait(PARENT_CHECK_MS, lifetime):
                lifetime.wait(SETTLE_MS)

    def _drain(self) -> bool:
        """Take in the next entries; whether there were any."""
        self._reader.catch_up()
        batch = outbox.drain(self._reader, self._toc.state.cursor)
        if batch.has_gap:
            self._rescan()
            return True
        if not batch.touched:
            return False
        self._toc.update(batch.touched, batch.cursor, self._now_ms())
        log.info(line("drained", cursor=batch.cursor, sessions=len(batch.touched)))
        return True

    def _index(self) -> bool:
        """Let the search index follow the table of contents by a step; whether there may be more to do."""
        return self._search.step(self._toc.state.cursor, self._now_ms())

    def _rescan(self) -> None:
        """Outbox entries were dropped before they were read, so every session is cut again from its events."""
        sequence = records.counters(self._reader).sequence
        log.warning(line("outbox has a gap, going through all events", cursor=self._toc.state.cursor, to=sequence))
        for session_id in records.sessions(self._reader):
            self._toc.rebuild_session(session_id, self._now_ms())
        self._toc.update({}, sequence, self._now_ms())
