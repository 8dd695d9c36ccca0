"""Eight bytes of a file as memory: processes share them, and the kernel writes them to disk by itself."""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Final

from agent_memory.files import PRIVATE_FILE

SIZE: Final = 8


def map_number(path: Path, *, create: bool) -> tuple[mmap.mmap, tuple[int, int]]:
    """The file's memory, and which file it is; a new one, or one of another length, holds zero.

    Raises OSError where it can't be mapped, or may not be created and is missing or too short.
    """
    descriptor = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), PRIVATE_FILE)
    try:
        found = os.fstat(descriptor)
        if create and found.st_size != SIZE:
            # Written, not only truncated to length: a full disk then fails here and not at the first write to memory.
            os.ftruncate(descriptor, 0)
            os.write(descriptor, bytes(SIZE))
        return mmap.mmap(descriptor, SIZE), (found.st_dev, found.st_ino)
    except ValueError as error:  # a file that is too short to be mapped
        raise OSError(f"{path} is too short") from error
    finally:
        os.close(descriptor)
