"""The worker process: reader, table of contents; work; close in reverse."""

from __future__ import annotations

import logging
import os
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from agent_memory import logs
from agent_memory.bus import frames
from agent_memory.bus.client import Announcements, Bus
from agent_memory.lifetime import Lifetime, hold_lock, run
from agent_memory.model import LOCAL
from agent_memory.settings import Settings
from agent_memory.store import records
from agent_memory.store.reader import Reader
from agent_memory.worker.rebuild import Rebuild
from agent_memory.worker.runner import Runner
from agent_memory.worker.timetable import Timetable
from agent_memory.worker.toc import Toc

if TYPE_CHECKING:
    from agent_memory.worker.upgrades import Upgrades

log = logging.getLogger("agent_memory.worker")

CACHE_BYTES: Final = 4 << 20
# Whoever waits for an answer comes first: taking events in and reading them must not feel the summaries being made.
NICENESS: Final = 10


def work(current: Settings, lifetime: Lifetime) -> None:
    """Keep the table of contents until asked to stop; raises AgentMemoryError when the store can't be read."""
    os.nice(NICENESS)
    # Commits are fenced, so two workers do no harm; one of them would only work in vain.
    if not lifetime.wait_until(lambda: hold_lock(current.runtime.worker_lock) is not None):
        return
    writer = Bus(current.runtime.ingest_socket)
    if not lifetime.wait_until(writer.answers):
        return
    reader = Reader(current.db_path, current.runtime.secondary("worker"), CACHE_BYTES)
    announcements = Announcements(current.runtime.announce_socket, frames.ANNOUNCE_EVENTS, frames.ANNOUNCE_JOBS)
    zone = records.time_zone(reader)
    toc = Toc(reader, writer, zone)
    upgrades = _upgrades(current, reader, writer, zone)
    runner = Runner(reader, toc, Timetable(reader, writer, toc, zone), Rebuild(reader, toc), upgrades, _now_ms)
    log.info(logs.line("working", store=current.db_path, cursor=toc.state.cursor, timezone=zone.key))
    runner.run(announcements, lifetime)
    if upgrades:
        upgrades.close()
    announcements.close()
    writer.close()
    reader.close()


def _upgrades(current: Settings, reader: Reader, writer: Bus, zone: ZoneInfo) -> Upgrades | None:
    """What has a model tell what was told locally, at work; None where nothing may leave this machine."""
    if current.summarizer_provider == LOCAL:
        return None
    # What only a model needs, most stacks are spared.
    from agent_memory.worker.summaries.choice import provider_for
    from agent_memory.worker.summaries.spending import Ledger
    from agent_memory.worker.upgrades import Upgrades

    ledger = Ledger(reader, writer, current.summarizer_daily_tokens, lambda: f"{datetime.now(zone).date()}")
    upgrades = Upgrades(reader, zone, lambda: provider_for(current), ledger, _now_ms)
    upgrades.start()
    return upgrades


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    sys.exit(run("worker", work))
