"""Rebuild snapshots: readers see all of the old table of contents until the new one is complete."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from agent_memory.store import records
from agent_memory.store.reader import Reader

# The snapshot lacks what was stored since, so it is not used longer than this, however long the rebuild takes.
LIMIT_S: Final = 3600.0
CACHE_BYTES: Final = 4 << 20


class RebuildSnapshot:
    """Chooses the reader of the table of contents. For any thread; `scratch` is a folder for the snapshot alone."""

    def __init__(
        self, live: Reader, db_path: Path, scratch: Path, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._live = live
        self._db_path = db_path
        self._scratch = scratch
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._frozen: Reader | None = None
        self._since_s = 0.0
        # Rebuilds being requested right now: the writer may begin one before the live reader sees it.
        self._beginning = 0

    def reader(self) -> Reader:
        """The live reader, caught up; during a rebuild, a reader of the snapshot."""
        self._live.catch_up()
        with self._lock:
            if not self._beginning and not records.rebuild_state(self._live).is_running:
                self._let_go()
                return self._live
            frozen = self._open()
            return frozen if self._clock_s() - self._since_s <= LIMIT_S else self._live

    @contextmanager
    def begin(self) -> Iterator[None]:
        """Hold this while requesting a rebuild: from here on, nothing that it writes is seen before it is complete."""
        with self._lock:
            self._beginning += 1
            self._open()
        try:
            yield
        finally:
            # So that the next reader sees whether the rebuild is running.
            self._live.catch_up()
            with self._lock:
                self._beginning -= 1

    def _open(self) -> Reader:
        if self._frozen is None:
            self._frozen = Reader(self._db_path, self._scratch, CACHE_BYTES)
            self._since_s = self._clock_s()
        return self._frozen

    def _let_go(self) -> None:
        # Not closed: others may still read from it, and the last of them frees it.
        if self._frozen is not None:
            self._frozen = None
            shutil.rmtree(self._scratch, ignore_errors=True)
