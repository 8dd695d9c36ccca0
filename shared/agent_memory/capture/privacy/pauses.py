"""Pauses: the spans of time in which the user wants nothing captured, kept in a file beside the store.

They are kept when they are over, because agents keep transcripts: a conversation in a pause must not be imported later.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent_memory.capture import PAUSES_SUFFIX
from agent_memory.errors import AgentMemoryError
from agent_memory.files import atomic_write, make_private_dir

# The end of a pause without an end: the last time that a timestamp can name.
OPEN_END_MS: Final = 9_999_999_999_999


@dataclass(frozen=True, slots=True)
class Pause:
    """A span of time, half-open, in milliseconds since 1970."""

    from_ms: int
    to_ms: int

    def holds(self, at_ms: int) -> bool:
        return self.from_ms <= at_ms < self.to_ms


class Pauses:
    """The pauses of one store, the newest first. The file is read again when it has changed. For any thread."""

    def __init__(self, db_path: Path) -> None:
        self.path = Path(os.fsdecode(os.fsencode(db_path) + PAUSES_SUFFIX))
        self._read: tuple[tuple[int, int, int], tuple[Pause, ...]] = ((0, 0, 0), ())

    def all(self) -> tuple[Pause, ...]:
        """Every pause; raises AgentMemoryError if the file can't be read, since nobody knows then what was paused."""
        try:
            status = self.path.stat()
            stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
            if stamp != self._read[0]:
                self._read = (stamp, tuple(map(_pause, self.path.read_text(encoding="ascii").splitlines())))
            return self._read[1]
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise AgentMemoryError(
                f"The file of pauses can't be read: {error.strerror}: {self.path}.", "Make it readable for you."
            ) from error
        except ValueError as error:
            raise AgentMemoryError(
                f"The file of pauses is damaged: {self.path}.",
                "Delete its damaged line, or all of it: then no pause is known any more.",
            ) from error

    def current(self, now_ms: int) -> Pause | None:
        """The pause that goes on at that time."""
        return next((pause for pause in self.all() if pause.holds(now_ms)), None)

    def begin(self, now_ms: int, to_ms: int) -> None:
        """Pause from now on; a pause that goes on gets the new end."""
        going_on = self.current(now_ms)
        first = Pause(going_on.from_ms if going_on else now_ms, to_ms)
        self._write((first, *(pause for pause in self.all() if pause != going_on)))

    def end(self, now_ms: int) -> bool:
        """End the pause that goes on; False if there is none."""
        going_on = self.current(now_ms)
        if going_on is None:
            return False
        self._write(Pause(pause.from_ms, now_ms) if pause == going_on else pause for pause in self.all())
        return True

    def _write(self, pauses: Iterable[Pause]) -> None:
        text = "".join(f"{pause.from_ms:013} {pause.to_ms:013}\n" for pause in pauses)
        make_private_dir(self.path.parent)
        # In one step: a hook reads the file at any moment.
        atomic_write(self.path, text.encode("ascii"))


def _pause(line: str) -> Pause:
    from_ms, to_ms = line.split()
    return Pause(int(from_ms), int(to_ms))
