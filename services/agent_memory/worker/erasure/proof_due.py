"""Having an erasure proved whose asker is gone: by a command of ours, which looks at the files from outside."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Final

from agent_memory.locks import is_taken
from agent_memory.process.logs import line
from agent_memory.store import directory, erasures
from agent_memory.store.reader import Reader
from agent_memory.worker.scheduler.runs import Counts, RunOutcome, in_background

log = logging.getLogger(__name__)

# After a proof that failed.
PAUSE_MS: Final = 3_600_000


class ProofDue:
    """Looks, again and again, whether a proof is due that nobody makes; `prove` makes it."""

    def __init__(self, reader: Reader, db_path: Path, lock: Path, prove: Callable[[], Counts]) -> None:
        """`lock` is held by whoever has something erased, until its proof is made."""
        self._reader = reader
        self._pending = directory.passages_of(db_path)
        self._lock = lock
        self._prove = prove
        self._running: Future[RunOutcome] | None = None
        self._paused_until_ms = 0

    def look(self, now_ms: int) -> None:
        """Have the proof made if it is due. Never waits."""
        if self._running is not None:
            if self._running.done():
                self._end(self._running.result(), now_ms)
        elif self._is_due(now_ms):
            self._running = in_background(self._prove)

    def _is_due(self, now_ms: int) -> bool:
        if now_ms < self._paused_until_ms or not self._pending.exists():
            return False
        return not erasures.state(self._reader).is_running and not is_taken(self._lock)

    def _end(self, outcome: RunOutcome, now_ms: int) -> None:
        self._running = None
        if outcome.error is None:
            log.info(line("erasure proved", took_ms=outcome.took_ms))
            return
        log.error(line("the erasure is not proved, trying again later", reason=outcome.error))
        self._paused_until_ms = now_ms + PAUSE_MS
