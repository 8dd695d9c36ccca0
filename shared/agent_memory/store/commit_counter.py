"""The number of commits, in eight bytes of memory that the processes share.

A reader sees by it whether anything was committed since it last caught up, without asking RocksDB.
"""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path
from typing import Final

_COUNT: Final = struct.Struct("=Q")


class CommitCounter:
    """The count in the file at `path`. The writer creates the file; without it, a reader gets FileNotFoundError.

    A commit is counted before it is acknowledged. Counting goes on when the writer is restarted, while the file exists.
    """

    def __init__(self, path: Path, *, writing: bool = False) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT if writing else os.O_RDWR, 0o600)
        try:
            if writing and os.fstat(descriptor).st_size != _COUNT.size:
                # Written, not only truncated to length: a full disk then fails here and not at the first count.
                os.ftruncate(descriptor, 0)
                os.write(descriptor, bytes(_COUNT.size))
            self._memory = mmap.mmap(descriptor, _COUNT.size)
        finally:
            os.close(descriptor)

    @property
    def count(self) -> int:
        """The number of commits, to be compared with an earlier one."""
        (count,) = _COUNT.unpack_from(self._memory)
        return int(count)

    def advance(self) -> None:
        """Count one more; for the writer, once the commit is on disk and before it is acknowledged."""
        _COUNT.pack_into(self._memory, 0, self.count + 1)

    def close(self) -> None:
        self._memory.close()
