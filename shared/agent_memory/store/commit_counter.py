"""The number of commits, in eight bytes of memory that the processes share.

A reader sees by it whether anything was committed since it last caught up, without asking RocksDB. A cleaner of
temporary files may remove the file at any time. So both sides look, each time, whether what they have mapped is still
what the path leads to (one `stat`, a microsecond): the writer makes the file again, a reader without it knows nothing.
"""

from __future__ import annotations

import contextlib
import mmap
import struct
from pathlib import Path
from typing import Final

from agent_memory.store.mapped_number import map_number

_COUNT: Final = struct.Struct("=Q")


class WritingCounter:
    """The writer's side of the file at `path`, which it creates; raises OSError where it can't.

    A commit is counted before it is acknowledged. Counting goes on when the writer is restarted, while the file exists.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._memory, self._file = map_number(path, create=True)

    def advance(self) -> None:
        """Count one more; once the commit is on disk and before it is acknowledged."""
        count = _count(self._memory) + 1
        if _file_at(self._path) != self._file:
            # Where it can't be made again, readers find no file, and catch up each time.
            with contextlib.suppress(OSError):
                memory, self._file = map_number(self._path, create=True)
                self._memory.close()
                self._memory = memory
        _COUNT.pack_into(self._memory, 0, count)

    def close(self) -> None:
        self._memory.close()


class CommitCounter:
    """A reader's side of the file at `path`, which may be missing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._memory: mmap.mmap | None = None
        self._file: tuple[int, int] | None = None

    @property
    def count(self) -> tuple[tuple[int, int], int] | None:
        """The number of commits and the file it stands in, to be compared with an earlier one; None without a file."""
        found = _file_at(self._path)
        if found != self._file:
            self.close()
            if found:
                with contextlib.suppress(OSError):
                    self._memory, self._file = map_number(self._path, create=False)
        return (self._file, _count(self._memory)) if self._memory and self._file else None

    def close(self) -> None:
        if self._memory:
            self._memory.close()
        self._memory = self._file = None


def _file_at(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _count(memory: mmap.mmap) -> int:
    (count,) = _COUNT.unpack_from(memory)
    return int(count)
