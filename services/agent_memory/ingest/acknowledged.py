"""How far a store was acknowledged, in a file beside its tables.

RocksDB opens a store whose log was emptied or deleted without a word: all that was in the log alone is missing then.
The file holds the sequence number that RocksDB had reached when the last commit was synced. It is memory that the
kernel writes to disk by itself, so it costs nothing. After a power loss it may be behind the store, but never ahead.
"""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path
from typing import Final

from agent_memory.errors import StoreError
from agent_memory.store.mapped_number import map_number

NAME: Final = "ACKNOWLEDGED"
_SEQUENCE: Final = struct.Struct("<Q")


def recorded_in(db_path: Path) -> int:
    """How far the store at `db_path` was acknowledged, by the file; 0 where there is none."""
    try:
        return int(_SEQUENCE.unpack_from((db_path / NAME).read_bytes())[0])
    except (OSError, struct.error):
        return 0


class Acknowledged:
    """The file of the store at `db_path`, which is made where there is none; raises OSError where it can't be."""

    def __init__(self, db_path: Path) -> None:
        self._path = db_path / NAME
        self._memory, _ = map_number(self._path, create=True)

    def check(self, sequence: int) -> None:
        """Raise StoreError where the store, at `sequence`, is behind what was acknowledged."""
        (acknowledged,) = _SEQUENCE.unpack_from(self._memory)
        if sequence < acknowledged:
            raise StoreError(
                f"The store at {self._path.parent} has lost what was acknowledged: it ends at write {sequence}, and "
                f"{acknowledged} were synced. Its log (*.log in that folder) was emptied, deleted or cut short.",
                "Stop the daemon, put the log back or restore the folder from a backup. To go on without what is "
                f"missing, delete {self._path}.",
                reason="ACKNOWLEDGED_LOST",
            )

    def record(self, sequence: int) -> None:
        """Remember that all writes up to `sequence` are synced."""
        _SEQUENCE.pack_into(self._memory, 0, sequence)

    def close(self) -> None:
        with contextlib.suppress(ValueError):
            self._memory.close()
