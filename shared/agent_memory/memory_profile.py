"""Memory profiles: how much memory the processes may use for what makes them faster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class MemoryProfile:
    """Sizes are in bytes. The first caches are the default store's, by process; a project store has its own in each."""

    writer_cache: int
    query_cache: int
    worker_cache: int
    project_cache: int
    # What is not yet in a file: of events, and of each other column family. Every secondary holds a copy of it.
    events_buffer: int
    other_buffer: int
    rpc_threads: int
    # Of glibc: freed memory stays in the arena that it was taken from.
    malloc_arenas: int


USUAL: Final = MemoryProfile(
    writer_cache=8 << 20,
    query_cache=16 << 20,
    worker_cache=4 << 20,
    project_cache=4 << 20,
    events_buffer=8 << 20,
    other_buffer=1 << 20,
    rpc_threads=32,
    malloc_arenas=2,
)
LOW: Final = MemoryProfile(
    writer_cache=1 << 20,
    query_cache=2 << 20,
    worker_cache=1 << 20,
    project_cache=1 << 20,
    events_buffer=2 << 20,
    other_buffer=256 << 10,
    rpc_threads=8,
    malloc_arenas=1,
)
