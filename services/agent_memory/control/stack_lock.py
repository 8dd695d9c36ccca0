"""The lock of a running stack; the locked file holds a record of its holder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from agent_memory import locks
from agent_memory.paths import LOCK_FILE, RuntimePaths, runtime_folders


@dataclass(frozen=True, slots=True)
class StackHolder:
    """What the holder of the lock says about its stack."""

    db_path: str
    address: str
    version: str
    started_ms: int
    # The settings from the command line, which a restart keeps.
    given: Mapping[str, str] = field(default_factory=dict)


def take(runtime: RuntimePaths, timeout_s: float) -> BinaryIO | None:
    """The lock file, open and locked; None when another process still holds it after `timeout_s`.

    The lock belongs to the open file: a process that inherits the descriptor holds it too, until the last of them ends.
    """
    descriptor = locks.take(runtime.lock_file, timeout_s)
    return None if descriptor is None else os.fdopen(descriptor, "r+b")


def write(lock: BinaryIO, holder: StackHolder) -> None:
    """Write down who holds the lock."""
    lock.seek(0)
    # Over the last record, which needs no room on a full disk, and only then cut off.
    lock.write(json.dumps(asdict(holder)).encode())
    lock.flush()
    lock.truncate()


def rewrite(runtime: RuntimePaths, address: str, version: str, given: Mapping[str, str]) -> None:
    """Write down what has changed of the stack that holds the lock."""
    if (holder := read(runtime)) is not None:
        with runtime.lock_file.open("r+b") as file:
            write(file, replace(holder, address=address, version=version, given=given))


def read(runtime: RuntimePaths) -> StackHolder | None:
    """The record of the last holder, None where there is none."""
    return _record(runtime.lock_file)


def running_stores() -> list[Path]:
    """The stores that stacks of this user and this environment serve now."""
    files = (folder / LOCK_FILE for folder in runtime_folders())
    records = (_record(file) for file in files if locks.is_taken(file))
    return [Path(record.db_path) for record in records if record]


def _record(lock_file: Path) -> StackHolder | None:
    try:
        return StackHolder(**json.loads(lock_file.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
