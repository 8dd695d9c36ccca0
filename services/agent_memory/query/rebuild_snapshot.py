"""The table of contents as it was when a rebuild began, for whoever reads while it goes on: all of the old one, until
the new one is complete."""

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

# What was said meanwhile is not in it, so it is not told for longer, however long the rebuild takes.
LIMIT_S: Final = 3600.0
CACHE_BYTES: Final = 4 << 20


class RebuildSnapshot:
    """Says which reader tells the table of contents. Threads may share it; `scratch` is a folder of its own."""

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
        # Rebuilds that somebody asks for right now: the writer may have begun them before the live reader knows.
        self._beginning = 0

    def reader(self) -> Reader:
        """The live reader, caught up; while a rebuild goes on, one that stands still."""
        self._live.catch_up()
        with self._lock:
            if not self._beginning and not records.rebuild_state(self._live).is_running:
                self._let_go()
                return self._live
            frozen = self._open()
            return frozen if self._clock_s() - self._since_s <= LIMIT_S else self._live

    @contextmanager
    def begin(self) -> Iterator[None]:
        """Around the asking for a rebuild: from here on nothing of what it writes is seen before it is complete."""
        with self._lock:
            self._beginning += 1
            self._open()
        try:
            yield
        finally:
            # So that whoever comes next sees whether it goes on.
            self._live.catch_up()
            with self._lock:
                self._beginning -= 1

    def _open(self) -> Reader:
        if self._frozen is None:
            self._frozen = Reader(self._db_path, self._scratch, CACHE_BYTES)
            self._since_s = self._clock_s()
        return self._frozen

    def _let_go(self) -> None:
        # Not closed: others may read from it still, and the last of them frees it.
        if self._frozen is not None:
            self._frozen = None
            shutil.rmtree(self._scratch, ignore_errors=True)
