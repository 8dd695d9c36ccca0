"""Checking a backup: it has every file, each as it was made, and it opens. Nothing in it is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from agent_memory.backup import copying, manifest
from agent_memory.backup.manifest import BackupFile, BackupUnusable
from agent_memory.errors import StoreError
from agent_memory.store import directory, records
from agent_memory.store.reader import open_snapshot


def problems_of(folder: Path, show: Callable[[int], None] = lambda done_bytes: None) -> list[str]:
    """What is wrong with the backup, a sentence each; none where it is sound. `show` is called with the bytes read."""
    try:
        described = manifest.read(folder)
    except (OSError, BackupUnusable) as error:
        return [str(error)]
    found = [problem for problem in _file_problems(folder, described.files, show) if problem]
    named = {file.name for file in described.files} | directory.STRAY | {directory.BACKUP}
    found += [f"{path.name} is not of this backup." for path in sorted(folder.iterdir()) if path.name not in named]
    return found or _opening_problems(folder, described.events)


def changed(file: BackupFile, size_bytes: int, sha256: str) -> str:
    """How a file that has this size and checksum differs from the one that was made; empty where it does not."""
    if size_bytes != file.size_bytes:
        return f"{file.name} has {size_bytes} bytes, and {file.size_bytes} were backed up."
    return "" if sha256 == file.sha256 else f"{file.name} is damaged: its checksum is another."


def _file_problems(folder: Path, files: tuple[BackupFile, ...], show: Callable[[int], None]) -> Iterator[str]:
    done_bytes = 0
    for file in files:
        try:
            path = folder / file.name
            yield changed(file, path.stat().st_size, copying.sha256_of(path))
        except FileNotFoundError:
            yield f"{file.name} is missing."
        except OSError as error:
            yield f"{file.name} can't be read: {error.strerror or error}."
        done_bytes += file.size_bytes
        show(done_bytes)


def _opening_problems(folder: Path, events: int) -> list[str]:
    try:
        with open_snapshot(folder) as reader:
            held = records.counters(reader).events
    except StoreError as error:
        return [str(error)]
    return [] if held == events else [f"It holds {held} events, and {events} were backed up."]
