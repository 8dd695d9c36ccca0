"""The writer process: settings, store, door; serve; close in reverse."""

from __future__ import annotations

import logging
import os
import sys

from agent_memory import logs, settings
from agent_memory.errors import AgentMemoryError
from agent_memory.ingest.server import Server
from agent_memory.ingest.writer import Writer
from agent_memory.lifetime import Lifetime
from agent_memory.paths import make_private_dir

log = logging.getLogger("agent_memory.ingest")


def main() -> int:
    """Serve until asked to stop; 0 then, an error's own code when the store can't be served."""
    os.umask(0o077)
    lifetime = Lifetime()
    try:
        current = settings.load()
        logs.set_up(current.log_level)
        make_private_dir(current.runtime.folder)
        writer = Writer(current.db_path, current.timezone)
    except AgentMemoryError as error:
        log.error(error)
        return error.exit_code
    server = Server(writer, current.runtime)
    log.info(logs.line("writing", store=current.db_path, events=writer.counters.events, timezone=writer.info.timezone))
    try:
        server.run(lifetime)
    finally:
        server.close()
        writer.close()
        log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
