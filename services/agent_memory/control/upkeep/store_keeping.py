"""Keeping project stores: what there is of them on the disk and in the daemon; removing and renaming them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent_memory import locks, project_stores
from agent_memory.capture.session_stores import SessionStores
from agent_memory.control.connection import at_socket
from agent_memory.errors import AgentMemoryError, NotRunning, StoreNotReady
from agent_memory.files import make_private_dir
from agent_memory.model import DEFAULT_STORE
from agent_memory.settings import Settings

# Who named the store at the same time may have had it opened again.
_TRIES: Final = 5
_LOCK_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class KeptStore:
    """A store, as `stores list` shows it."""

    name: str
    db_path: str
    # Of everything in its folder; of the default store, of its RocksDB.
    size_bytes: int
    # Of its newest file; 0 where nothing was ever stored.
    written_ms: int
    is_open: bool
    # Why the daemon can't open it; empty if it can, or where that is not known.
    error: str = ""
    remedy: str = ""


def stores(settings: Settings) -> list[KeptStore]:
    """The default store, then the project stores by name; whether the daemon runs or not."""
    states = {}
    with suppress(NotRunning), at_socket(settings.runtime) as client:
        states = {store.name: store for store in client.stores().stores}
    found = []
    for name in (DEFAULT_STORE, *project_stores.names(settings.db_path)):
        is_default = name == DEFAULT_STORE
        folder = settings.db_path if is_default else project_stores.folder_of(settings.db_path, name)
        size_bytes, written_ms = _extent(folder)
        state = states.get(name)
        found.append(
            KeptStore(
                name,
                str(project_stores.db_path_of(settings.db_path, name)),
                size_bytes,
                written_ms,
                is_open=state is not None and state.is_open,
                error=state.error if state else "",
                remedy=state.remedy if state else "",
            )
        )
    return found


def remove(settings: Settings, name: str) -> None:
    """Remove the project store with all that belongs to it. Raises AgentMemoryError."""
    with nobody_has_it_open(settings, name):
        # First: what is cut short is asked for again, and must not leave transcripts to fill the store.
        SessionStores(settings.db_path).remove(project_stores.parse_name(name))
        project_stores.remove(settings.db_path, name)
    _forget_scratch(settings, name)


def move(settings: Settings, name: str, to: str) -> None:
    """Give the project store another name. Raises AgentMemoryError."""
    with nobody_has_it_open(settings, name):
        project_stores.move(settings.db_path, name, to)
        SessionStores(settings.db_path).rename(project_stores.parse_name(name), project_stores.parse_name(to))
    _forget_scratch(settings, name)


@contextmanager
def nobody_has_it_open(settings: Settings, name: str) -> Iterator[None]:
    """Hold the project store's lock, after the daemon has let go of it; raises StoreNotReady where it is in use."""
    main = settings.main_path
    parsed = project_stores.require(main, name)
    if parsed == DEFAULT_STORE:
        raise project_stores.always_there()
    db_path = project_stores.db_path_of(main, parsed)
    for _ in range(_TRIES):
        with suppress(NotRunning), at_socket(settings.runtime) as client:
            client.release_store(parsed)
        # Where nothing was stored yet, too: otherwise a writer could begin to, in the middle of it.
        make_private_dir(db_path)
        if (lock := locks.take(db_path, _LOCK_S)) is not None:
            break
    else:
        raise StoreNotReady(f"The store {parsed!r} is in use.", "Try again when nothing is written to it.")
    try:
        yield
    except OSError as error:
        raise AgentMemoryError(
            f"The store {parsed!r} can't be moved or removed: {error.strerror} ({error.filename})."
        ) from error
    finally:
        os.close(lock)


def _forget_scratch(settings: Settings, name: str) -> None:
    shutil.rmtree(settings.runtime.of_store(project_stores.parse_name(name)).scratch, ignore_errors=True)


def _extent(folder: Path) -> tuple[int, int]:
    """How many bytes the folder holds, and when the newest of its files was written, in milliseconds."""
    size_bytes = written_ms = 0
    for path in folder.rglob("*"):
        with suppress(OSError):  # RocksDB removes files all the time
            found = path.lstat()
            if path.is_file():
                size_bytes += found.st_size
                written_ms = max(written_ms, found.st_mtime_ns // 1_000_000)
    return size_bytes, written_ms
