"""A folder of backups: each is a folder in it, named after its time, which is renamed into place when it is whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import Final

from agent_memory.backup import manifest
from agent_memory.backup.manifest import Manifest
from agent_memory.errors import AgentMemoryError
from agent_memory.store import directory

# Names that begin so are of no backup: it is being made, or removed.
UNFINISHED: Final = ".unfinished-"


@dataclass(frozen=True, slots=True)
class Backup:
    """A whole backup."""

    folder: Path
    manifest: Manifest


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Raise AgentMemoryError where the block can't read the folder."""
    try:
        yield
    except OSError as error:
        raise AgentMemoryError(f"{folder} can't be read: {error.strerror or error}.") from error


def is_backup(folder: Path) -> bool:
    return (folder / directory.BACKUP).is_file()


def folders(parent: Path) -> list[Path]:
    """The backups in that folder, oldest first, looked into or not; raises OSError."""
    return sorted(
        (path for path in parent.iterdir() if not path.name.startswith(".") and is_backup(path)),
        # A name that another of the same second had gets a number.
        key=lambda path: (path.name.partition("Z")[0], len(path.name), path.name),
    )


def free_path(parent: Path, at_ms: int, beginning: str = "") -> Path:
    """A path in the folder, named after the time: `2026-11-28T15-42-07Z`, and `-2` after it where that is taken."""
    name = f"{beginning}{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H-%M-%SZ}"
    names = chain([name], (f"{name}-{number}" for number in count(2)))
    return next(path for path in map(parent.joinpath, names) if not os.path.lexists(path))


def newest(parent: Path) -> Backup | None:
    """The newest backup whose manifest can be read; raises OSError."""
    return next(readable(reversed(folders(parent))), None)


def readable(found: Iterable[Path]) -> Iterator[Backup]:
    """Those of the backups whose manifests can be read."""
    for folder in found:
        with suppress(OSError, manifest.BackupUnusable):
            yield Backup(folder, manifest.read(folder))


def drop_old(parent: Path, keep: int) -> None:
    """Remove the oldest backups beyond `keep`; raises OSError."""
    for folder in folders(parent)[:-keep]:
        going = parent / f"{UNFINISHED}{folder.name}"
        folder.rename(going)
        shutil.rmtree(going)


def sweep(parent: Path) -> None:
    """Remove what killed programs left unfinished, under the lock of the only one at work; raises OSError."""
    for path in parent.iterdir():
        if path.name.startswith(UNFINISHED):
            shutil.rmtree(path)
