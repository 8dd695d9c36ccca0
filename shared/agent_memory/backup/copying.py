"""Copying files whole: with their checksums, onto the disk, or as hard links where that is possible."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from typing import Final

from agent_memory.files import PRIVATE_FILE

_CHUNK_BYTES: Final = 1 << 20
# What a disk answers that has no hard links, or is another one than the file's.
_NO_LINKS: Final = frozenset({errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS})


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hexadecimal digits; raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def copy(source: Path, target: Path) -> tuple[int, str]:
    """Copy the file, onto the disk; returns how many bytes it has, and their SHA-256. Raises OSError."""
    digest = hashlib.sha256()
    size = 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with source.open("rb") as reads, os.fdopen(descriptor, "wb") as writes:
        while chunk := reads.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += writes.write(chunk)
        writes.flush()
        os.fsync(writes.fileno())
    return size, digest.hexdigest()


def link(source: Path, target: Path) -> bool:
    """Make `target` a hard link of the file; False where the disks have none for it. Raises OSError."""
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno in _NO_LINKS:
            return False
        raise
    return True
