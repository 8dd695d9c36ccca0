"""The size of a store, from counters and file sizes, without a scan."""

from __future__ import annotations

import os
from pathlib import Path

from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import records
from agent_memory.store.reader import Reader, open_snapshot


def stats(reader: Reader, db_path: Path) -> pb.GetStatsResponse:
    """The counters of an open store, and its size on disk in bytes."""
    counters = records.counters(reader)
    waiting = records.waiting(reader)
    info = records.store_info(reader)
    return pb.GetStatsResponse(
        db_path=str(db_path),
        events=counters.events,
        toc_nodes=counters.toc_nodes,
        grips=counters.grips,
        outbox=max(waiting.values()),
        waiting=waiting,
        disk_usage_bytes=_disk_usage_bytes(db_path),
        schema_version=info.schema_version if info else 0,
        timezone=info.timezone if info else "",
        redacted=records.redacted(reader),
    )


def read_stats(db_path: Path) -> pb.GetStatsResponse:
    """The same for a store that no daemon serves; raises StoreError, StoreMissing."""
    with open_snapshot(db_path) as reader:
        return stats(reader, db_path)


def _disk_usage_bytes(db_path: Path) -> int:
    total = 0
    with os.scandir(db_path) as entries:
        for entry in entries:
            try:
                total += entry.stat().st_size
            except FileNotFoundError:  # compacted away meanwhile
                continue
    return total
