"""Bookmarks: which transcripts were read to their end into this store, so that they are not read again every night.

Beside them is noted when all transcripts were last compared with the store, and how many events were missing.

They are in the store's folder and go where it goes: a restored copy has the bookmarks of its own time, and transcripts
that were written since are read again.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent_memory.backfill.transcript_paths import Transcript
from agent_memory.files import atomic_write
from agent_memory.store.directory import BOOKMARKS

# No paths: those begin with a slash.
_COMPARED: Final = "compared"
_LEFT_OUT: Final = "left out"
# An interrupted command goes on from here.
SAVE_EVERY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of the transcripts with the store."""

    # In milliseconds since 1970.
    began_ms: int
    # Events that were not stored before it.
    missing: int
    # Transcripts that were still being written to, and so were not compared.
    left_out: int = 0


class Bookmarks:
    """By full path, each file's size and the time of the last write to it."""

    def __init__(self, store: Path | None) -> None:
        """The store's bookmarks; without a store, none, and none are kept."""
        self._path = store / BOOKMARKS if store else None
        self._known: dict[str, list[int]] = {}
        self._saved_s = time.monotonic()
        if self._path:
            with suppress(OSError, ValueError, TypeError):
                self._known = dict(json.loads(self._path.read_text(encoding="utf-8")))

    def has_read(self, transcript: Transcript) -> bool:
        """Whether the file was read to its end, and not written to since."""
        return self._known.get(str(transcript.path)) == [transcript.size, transcript.changed_ns]

    def add(self, transcript: Transcript) -> None:
        """Note that all of the file is stored; it must be on disk by now."""
        self._known[str(transcript.path)] = [transcript.size, transcript.changed_ns]
        if time.monotonic() - self._saved_s >= SAVE_EVERY_S:
            self.save()

    def note_comparison(self, done: Comparison) -> None:
        """Note that the transcripts were compared with the store, and save that."""
        self._known[_COMPARED] = [done.began_ms, done.missing]
        self._known[_LEFT_OUT] = [done.left_out]
        self.save()

    def last_comparison(self) -> Comparison | None:
        """The last comparison; None before the first."""
        match self._known.get(_COMPARED), self._known.get(_LEFT_OUT, [0]):
            case [int(began_ms), int(missing)], [int(left_out)]:
                return Comparison(began_ms, missing, left_out)
            case _:
                return None

    def save(self) -> None:
        """Save the bookmarks; if that fails, files are read again, and nothing else happens."""
        self._saved_s = time.monotonic()
        if self._path is None:
            return
        with suppress(OSError):
            atomic_write(self._path, json.dumps(self._known).encode())
