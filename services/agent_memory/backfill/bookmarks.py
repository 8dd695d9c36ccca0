"""Bookmarks: which transcripts were read to their end into this store, so that they are not read again every night.

They lie in the store's folder and go where it goes: a copy that is put back has those of its own time, and what was
said since is read again.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from agent_memory.backfill.transcript_paths import Transcript
from agent_memory.files import atomic_write

FILE: Final = "transcripts.json"
# A command that is ended goes on from here; so often is often enough.
SAVE_EVERY_S: Final = 5.0


class Bookmarks:
    """What is known of the files, by their full paths: their size, and when they were written to last."""

    def __init__(self, store: Path | None) -> None:
        """Those of the store; without one, nothing is known and nothing is kept."""
        self._path = store / FILE if store else None
        self._known: dict[str, list[int]] = {}
        self._saved_s = time.monotonic()
        if self._path:
            with suppress(OSError, ValueError):
                self._known = dict(json.loads(self._path.read_text(encoding="utf-8")))

    def has_read(self, transcript: Transcript) -> bool:
        """Whether the file was read to its end, and not written to since."""
        return self._known.get(str(transcript.path)) == [transcript.size, transcript.changed_ns]

    def add(self, transcript: Transcript) -> None:
        """Remember that all of the file is stored: it must be on disk by now."""
        self._known[str(transcript.path)] = [transcript.size, transcript.changed_ns]
        if time.monotonic() - self._saved_s >= SAVE_EVERY_S:
            self.save()

    def save(self) -> None:
        """Write down what is known; where that can't be done, files are read again, and nothing else happens."""
        self._saved_s = time.monotonic()
        if self._path is None:
            return
        with suppress(OSError):
            atomic_write(self._path, json.dumps(self._known).encode())
