"""What was erased from a store, noted beside it, so that a backup in its place loses it, too.

The file is only ever added to. A line names an event, or a session and up to when nothing of it is stored; an
erasure's number ends its lines. Ids hold no control characters. What was written twice, or torn, is harmless.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from agent_memory.files import PRIVATE_FILE

_EVENT: Final = "event"
# An event whose segment's summary is kept.
_WORDS: Final = "words"
_SESSION: Final = "session"
_ERASURE: Final = "erasure"
# More than the last line of an erasure has.
_END_BYTES: Final = 64


class ForgottenFile:
    """The file of the store at `db_path`. Every method raises OSError, but for a file that is not there."""

    def __init__(self, db_path: Path) -> None:
        self._path = db_path.with_name(f"{db_path.name}-forgotten")

    @classmethod
    def at(cls, path: Path) -> ForgottenFile:
        """A copy of such a file, somewhere else."""
        found = cls(path)
        found._path = path
        return found

    @property
    def path(self) -> Path:
        return self._path

    def add(
        self, erasure: int, event_ids: Iterable[str], until_ms: Mapping[str, int], summarized: Iterable[str] = ()
    ) -> None:
        """Add what an erasure took, `summarized` are events of which it left the summaries; it is on disk then."""
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE_FILE)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            # A line that was torn before ends here.
            file.write("\n")
            file.writelines(f"{_EVENT}\t{event_id}\n" for event_id in event_ids)
            file.writelines(f"{_WORDS}\t{event_id}\n" for event_id in summarized)
            file.writelines(f"{_SESSION}\t{until}\t{session_id}\n" for session_id, until in until_ms.items())
            file.write(f"{_ERASURE}\t{erasure}\n")
            file.flush()
            os.fsync(file.fileno())

    def last_erasure(self) -> int:
        """The number of the last erasure in it; 0 for none."""
        with suppress(FileNotFoundError), self._path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _END_BYTES))
            kind, _, number = file.read().rstrip(b"\n").rpartition(b"\n")[2].decode(errors="replace").partition("\t")
            if kind == _ERASURE and number.isdecimal():
                return int(number)
        return 0

    def event_ids(self) -> Iterator[str]:
        """The events in it; some perhaps twice."""
        for fields in self._lines(_EVENT):
            yield fields[0]

    def summarized_ids(self) -> Iterator[str]:
        """The events in it whose summaries were kept; some perhaps twice."""
        for fields in self._lines(_WORDS):
            yield fields[0]

    def event_ids_of(self, erasure: int, limit: int) -> list[str]:
        """Up to so many of the events that this erasure took."""
        found: list[str] = []
        with suppress(FileNotFoundError), self._path.open("rb") as file:
            for line in file:
                kind, _, rest = line.rstrip(b"\n").decode(errors="replace").partition("\t")
                if kind in (_EVENT, _WORDS) and len(found) < limit:
                    found.append(rest)
                elif kind == _ERASURE:
                    if rest == str(erasure):
                        return found
                    found.clear()
        return []

    def sessions(self) -> Iterator[tuple[str, int]]:
        """The sessions in it, and up to when nothing of each is stored, in milliseconds."""
        for fields in self._lines(_SESSION):
            if len(fields) == 2 and fields[0].isdecimal():
                yield fields[1], int(fields[0])

    def _lines(self, kind: str) -> Iterator[list[str]]:
        with suppress(FileNotFoundError), self._path.open("rb") as file:
            for line in file:
                name, *fields = line.rstrip(b"\n").decode(errors="replace").split("\t", 2)
                if name == kind and fields:
                    yield fields
