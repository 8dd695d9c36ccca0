"""The writer process: store, door; serve; close in reverse."""

from __future__ import annotations

import logging
import sys

from agent_memory import logs
from agent_memory.ingest.server import Server
from agent_memory.ingest.writer import Writer
from agent_memory.lifetime import Lifetime, run
from agent_memory.settings import Settings

log = logging.getLogger("agent_memory.ingest")


def write(current: Settings, lifetime: Lifetime) -> None:
    """Serve the store until asked to stop; raises AgentMemoryError when it can't be served."""
    writer = Writer(current.db_path, current.timezone)
    server = Server(writer, current.runtime)
    log.info(logs.line("writing", store=current.db_path, events=writer.counters.events, timezone=writer.info.timezone))
    try:
        server.run(lifetime)
    finally:
        server.close()
        writer.close()


if __name__ == "__main__":
    sys.exit(run("ingest", write))
