"""A backup's manifest: which files it has, with their checksums, and what the store held."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from agent_memory.errors import AgentMemoryError
from agent_memory.files import atomic_write
from agent_memory.store import directory

# A program refuses a higher number than its own.
FORMAT: Final = 1
_CHECKSUM: Final = "checksum"


class BackupUnusable(AgentMemoryError):
    """A backup is damaged, or a newer version made it."""

    exit_code = 4
    reason = "BACKUP_UNUSABLE"


@dataclass(frozen=True, slots=True)
class BackupFile:
    """A file of a backup; `sha256` in hexadecimal digits."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is of, and what is in it."""

    made_ms: int
    # The store's folder when the backup was made.
    db_path: str
    # The version of the program that made it.
    version: str
    schema_version: int
    events: int
    toc_nodes: int
    grips: int
    # Of the files: those that the backup before it in the same folder doesn't have.
    new_bytes: int
    files: tuple[BackupFile, ...]
    format: int = FORMAT

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into the backup's folder; raises OSError."""
    record = asdict(manifest)
    content = json.dumps({**record, _CHECKSUM: _checksum(record)}, indent=1).encode() + b"\n"
    atomic_write(folder / directory.BACKUP, content)


def read(folder: Path) -> Manifest:
    """The manifest of the backup in that folder; raises BackupUnusable where it is damaged or not known, OSError."""
    try:
        record = json.loads((folder / directory.BACKUP).read_bytes())
        written = record.pop(_CHECKSUM)
        if isinstance(record["format"], int) and record["format"] > FORMAT:
            raise BackupUnusable(f"The backup {folder} was made by a newer version.", "Upgrade the program.")
        if written != _checksum(record):
            raise ValueError("its checksum is another")
        files = tuple(BackupFile(**file) for file in record["files"])
        # Whoever made it, a restore writes nothing outside of the store's folder.
        if any("/" in file.name or file.name in ("", ".", "..") for file in files):
            raise ValueError("it names a file in another folder")
        return Manifest(**{**record, "files": files})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupUnusable(
            f"The backup {folder} is damaged: its {directory.BACKUP} can't be trusted ({error}).", "Use another backup."
        ) from error


def _checksum(record: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True, default=list).encode()).hexdigest()
