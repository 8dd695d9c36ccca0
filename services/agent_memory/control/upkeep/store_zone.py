"""The time zone of a store, which may be another than the settings name: it keeps the one it was made with."""

from __future__ import annotations

import os
from contextlib import suppress

from agent_memory.errors import AgentMemoryError
from agent_memory.settings import Settings
from agent_memory.store.directory import has_store


def zone_of_store(settings: Settings) -> str:
    """The zone in which the store's days are cut; empty where there is no store, or none that can be read."""
    if settings.runtime.grpc_socket.exists() or os.environ.get("MEMORY_DAEMON_ADDR"):
        from agent_memory.control.connection import connect  # 100 ms

        with suppress(AgentMemoryError), connect(settings) as client:
            return client.stats().timezone
    with suppress(AgentMemoryError, OSError):
        if has_store(settings.db_path):
            from agent_memory.store import records
            from agent_memory.store.reader import open_snapshot

            with open_snapshot(settings.db_path) as reader:
                return records.time_zone(reader).key
    return ""
