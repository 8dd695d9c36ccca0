"""The writer process: stores, server; serve; close in reverse."""

from __future__ import annotations

import logging
import sys
import time
from functools import partial
from typing import Final

from agent_memory import locks, project_stores
from agent_memory.errors import AlreadyRunning
from agent_memory.files import make_private_dir
from agent_memory.ingest.checkpoints import sweep
from agent_memory.ingest.server import Server
from agent_memory.ingest.stores import Store, Stores
from agent_memory.model import DEFAULT_STORE
from agent_memory.paths import RuntimePaths
from agent_memory.process import readiness
from agent_memory.process.lifetime import Lifetime, run
from agent_memory.process.logs import line
from agent_memory.settings import Settings
from agent_memory.settings.of_store import of_store
from agent_memory.slots import is_listening, own_slot
from agent_memory.store import directory

log = logging.getLogger("agent_memory.ingest")

# A process that was told to stop may be about to end. Shorter than the supervisor's `startsecs`, within which this one
# has to give up so that it is not started again for ever.
LOCK_WAIT_S: Final = 0.2


def write(current: Settings, lifetime: Lifetime) -> None:
    """Serve the stores until asked to stop; raises AlreadyRunning where another process does."""
    runtime = current.runtime
    # Binding a socket takes it away from the process that has it bound, so nobody else may be there. The lock is held
    # for as long as this process lives.
    if locks.take(runtime.ingest_lock, LOCK_WAIT_S) is None and not _took_over(runtime, lifetime):
        raise AlreadyRunning(f"Another process writes for {runtime.folder} already.")
    sweep(current.db_path, runtime.backup_lock)
    prepared = partial(_default_prepared, current)
    is_cautious = lifetime.crashes > 0
    default = Store(
        DEFAULT_STORE, current.db_path, runtime.commits, prepared, cautious=is_cautious, memory=current.memory
    )
    project_stores.sweep(current.db_path)
    stores = Stores(default, partial(_project_store, current, is_cautious), time.monotonic)
    server = Server(stores, runtime)
    try:
        server.run(lifetime)
    finally:
        server.close()
        if readiness.is_awaited(runtime):  # the one that waits for this one's end
            stores.leave_no_log()
        stores.close()


def _took_over(runtime: RuntimePaths, lifetime: Lifetime) -> bool:
    """Wait for the end of the writer that this one was started to replace; False where that is not so."""
    slot = own_slot("ingest")
    if not (readiness.is_awaited(runtime) and is_listening(runtime.ingest_socket)):
        return False
    readiness.report(runtime, slot)
    log.info(line("waiting for the end of the writer before", slot=slot))
    return lifetime.wait_until(lambda: locks.take(runtime.ingest_lock, LOCK_WAIT_S) is not None)


def _default_prepared(current: Settings) -> str:
    try:
        current.db_path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise directory.unusable(current.db_path, error) from error
    return current.timezone


def _project_store(current: Settings, is_cautious: bool, name: str) -> Store | None:
    """The project store of that name, not yet open; None where there is none. Any may have ended this process."""
    if not project_stores.exists(current.db_path, name):
        return None
    db_path, runtime = project_stores.db_path_of(current.db_path, name), current.runtime.of_store(name)

    def prepared() -> str:
        make_private_dir(runtime.scratch)
        sweep(db_path, runtime.backup_lock)
        return of_store(current, name).timezone

    return Store(
        name, db_path, runtime.commits, prepared, cautious=is_cautious, keeps_trying=False, memory=current.memory
    )


if __name__ == "__main__":
    sys.exit(run("ingest", write))
