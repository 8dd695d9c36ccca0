"""How many commits there were, in eight bytes of memory that the processes share.

Whoever reads often sees by it that nothing was committed since the last look, and need not look into the store for it.
"""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path
from typing import Final

_COUNT: Final = struct.Struct("=Q")


class CommitCounter:
    """The count in the file at `path`, which the writer makes; raises FileNotFoundError for others where it has not.

    Whatever was committed before a look at the count is counted in it. It goes on from one life of the writer to the
    next, as long as the file stays.
    """

    def __init__(self, path: Path, *, writing: bool = False) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT if writing else os.O_RDWR, 0o600)
        try:
            if writing and os.fstat(descriptor).st_size != _COUNT.size:
                # Written and not only made as long: where a disk is full, that fails here and not at the first count.
                os.ftruncate(descriptor, 0)
                os.write(descriptor, bytes(_COUNT.size))
            self._memory = mmap.mmap(descriptor, _COUNT.size)
        finally:
            os.close(descriptor)

    @property
    def count(self) -> int:
        """The number of commits; it says nothing but whether there were more since it was seen last."""
        (count,) = _COUNT.unpack_from(self._memory)
        return int(count)

    def advance(self) -> None:
        """Count one more: for the one writer, once it is on disk and before anybody is told."""
        _COUNT.pack_into(self._memory, 0, self.count + 1)

    def close(self) -> None:
        self._memory.close()
