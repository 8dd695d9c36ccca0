"""Idle: how long nobody has used the page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Idle:
    """Counts the seconds since the last use, by `clock`. For any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last_s = clock()
        self._users = 0

    def touch(self) -> None:
        """Somebody uses the page."""
        with self._lock:
            self._last_s = self._clock()

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Somebody uses the page for as long as the block runs."""
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                self._last_s = self._clock()

    def seconds(self) -> float:
        """How long nobody has used it; 0 while somebody does."""
        with self._lock:
            return 0.0 if self._users else self._clock() - self._last_s
