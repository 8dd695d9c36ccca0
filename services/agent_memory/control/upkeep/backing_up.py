"""Backups of the store that the settings name, made beside its daemon or without one, and put back."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent_memory import locks
from agent_memory.backup import backups, making, manifest, restoring
from agent_memory.backup.backups import Backup
from agent_memory.backup.places import Places
from agent_memory.control import stack_lock
from agent_memory.control.connection import connect_to_store
from agent_memory.control.upkeep.store_keeping import nobody_has_it_open
from agent_memory.errors import AgentMemoryError, NotRunning, StoreNotReady, UsageError
from agent_memory.files import make_private_dir
from agent_memory.ingest.checkpoints import create
from agent_memory.ingest.writer import Writer
from agent_memory.model import DEFAULT_STORE
from agent_memory.settings import Settings
from agent_memory.store import directory
from agent_memory.store.forgotten import ForgottenFile

# A stack that is being looked at holds its lock for a moment.
_LOCK_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put where; `old_store` is where the store is now that was there before."""

    backup: Backup
    db_path: Path
    old_store: Path | None


def make(settings: Settings, parent: Path, keep: int = 0) -> Backup:
    """Back the store up into the folder `parent`, and keep the newest `keep` there; 0 keeps all.

    Raises AgentMemoryError where it can't be done; nothing is left of it then.
    """
    directory.require_store(settings.db_path)
    if parent.resolve().is_relative_to(settings.db_path.resolve()):
        raise UsageError(f"{parent} is inside of the store.", "Name a folder elsewhere, best on another disk.")
    try:
        with _one_at_a_time(settings):
            # Before the checkpoint: transcripts that are read once more change nothing, one left out would be missed.
            beside = content(directory.BOOKMARKS, settings.db_path / directory.BOOKMARKS)
            checkpoint = _checkpoint(settings)
            try:
                # After it: a store that is restored must not know of an erasure that this file doesn't.
                beside |= content(restoring.FORGOTTEN, ForgottenFile(settings.db_path).path)
                made = making.make(checkpoint, parent, beside, settings.db_path, time.time_ns() // 1_000_000)
            finally:
                shutil.rmtree(checkpoint, ignore_errors=True)
            # So that an erasure can say which backups still hold what it took.
            Places(settings.db_path).note(made)
            if keep:
                backups.drop_old(parent, keep)
            return made
    except OSError as error:
        raise AgentMemoryError(
            f"The backup failed: {error.strerror or error} ({error.filename or parent}).",
            "Earlier backups are as they were. Make room, or name a folder that you may write to.",
        ) from error


def found(named: Path) -> Backup:
    """The backup in that folder, or the newest one of a folder of backups.

    Raises AgentMemoryError where there is none, BackupUnusable where its manifest is damaged.
    """
    with backups.reading(named):
        if backups.is_backup(named):
            return Backup(named, manifest.read(named))
        if newest := backups.newest(named):
            return newest
    raise AgentMemoryError(f"There is no backup in {named}.", "Name a backup, or the folder that holds them.")


def restore(
    settings: Settings, backup: Backup, *, replaces: bool, show: Callable[[int], None] = lambda done_bytes: None
) -> Restored:
    """Put a copy of the backup in the place of the store that the settings name.

    Raises StoreNotReady while a daemon or another program has that store, UsageError where there is one and it is not
    to be replaced, BackupUnusable where the backup is damaged; nothing is changed then.
    """
    db_path = settings.db_path
    with _nobody_else(settings):
        if not replaces and db_path.exists() and any(db_path.iterdir()):
            raise UsageError(
                f"{db_path} is not empty.",
                "Name another folder with --db-path, or add --replace: what is there is kept under another name.",
            )
        try:
            old = restoring.restore(backup, db_path, time.time_ns() // 1_000_000, show)
        except OSError as error:
            raise AgentMemoryError(
                f"The backup was not restored: {error.strerror or error} ({error.filename or db_path}).",
                "Nothing was changed. Make room, or change the permissions.",
            ) from error
    return Restored(backup, db_path, old)


def _checkpoint(settings: Settings) -> Path:
    try:
        with connect_to_store(settings) as client:
            path = Path(client.create_checkpoint().path)
    except NotRunning:
        writer = Writer(settings.db_path)
        try:
            return create(writer, settings.db_path)
        finally:
            writer.close()
    if not path.is_dir():
        raise AgentMemoryError("The daemon runs on another machine.", "Run this command there.")
    return path


def content(name: str, path: Path) -> dict[str, bytes]:
    """The file's content under the name that it gets in the backup; nothing where there is no file."""
    return {name: path.read_bytes()} if path.exists() else {}


@contextmanager
def _one_at_a_time(settings: Settings) -> Iterator[None]:
    make_private_dir(settings.runtime.scratch)
    lock = locks.take(settings.runtime.backup_lock)
    if lock is None:
        raise AgentMemoryError("Another backup of this store is being made.", "Try again when it is finished.")
    try:
        yield
    finally:
        os.close(lock)


@contextmanager
def _nobody_else(settings: Settings) -> Iterator[None]:
    """Hold what a daemon of the store, and whoever opens it for writing, would need."""
    if settings.store != DEFAULT_STORE:
        # The daemon goes on; it only lets go of this one.
        with nobody_has_it_open(settings, settings.store):
            yield
        return
    db_path = settings.db_path
    make_private_dir(settings.runtime.folder)
    lock = stack_lock.take(settings.runtime, _LOCK_S)
    if lock is None:
        raise StoreNotReady(
            f"The memory daemon of {db_path} is running.", "Stop it first, then restore again.", reason="STORE_IN_USE"
        )
    with lock:
        store = locks.take(db_path, _LOCK_S) if db_path.is_dir() else -1
        if store is None:
            raise StoreNotReady(f"Another process has the store at {db_path} open.", "Stop that process.")
        try:
            yield
        finally:
            if store >= 0:
                os.close(store)
