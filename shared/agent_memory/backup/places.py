"""Where backups of a store were made: a line for each folder, in a file beside the store."""

from __future__ import annotations

from pathlib import Path

from agent_memory.backup import backups, manifest
from agent_memory.backup.backups import Backup
from agent_memory.files import atomic_write


class Places:
    """The folders of the store at `db_path`; raises OSError."""

    def __init__(self, db_path: Path) -> None:
        self._path = db_path.with_name(f"{db_path.name}-backups")

    def add(self, parent: Path) -> None:
        """Note the folder, unless it is noted."""
        known = self.all()
        if parent not in known:
            atomic_write(self._path, "".join(f"{each}\n" for each in (*known, parent)).encode(errors="surrogateescape"))

    def all(self) -> list[Path]:
        """The folders, whether they are still there or not."""
        try:
            lines = self._path.read_text(errors="surrogateescape").splitlines()
        except FileNotFoundError:
            return []
        return [Path(line) for line in lines if line.startswith("/")]

    def backups(self) -> list[Backup]:
        """Every backup in these folders that can be read now."""
        found: list[Backup] = []
        for parent in self.all():
            try:
                for folder in backups.folders(parent):
                    found.append(Backup(folder, manifest.read(folder)))
            except (OSError, manifest.BackupUnusable):
                continue
        return found
