"""Migrations of the store that the settings name: what there is to do, a backup first, then the rows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent_memory import locks
from agent_memory.backup import making, restoring
from agent_memory.backup.backups import Backup
from agent_memory.backup.places import Places
from agent_memory.control.upkeep.backing_up import content
from agent_memory.errors import AgentMemoryError, StoreNotReady, UsageError
from agent_memory.ingest import migrating
from agent_memory.settings import Settings
from agent_memory.store import codec, keys, migrations, records, schema
from agent_memory.store.forgotten import ForgottenFile
from agent_memory.store.reader import open_snapshot


@dataclass(frozen=True, slots=True)
class Due:
    """What a migration would do: the schema that the store has, and the oldest that rows of it may have."""

    version: int
    oldest: int

    @property
    def is_done(self) -> bool:
        return self.oldest >= schema.SCHEMA_VERSION


def due(settings: Settings, from_version: int | None, to_version: int | None) -> Due:
    """What there is to do; raises UsageError where there is no such way, StoreError for a newer store."""
    if to_version is not None and to_version > schema.SCHEMA_VERSION:
        raise UsageError(f"This program knows schemas up to {schema.SCHEMA_VERSION}.", "Upgrade it to go further.")
    if to_version is not None and to_version < schema.SCHEMA_VERSION:
        raise UsageError(
            f"A store is migrated to schema {schema.SCHEMA_VERSION}, the newest that this program knows.",
            "To go back, restore the backup that was made before the migration, with the older program.",
        )
    if from_version is not None and not migrations.OLDEST <= from_version <= schema.SCHEMA_VERSION:
        raise UsageError(f"Schemas go from {migrations.OLDEST} to {schema.SCHEMA_VERSION}; there is no {from_version}.")
    with open_snapshot(settings.db_path) as reader:
        info = records.store_info(reader)
        under_way = codec.migration_state(reader.get(schema.CHECKPOINTS, keys.MIGRATION))
    version = info.schema_version if info else schema.SCHEMA_VERSION
    oldest = min(filter(None, (version, under_way.version, from_version)))
    return Due(version, oldest)


def back_up(settings: Settings) -> Backup:
    """Back the store up as it is, so that the program that wrote it can read the backup.

    Raises AgentMemoryError where that can't be done, or a daemon has the store open.
    """
    db_path = settings.db_path
    parent = Path(settings.backup_dir).expanduser() if settings.backup_dir else _beside(db_path)
    lock = locks.take(db_path)
    if lock is None:
        raise StoreNotReady(
            f"The memory daemon of {db_path} is running.", "Stop it first, then migrate.", reason="STORE_IN_USE"
        )
    try:
        beside = content(restoring.FORGOTTEN, ForgottenFile(db_path).path)
        made = making.make(db_path, parent, beside, db_path, time.time_ns() // 1_000_000)
        Places(db_path).note(made)
        return made
    except OSError as error:
        raise AgentMemoryError(
            f"The backup failed, so nothing was migrated: {error.strerror or error} ({error.filename or parent}).",
            "Make room, or name another folder with backup_dir.",
        ) from error
    finally:
        os.close(lock)


def migrate(settings: Settings, found: Due, show: Callable[[int], None]) -> int:
    """Rewrite the rows; returns how many were rewritten. Raises StoreError."""
    return migrating.migrate(settings.db_path, found.oldest, show)


def _beside(db_path: Path) -> Path:
    return db_path.with_name(f"{db_path.name}-saved")
