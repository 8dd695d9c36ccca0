"""A store's folder: whether it holds a store, and the errors of one that can't be used.

Without RocksDB, so that a command can look before anything is opened or made.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from agent_memory import locks
from agent_memory.errors import StoreError, StoreMissing, StoreNotReady

# Names the newest MANIFEST; RocksDB sees no store in a folder without it.
CURRENT: Final = "CURRENT"
# Which transcripts were read to their end, by backfill.
BOOKMARKS: Final = "transcripts.json"
# What makes a folder a backup; nobody writes to a store in one.
BACKUP: Final = "backup.json"
# rocksdict leaves its file in every folder that it was asked to open.
STRAY: Final = frozenset({"rocksdict-config.json", "LOCK", "LOG"})


def has_store(db_path: Path) -> bool:
    """Whether there is a store; False where one could be made, or is being made.

    Raises StoreError where the folder can't be read, holds other things, or holds a store without its CURRENT.
    """
    try:
        names = {path.name for path in db_path.iterdir()}
        if CURRENT in names:
            # The names in a folder can be listed without permission to read the files.
            (db_path / CURRENT).stat()
            return True
    except FileNotFoundError:
        return False
    except OSError as error:
        raise unusable(db_path, error) from error
    if not names - STRAY or is_locked(db_path):
        return False
    # A new store gets its CURRENT last: it may have got it since we looked.
    if (db_path / CURRENT).exists():
        return True
    raise _without_current(db_path) if any(map(_is_of_a_store, names)) else _other_things(db_path)


def require_store(db_path: Path) -> None:
    """Raise StoreMissing where there is no store yet, StoreError as `has_store` does."""
    if not has_store(db_path):
        raise StoreMissing(f"There is no store at {db_path} yet.")


def refuse_backup(db_path: Path) -> None:
    """Raise StoreError where the folder is a backup: whoever opened it for writing would spoil it."""
    if (db_path / BACKUP).exists():
        raise StoreError(
            f"{db_path} is a backup, which is only read.",
            "Restore it into a folder of its own to use it; a backup can be looked at with admin stats and verify.",
        )


def checkpoint_of(db_path: Path) -> Path:
    """Where the writer makes the copy that a backup is made from: on the store's disk, for hard links."""
    return db_path.with_name(f"{db_path.name}-checkpoint")


def passages_of(db_path: Path) -> Path:
    """The file that holds passages of what is erased until the proof is made that they are gone."""
    return db_path.with_name(f"{db_path.name}-erasing")


def receipts_of(db_path: Path) -> Path:
    """The folder of the receipts of erasures."""
    return db_path.with_name(f"{db_path.name}-receipts")


def is_locked(db_path: Path) -> bool:
    """Whether a writer has the store open or is opening it: it locks the folder for as long as it has."""
    return locks.is_taken(db_path)


def said(error: Exception) -> str:
    """RocksDB's error message, in one line."""
    return " ".join(str(error).split()).rstrip(".")


def damaged(db_path: Path, family: str, error: Exception) -> StoreError:
    """The error where a block can't be read."""
    return StoreError(
        f"The store at {db_path} is damaged in {family}: {said(error)}.",
        "It was left as it is. Stop the daemon and restore the folder from a backup.",
    )


def unusable(db_path: Path, error: OSError) -> StoreNotReady:
    """The error where the folder itself is out of reach."""
    return StoreNotReady(
        f"The store's folder {db_path} can't be used: {error.strerror or error}.",
        "Change its permissions, or name another folder with --db-path.",
    )


def _is_of_a_store(name: str) -> bool:
    return name.startswith("MANIFEST-") or name.endswith(".sst")


def cut_short(db_path: Path, missing: Iterable[str]) -> StoreError:
    """The error where the MANIFEST does not name these column families."""
    return _damaged(db_path, f"its MANIFEST is cut short before the column families {', '.join(sorted(missing))}")


def _without_current(db_path: Path) -> StoreError:
    return _damaged(db_path, f"its file {CURRENT} is missing")


def _damaged(db_path: Path, what: str) -> StoreError:
    return StoreError(
        f"The store at {db_path} is damaged: {what}.",
        "It was left as it is: copy the folder before anything else, then restore it from a backup, or name another "
        "folder with --db-path.",
    )


def _other_things(db_path: Path) -> StoreError:
    return StoreError(
        f"{db_path} holds other things and no store.",
        "Name a store's folder with --db-path, or an empty or a new one.",
    )
