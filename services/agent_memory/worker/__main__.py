"""The worker process: lock, bus, stores; work; close in reverse."""

from __future__ import annotations

import os
import sys
import time
from functools import partial
from typing import Final

from agent_memory import locks, project_stores
from agent_memory.bus.client import Announcements, Bus
from agent_memory.files import make_private_dir
from agent_memory.process import readiness
from agent_memory.process.lifetime import Lifetime, run
from agent_memory.settings import Settings
from agent_memory.settings.of_store import of_store

# Whoever waits for an answer comes first: taking events in and reading them must not feel the summaries being made.
NICENESS: Final = 10


def work(current: Settings, lifetime: Lifetime) -> None:
    """Work for the store until asked to stop; raises AgentMemoryError when it can't be read."""
    os.nice(NICENESS)
    # One worker a daemon: commits are fenced, so a second one would do no harm, only work in vain. That the lock is
    # held is also how others know that scheduled jobs are run.
    if not lifetime.wait_until(lambda: locks.take(current.runtime.worker_lock) is not None):
        return
    writer = Bus(current.runtime.ingest_socket)
    if not lifetime.wait_until(writer.answers):
        return
    # Of the libraries the only one that is the worker's alone: that it can't be loaded must be known to `start`.
    from schedule import Scheduler  # noqa: F401

    readiness.report(current.runtime, "worker")
    # Only now: at a start, the query service needs the processors more.
    from agent_memory.worker import runner
    from agent_memory.worker.store_worker import StoreWorker
    from agent_memory.worker.store_workers import StoreWorkers

    def opened(name: str) -> tuple[StoreWorker, Bus]:
        settings = of_store(current, name)
        make_private_dir(settings.runtime.scratch)
        theirs = Bus(current.runtime.ingest_socket, name)
        try:
            return StoreWorker(settings, theirs, _now_ms), theirs
        except BaseException:
            theirs.close()
            raise

    names = partial(project_stores.names, current.db_path)
    stores = StoreWorkers(StoreWorker(current, writer, _now_ms), writer, opened, names, time.monotonic)
    announcements = Announcements(current.runtime.announce_socket, None)
    runner.run(stores, announcements, lifetime)
    announcements.close()
    stores.close()
    writer.close()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    sys.exit(run("worker", work))
