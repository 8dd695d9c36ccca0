"""The scheduled jobs."""

from __future__ import annotations

from datetime import tzinfo

from agent_memory.bus.client import Bus
from agent_memory.store.reader import Reader
from agent_memory.worker.toc import Toc


class Timetable:
    """The scheduled jobs."""

    def __init__(self, reader: Reader, writer: Bus, toc: Toc, zone: tzinfo) -> None:
        pass

    def run_due(self, now_ms: int) -> None:
        """Run what is due."""
