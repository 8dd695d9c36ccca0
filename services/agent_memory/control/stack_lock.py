"""Who serves a store: a lock that lives as long as the stack, and inside the locked file a record of its holder."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO

from agent_memory.paths import RuntimePaths

# Between two looks at a lock that somebody else holds.
_LOOK_S = 0.02


@dataclass(frozen=True, slots=True)
class StackHolder:
    """What the holder of a runtime folder's lock says about its stack."""

    db_path: str
    address: str
    version: str
    started_ms: int
    # The settings given on the command line, which a restart keeps.
    given: Mapping[str, str] = field(default_factory=dict)


def take(runtime: RuntimePaths, timeout_s: float) -> BinaryIO | None:
    """The lock file, open and locked; None when another process still holds it after `timeout_s`.

    The lock belongs to the open file: whoever inherits its descriptor holds it too, and the kernel lets go of it when
    the last of them is gone, however they went.
    """
    deadline = time.monotonic() + timeout_s
    file = os.fdopen(os.open(runtime.lock_file, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            if time.monotonic() >= deadline:
                file.close()
                return None
            time.sleep(_LOOK_S)


def write(lock: BinaryIO, claim: StackHolder) -> None:
    """Say who holds the lock."""
    lock.seek(0)
    lock.truncate()
    lock.write(json.dumps(asdict(claim)).encode())
    lock.flush()


def read(runtime: RuntimePaths) -> StackHolder | None:
    """What the last holder of the lock said, None when nobody ever did."""
    try:
        return StackHolder(**json.loads(Path(runtime.lock_file).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
