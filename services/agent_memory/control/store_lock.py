"""RocksDB's lock of a store, and who holds it: what the kernel knows of a stack that can't be found any other way."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

# struct flock of <fcntl.h>: Linux has type, whence, start, length, PID; macOS start, length, PID, type, whence.
_IS_MAC: Final = sys.platform == "darwin"
_FLOCK: Final = "qqihh" if _IS_MAC else "hhqqi4x"
_PS_S: Final = 5.0
_LOOK_S: Final = 0.02


def is_open(db_path: Path) -> bool:
    """True while a process has the store open for writing."""
    try:
        file = (db_path / "LOCK").open("r+b")
    except OSError:
        return False
    with file:
        try:
            # RocksDB's own lock, a POSIX one: take it, and give it back by closing the file.
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # POSIX allows either
            return True
    return False


def stack_of(db_path: Path) -> int | None:
    """The PID of the supervisor whose writer has the store open; None where that is not known.

    An offline command that has the store open is none: its parent is no supervisor of ours.
    """
    writer = _holder(db_path)
    parent = _ps("ppid", writer) if writer else ""
    return int(parent) if parent and "control.supervisord" in _ps("command", int(parent)) else None


def is_alive(pid: int) -> bool:
    """True while the process runs; one that has ended and waits for its parent does not."""
    state = _ps("stat", pid)
    return bool(state) and not state.startswith("Z")


def wait_until_reaped(pid: int, timeout_s: float) -> None:
    """Wait until nothing is left of a process that has ended, or for so long: what adopts it may be slow to notice."""
    deadline = time.monotonic() + timeout_s
    with suppress(ProcessLookupError, PermissionError):
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(_LOOK_S)


def _holder(db_path: Path) -> int | None:
    """The PID of the process that has the store open."""
    values = (0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET) if _IS_MAC else (fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    try:
        with (db_path / "LOCK").open("r+b") as file:
            found = struct.unpack(_FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, struct.pack(_FLOCK, *values)))
    except OSError:
        return None
    kind, pid = (found[3], found[2]) if _IS_MAC else (found[0], found[4])
    return pid if kind != fcntl.F_UNLCK and pid > 0 else None


def _ps(column: str, pid: int) -> str:
    """What ps says of a process of ours; empty where there is none."""
    try:
        return subprocess.run(
            ["ps", "-ww", "-o", f"{column}=", "-p", str(pid)], capture_output=True, text=True, timeout=_PS_S
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""
