"""Where backups of a store were made: a line for each folder, in a file beside the store, with the last one there.

What stands in it needs no look at another disk, which may be slow, or gone.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent_memory.backup import backups
from agent_memory.backup.backups import Backup
from agent_memory.files import atomic_write


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of backups, and the last one that was made there."""

    parent: Path
    name: str
    made_ms: int


class Places:
    """The folders of the store at `db_path`; raises OSError."""

    def __init__(self, db_path: Path) -> None:
        self._path = db_path.with_name(f"{db_path.name}-backups")

    def note(self, made: Backup) -> None:
        """Note where a backup was made."""
        place = Place(made.folder.parent.resolve(), made.folder.name, made.manifest.made_ms)
        known = [*(each for each in self.all() if each.parent != place.parent), place]
        lines = "".join(f"{each.made_ms}\t{each.name}\t{each.parent}\n" for each in known)
        atomic_write(self._path, lines.encode(errors="surrogateescape"))

    def all(self) -> list[Place]:
        """The folders, whether they are still there or not; the one that was used last comes last."""
        try:
            lines = self._path.read_text(errors="surrogateescape").splitlines()
        except FileNotFoundError:
            return []
        found = [line.split("\t", 2) for line in lines]
        return [Place(Path(words[2]), words[1], int(words[0])) for words in found if _is_place(words)]

    def last(self) -> Place | None:
        """Where the last backup was made; None where none was."""
        return next(reversed(self.all()), None)

    def backups(self) -> list[Backup]:
        """Every backup in these folders that can be read now."""
        found: list[Backup] = []
        for place in self.all():
            with suppress(OSError):
                found += backups.readable(backups.folders(place.parent))
        return found


def _is_place(words: list[str]) -> bool:
    return len(words) == 3 and words[0].isdecimal() and words[2].startswith("/")
