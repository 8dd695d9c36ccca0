"""Making a backup from a checkpoint of the store.

Tables never change once they are written. On the store's own disk a backup has them as hard links; on another disk they
are copied once, and later backups there link to those of the backup before.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Final

from agent_memory.backup import backups, copying, manifest
from agent_memory.backup.backups import Backup
from agent_memory.backup.manifest import BackupFile, Manifest
from agent_memory.errors import StoreError
from agent_memory.files import PRIVATE_DIR, atomic_write, sync_folder
from agent_memory.store import directory, records
from agent_memory.store.reader import open_snapshot

_TABLE: Final = ".sst"


def make(checkpoint: Path, parent: Path, beside: Mapping[str, bytes], db_path: Path, made_ms: int) -> Backup:
    """Make a backup in the folder `parent`; `beside` are contents, by name, of files that the checkpoint doesn't have.

    What was left unfinished there is removed: nobody else may be making one. It is listed when it is whole and on the
    disk. Raises OSError, StoreError where the checkpoint can't be read.
    """
    parent.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    backups.sweep(parent)
    made = backups.free_path(parent, made_ms)
    folder = parent / f"{backups.UNFINISHED}{made.name}"
    folder.mkdir(mode=PRIVATE_DIR)
    try:
        files, new_bytes = _fill(folder, checkpoint, beside, backups.newest(parent))
        described = _described(folder, files, new_bytes, db_path, made_ms)
        manifest.write(folder, described)
        sync_folder(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    folder.rename(made)
    sync_folder(parent)
    return Backup(made, described)


def _fill(
    folder: Path, checkpoint: Path, beside: Mapping[str, bytes], before: Backup | None
) -> tuple[list[BackupFile], int]:
    known = {file.name: file for file in before.manifest.files} if before else {}
    files: list[BackupFile] = []
    new_bytes = 0
    for source in sorted(checkpoint.iterdir()):
        if source.name in directory.STRAY:
            continue
        older = before.folder / source.name if before else None
        file, is_new = _add(source, folder / source.name, older, known.get(source.name))
        files.append(file)
        new_bytes += file.size_bytes if is_new else 0
    for name, content in beside.items():
        atomic_write(folder / name, content)
        files.append(BackupFile(name, len(content), copying.sha256_of(folder / name)))
        new_bytes += len(content)
    return files, new_bytes


def _add(source: Path, target: Path, older: Path | None, known: BackupFile | None) -> tuple[BackupFile, bool]:
    """Add a file, and say whether the backup before, which has it as `older` and knew it so, doesn't have it."""
    if source.suffix != _TABLE:
        return BackupFile(source.name, *copying.copy(source, target)), True
    if copying.link(source, target):
        if older and known and older.exists() and older.samefile(source):
            return known, False
        return BackupFile(source.name, source.stat().st_size, copying.sha256_of(source)), True
    # Never link to a copy that has changed since: the next backup would be as damaged.
    if older and known and known.sha256 == copying.sha256_of(source) == _sha256_if_there(older):
        is_linked = copying.link(older, target)
        if is_linked:
            return known, False
    return BackupFile(source.name, *copying.copy(source, target)), True


def _described(folder: Path, files: list[BackupFile], new_bytes: int, db_path: Path, made_ms: int) -> Manifest:
    """The manifest; what the store held is read from the backup itself, which shows that it opens."""
    with open_snapshot(folder) as reader:
        counters = records.counters(reader)
        info = records.store_info(reader)
    if info is None:
        raise StoreError(f"The store at {db_path} has nothing to back up yet.")
    return Manifest(
        made_ms=made_ms,
        db_path=str(db_path),
        version=version("agent-memory"),
        schema_version=info.schema_version,
        events=counters.events,
        toc_nodes=counters.toc_nodes,
        grips=counters.grips,
        new_bytes=new_bytes,
        files=tuple(files),
    )


def _sha256_if_there(path: Path) -> str:
    return copying.sha256_of(path) if path.is_file() else ""
