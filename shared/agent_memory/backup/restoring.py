"""Putting a backup in the place of a store. Until the last step nothing has happened; that step is a rename."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from agent_memory.backup import backups, checking, copying
from agent_memory.backup.backups import Backup
from agent_memory.backup.manifest import BackupUnusable
from agent_memory.files import PRIVATE_DIR, sync_folder
from agent_memory.search.format import folder_of
from agent_memory.store import records
from agent_memory.store.forgotten import ForgottenFile
from agent_memory.store.reader import open_snapshot

# What was erased by the time of the backup; beside the store, not in it.
FORGOTTEN: Final = "forgotten"

_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2  # of Linux's renameat2
_RENAME_SWAP: Final = 2  # of macOS's renamex_np


def restore(
    backup: Backup, db_path: Path, now_ms: int, show: Callable[[int], None] = lambda done_bytes: None
) -> Path | None:
    """Put a copy of the backup in the place of the store; returns where the old store is now, None if there was none.

    The caller holds the store's lock. `show` is called with the bytes copied. Raises BackupUnusable where a file is not
    as it was made, StoreError where the copy does not open, OSError; the old store is in its place then.
    """
    db_path.parent.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    # The name that the old store gets: the two change places.
    made = backups.free_path(db_path.parent, now_ms, f"{db_path.name}-before-")
    made.mkdir(mode=PRIVATE_DIR)
    try:
        _copy(backup, made, show)
        with open_snapshot(made) as reader:
            records.counters(reader)
        sync_folder(made)
        _bring_forgotten(backup, db_path)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    # The worker makes the index again. One that is ahead of its store would be taken for right.
    shutil.rmtree(folder_of(db_path), ignore_errors=True)
    has_old = db_path.is_dir() and any(db_path.iterdir())
    if has_old:
        _exchange(made, db_path)
    else:
        made.rename(db_path)
    sync_folder(db_path.parent)
    return made if has_old else None


def _copy(backup: Backup, target: Path, show: Callable[[int], None]) -> None:
    done_bytes = 0
    for file in backup.manifest.files:
        if file.name == FORGOTTEN:
            continue
        try:
            problem = checking.changed(file, *copying.copy(backup.folder / file.name, target / file.name))
        except FileNotFoundError as error:
            raise _unusable(backup, f"{file.name} is missing.") from error
        if problem:
            raise _unusable(backup, problem)
        done_bytes += file.size_bytes
        show(done_bytes)


def _unusable(backup: Backup, problem: str) -> BackupUnusable:
    return BackupUnusable(
        f"The backup {backup.folder} is damaged: {problem}", "Nothing was changed. Use another backup."
    )


def _bring_forgotten(backup: Backup, db_path: Path) -> None:
    """Have beside the store what is known of erasures, so that those since the backup are done again.

    What was erased is known beside the store, beside the one that was backed up, and in newer backups.
    """
    own = ForgottenFile(db_path)
    copies = [ForgottenFile.at(folder / FORGOTTEN) for folder in backups.folders(backup.folder.parent)]
    sources = [ForgottenFile(Path(backup.manifest.db_path)), *copies]
    newest = max(sources, key=ForgottenFile.last_erasure)
    if newest.last_erasure() > own.last_erasure():
        own.add(newest.last_erasure(), newest.event_ids(), _latest(newest.sessions()))


def _latest(sessions: Iterable[tuple[str, int]]) -> dict[str, int]:
    latest: dict[str, int] = {}
    for session_id, until_ms in sessions:
        latest[session_id] = max(until_ms, latest.get(session_id, 0))
    return latest


def _exchange(one: Path, other: Path) -> None:
    """Have the two folders change places, in one step where the system can do that; raises OSError."""
    library = ctypes.CDLL(None, use_errno=True)
    first, second = os.fsencode(one), os.fsencode(other)
    if sys.platform == "linux" and hasattr(library, "renameat2"):
        failed = library.renameat2(_AT_FDCWD, first, _AT_FDCWD, second, _RENAME_EXCHANGE)
    elif hasattr(library, "renamex_np"):
        failed = library.renamex_np(first, second, _RENAME_SWAP)
    else:
        failed = -1
    if not failed:
        return
    # A disk that can't: for a moment there is no store, and a kill then leaves both under other names.
    between = other.with_name(f"{one.name}-old")
    other.rename(between)
    one.rename(other)
    between.rename(one)
