"""Which sessions belong to a project store, noted beside the default store; of two notes on one, the last counts.

A session's transcript does not say what its hooks' environment said. So the store of its first call is noted, before
that call is acknowledged: what is read of its transcript later goes there, and nowhere else.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from pathlib import Path

from agent_memory.files import PRIVATE_FILE

_SUFFIX = "-project-sessions"
# Stands for a removed store; no store's name.
_REMOVED = "/"


class SessionStores:
    """The notes of the daemon whose default store is at `main`. For any thread, and several processes."""

    def __init__(self, main: Path) -> None:
        self._path = main.with_name(f"{main.name}{_SUFFIX}")
        self._lock = threading.Lock()
        self._noted: dict[str, str] = {}
        self._read_bytes = 0

    def store_of(self, session_id: str) -> str:
        """The session's store; empty where none is noted."""
        with self._lock:
            return self._loaded().get(session_id, "")

    def note(self, session_id: str, store: str) -> None:
        """Note the session's store, on disk when this returns; the first one stays. Raises OSError."""
        with self._lock:
            if session_id not in self._loaded():
                self._append({session_id: store})

    def rename(self, store: str, to: str) -> None:
        """The store has another name. Raises OSError."""
        with self._lock:
            self._append({session: to for session, name in self._loaded().items() if name == store})

    def remove(self, store: str) -> None:
        """The store is removed: its sessions are of none, also once there is another of its name. Raises OSError."""
        self.rename(store, _REMOVED)

    def _append(self, notes: dict[str, str]) -> None:
        lines = "".join(json.dumps({"session": session, "store": store}) + "\n" for session, store in notes.items())
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, PRIVATE_FILE)
        with os.fdopen(descriptor, "ab") as file:
            # A line that a crash has torn must not take the next one with it.
            file.write(lines.encode() if self._ends_whole() else b"\n" + lines.encode())
            file.flush()
            os.fsync(file.fileno())

    def _loaded(self) -> dict[str, str]:
        """All notes; those of other processes are read as they come."""
        with suppress(FileNotFoundError):
            if self._path.stat().st_size != self._read_bytes:
                self._read_on()
        return self._noted

    def _read_on(self) -> None:
        with self._path.open("rb") as file:
            file.seek(self._read_bytes)
            lines = file.read()
        whole = lines[: lines.rfind(b"\n") + 1]
        self._read_bytes += len(whole)
        for line in whole.splitlines():
            with suppress(ValueError, KeyError, TypeError):  # torn by a crash
                found = json.loads(line)
                self._noted[str(found["session"])] = str(found["store"])

    def _ends_whole(self) -> bool:
        with self._path.open("rb") as file:
            if not file.seek(0, os.SEEK_END):
                return True
            file.seek(-1, os.SEEK_END)
            return file.read() == b"\n"
