"""The writer's figures: how large groups are, what a commit takes, how long entries wait for their consumers."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Final

from agent_memory.histogram import RUN_SECONDS, SECONDS, SIZES, Histogram
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store.codec import ConsumerState

# Times are noted so far apart at least.
STEP_S: Final = 1.0
# So many of them are kept; beyond it, every second one goes, and ages get coarser.
NOTED_MAX: Final = 1024


class WriterFigures:
    """What one writer counts while its store is open. For the one thread that commits."""

    def __init__(self, sequence: int, clock_s: Callable[[], float] = time.monotonic) -> None:
        """`sequence` is the last entry that is there already; how old it is, nobody knows any more."""
        self._clock_s = clock_s
        self.commit_seconds = Histogram(SECONDS)
        self.fsync_seconds = Histogram(SECONDS)
        self.group_commands = Histogram(SIZES)
        self.job_seconds: dict[str, Histogram] = {}
        # Up to which entry of the outbox there was one, and when.
        self._noted: list[tuple[int, float]] = [(sequence, clock_s())]

    def committed(self, commands: int, began_s: float, sequence: int) -> None:
        """Note a group that became durable, and the last entry of the outbox after it."""
        now_s = self._clock_s()
        self.commit_seconds.observe(now_s - began_s)
        self.group_commands.observe(commands)
        last, noted_s = self._noted[-1]
        if sequence > last and now_s - noted_s >= STEP_S:
            self._noted.append((sequence, now_s))
            if len(self._noted) > NOTED_MAX:
                del self._noted[1:-1:2]

    def ran(self, job: str, took_s: float) -> None:
        """Note a run of a scheduled job."""
        self.job_seconds.setdefault(job, Histogram(RUN_SECONDS)).observe(took_s)

    def oldest_age_s(self, cursor: int, sequence: int) -> float:
        """For how long, about, the oldest entry behind the cursor has waited; 0 where none does."""
        if cursor >= sequence:
            return 0.0
        # What came since is younger than the first note that it is not in.
        place = bisect_right(self._noted, cursor, key=lambda noted: noted[0])
        since_s = self._noted[min(place, len(self._noted) - 1)][1]
        return max(0.0, self._clock_s() - since_s)

    def message(
        self, consumers: Mapping[str, ConsumerState], sequence: int, rocksdb: Mapping[str, int]
    ) -> pb.WriterFigures:
        """All of it, for who asks."""
        return pb.WriterFigures(
            commit_seconds=_message(self.commit_seconds),
            fsync_seconds=_message(self.fsync_seconds),
            group_commands=_message(self.group_commands),
            oldest_age_seconds={name: self.oldest_age_s(state.cursor, sequence) for name, state in consumers.items()},
            rocksdb=rocksdb,
            job_seconds={job: _message(took) for job, took in self.job_seconds.items()},
        )


def _message(histogram: Histogram) -> pb.Histogram:
    return pb.Histogram(bounds=histogram.bounds, counts=histogram.counts, sum=histogram.sum)
