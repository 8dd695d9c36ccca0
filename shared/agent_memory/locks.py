"""Locks between processes. The kernel releases one when the last descriptor of it closes, however its holder ends."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from agent_memory.files import PRIVATE_FILE

# Between two attempts at a lock that another process holds.
_PAUSE_S: Final = 0.01


def take(path: Path, timeout_s: float = 0.0) -> int | None:
    """Lock the file, which is created if need be, or the folder, for as long as the returned descriptor is open.

    None when another process still holds the lock after `timeout_s`; raises OSError where nothing can be locked, and
    where a folder is moved away meanwhile.
    """
    deadline = time.monotonic() + timeout_s
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    while True:
        descriptor = os.open(path, flags, PRIVATE_FILE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(path, descriptor):
                return descriptor
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                return None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        time.sleep(_PAUSE_S)


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether the open file or folder still has that name: who holds its lock may have moved it."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def is_taken(path: Path) -> bool:
    """Whether a living process holds the lock of this file or folder; True, too, where nobody can know."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        # Shared, and only for a moment: those who look do not get into each other's way.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # also where nothing can be locked
        return True
    finally:
        os.close(descriptor)
    return False
