"""Histograms: how often something took how long, in a few numbers however often that is."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Final

# From a call answered from memory to one that somebody gives up, each about twice to three times the one before.
SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# From a rollup with nothing to do to a backup or a compaction of years.
RUN_SECONDS: Final = (0.01, 0.1, 1.0, 10.0, 60.0, 300.0, 1800.0, 7200.0)
SIZES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)


class Histogram:
    """Counts what is observed by the bound that it does not exceed. For any thread."""

    __slots__ = ("_lock", "bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        # One for each bound, and one for what exceeds all of them.
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0
        self._lock = Lock()

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count how many seconds the block takes, also if it fails."""
        began_s = time.monotonic()
        try:
            yield
        finally:
            self.observe(time.monotonic() - began_s)

    def observe(self, value: float, times: int = 1) -> None:
        """Count the value, so many times."""
        place = bisect_left(self.bounds, value)
        with self._lock:
            self.counts[place] += times
            self.sum += times * value
