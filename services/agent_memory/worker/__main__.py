"""The worker process: reader, table of contents; work; close in reverse."""

from __future__ import annotations

import logging
import os
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from agent_memory import locks, logs
from agent_memory.bus import frames
from agent_memory.bus.client import Announcements, Bus
from agent_memory.lifetime import Lifetime, run
from agent_memory.model import LOCAL
from agent_memory.settings import Settings
from agent_memory.store import records
from agent_memory.store.reader import Reader
from agent_memory.worker.runner import Runner
from agent_memory.worker.scheduler.scheduler import Scheduler
from agent_memory.worker.search.search_index import SearchIndex
from agent_memory.worker.toc.rebuild import Rebuild
from agent_memory.worker.toc.toc import Toc

if TYPE_CHECKING:
    from agent_memory.worker.llm.resummarizer import Resummarizer

log = logging.getLogger("agent_memory.worker")

CACHE_BYTES: Final = 4 << 20
# Whoever waits for an answer comes first: taking events in and reading them must not feel the summaries being made.
NICENESS: Final = 10


def work(current: Settings, lifetime: Lifetime) -> None:
    """Keep the table of contents until asked to stop; raises AgentMemoryError when the store can't be read."""
    os.nice(NICENESS)
    # Commits are fenced, so two workers do no harm; one of them would only work in vain.
    if not lifetime.wait_until(lambda: locks.take(current.runtime.worker_lock) is not None):
        return
    writer = Bus(current.runtime.ingest_socket)
    if not lifetime.wait_until(writer.answers):
        return
    reader = Reader(current.db_path, current.runtime.secondary("worker"), CACHE_BYTES)
    announcements = Announcements(current.runtime.announce_socket, frames.ANNOUNCE_EVENTS, frames.ANNOUNCE_JOBS)
    zone = records.time_zone(reader)
    toc = Toc(reader, writer, zone)
    resummarizer = _resummarizer(current, reader, writer, zone)
    search = SearchIndex(reader, current.db_path)
    scheduler = Scheduler(reader, writer, toc, zone)
    runner = Runner(reader, toc, scheduler, Rebuild(reader, toc), search, resummarizer, _now_ms)
    log.info(logs.line("working", store=current.db_path, cursor=toc.state.cursor, timezone=zone.key))
    runner.run(announcements, lifetime)
    if resummarizer:
        resummarizer.close()
    search.close()
    announcements.close()
    writer.close()
    reader.close()


def _resummarizer(current: Settings, reader: Reader, writer: Bus, zone: ZoneInfo) -> Resummarizer | None:
    """What has a model tell what was told locally, at work; None where nothing may leave this machine."""
    if current.summarizer_provider == LOCAL:
        return None
    # What only a model needs, most stacks are spared.
    from agent_memory.worker.llm.choice import provider_for
    from agent_memory.worker.llm.resummarizer import Resummarizer
    from agent_memory.worker.llm.token_spend import TokenSpend

    spend = TokenSpend(reader, writer, current.summarizer_daily_tokens, lambda: f"{datetime.now(zone).date()}")
    resummarizer = Resummarizer(reader, zone, lambda: provider_for(current), spend, _now_ms)
    resummarizer.start()
    return resummarizer


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    sys.exit(run("worker", work))
