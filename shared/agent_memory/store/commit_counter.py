"""The number of commits, in eight bytes of memory that the processes share.

A reader sees by it whether anything was committed since it last caught up, without asking RocksDB. A cleaner of
temporary files may remove the file at any time. So both sides look, each time, whether what they have mapped is still
what the path leads to (one `stat`, a microsecond): the writer makes the file again, a reader without it knows nothing.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
from pathlib import Path
from typing import Final

_COUNT: Final = struct.Struct("=Q")


class WritingCounter:
    """The writer's side of the file at `path`, which it creates; raises OSError where it can't.

    A commit is counted before it is acknowledged. Counting goes on when the writer is restarted, while the file exists.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._memory, self._file = _mapped(path, os.O_RDWR | os.O_CREAT)

    def advance(self) -> None:
        """Count one more; once the commit is on disk and before it is acknowledged."""
        count = _count(self._memory) + 1
        if _file_at(self._path) != self._file:
            # Where it can't be made again, readers find no file, and catch up each time.
            with contextlib.suppress(OSError):
                memory, self._file = _mapped(self._path, os.O_RDWR | os.O_CREAT)
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
                    self._memory, self._file = _mapped(self._path, os.O_RDWR)
        return (self._file, _count(self._memory)) if self._memory and self._file else None

    def close(self) -> None:
        if self._memory:
            self._memory.close()
        self._memory = self._file = None


def _mapped(path: Path, flags: int) -> tuple[mmap.mmap, tuple[int, int]]:
    """The file's memory and which file it is; it gets its length if it may be created."""
    descriptor = os.open(path, flags, 0o600)
    try:
        found = os.fstat(descriptor)
        if flags & os.O_CREAT and found.st_size != _COUNT.size:
            # Written, not only truncated to length: a full disk then fails here and not at the first count.
            os.ftruncate(descriptor, 0)
            os.write(descriptor, bytes(_COUNT.size))
        return mmap.mmap(descriptor, _COUNT.size), (found.st_dev, found.st_ino)
    except ValueError as error:  # a file that is too short to be mapped
        raise OSError(f"{path} is too short") from error
    finally:
        os.close(descriptor)


def _file_at(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _count(memory: mmap.mmap) -> int:
    (count,) = _COUNT.unpack_from(memory)
    return int(count)
