"""Files that belong to somebody else: changed all at once or not at all, after a copy was kept."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from agent_memory.errors import AgentMemoryError
from agent_memory.files import PRIVATE_FILE, atomic_write, make_private_dir

# Copies of one file; of more, the oldest go.
COPIES_MAX: Final = 20


class FileChanged(AgentMemoryError):
    """Somebody else changed the file after it was read; nothing of theirs was overwritten."""


@dataclass(frozen=True, slots=True)
class Change:
    """A file's whole text before and after; an empty one stands for no file."""

    path: Path
    before: str
    after: str


def apply(change: Change) -> list[Path]:
    """Make the change; returns the folders that had to be made for it, outermost first.

    A link stays a link: the file it leads to is changed. Raises FileChanged, OSError.
    """
    # Settings that are linked from elsewhere are meant to stay there.
    path = Path(os.path.realpath(change.path))
    if change.after:
        made = _made_folders(path.parent)
        _replace(path, change)
        return made
    _check(path, change)
    path.unlink()
    return []


def copy_aside(text: str, path: Path, folder: Path, now: datetime) -> Path:
    """Keep the file's text in that folder of ours, for this user only; returns the path of the copy."""
    make_private_dir(folder)
    copy = folder / f"{now:%Y-%m-%dT%H-%M-%S.%f}-{path.name}"
    atomic_write(copy, text.encode())
    for old in sorted(folder.glob(f"*-{path.name}"))[:-COPIES_MAX]:
        old.unlink()
    return copy


def remove_if_empty(folders: list[Path]) -> None:
    """Remove those of the folders that are empty, innermost first."""
    for folder in reversed(folders):
        with suppress(OSError):
            folder.rmdir()


def _replace(path: Path, change: Change) -> None:
    mode = PRIVATE_FILE
    if path.exists():
        mode = path.stat().st_mode & 0o7777
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, "it is write-protected", str(path))
    _check(path, change)
    atomic_write(path, change.after.encode(), mode)


def _check(path: Path, change: Change) -> None:
    """Agents write their settings too; what they have written since we read must not be lost."""
    now = path.read_bytes() if path.exists() else b""
    if now != change.before.encode():
        raise FileChanged(f"{path} was changed by another program just now; nothing was written. Try again.")


def _made_folders(folder: Path) -> list[Path]:
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir()
    return missing[::-1]
