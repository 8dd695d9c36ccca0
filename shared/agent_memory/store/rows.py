"""The rows of an open store: reading one, many, or a range of them, the same for the writer and for every reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from rocksdict import AccessType, Rdict

from agent_memory.memory_profile import USUAL, MemoryProfile
from agent_memory.store import directory, schema


class Rows:
    """The column families of the store at `db_path`, once `_connect` has opened it. Threads may share it.

    Every method raises StoreError where a block that it reads is damaged.
    """

    def __init__(self, db_path: Path, cache_bytes: int, memory: MemoryProfile = USUAL) -> None:
        self._db_path = db_path
        self._cache_bytes = cache_bytes
        self._memory_profile = memory
        self._db: Rdict
        self._families: dict[str, Rdict] = {}

    def get(self, family: str, key: bytes) -> bytes | None:
        """The row's value, or None."""
        try:
            value: bytes | None = self._families[family].get(key)
        except Exception as error:  # rocksdict raises bare Exception
            raise directory.damaged(self._db_path, family, error) from error
        return value

    def get_many(self, family: str, keys: list[bytes]) -> list[bytes | None]:
        """The rows' values in the order of their keys, None where there is no row."""
        try:
            # The cast: rocksdict's stub wants an invariant list of unions.
            return cast("list[bytes | None]", self._families[family].get(cast("list[Any]", keys))) if keys else []
        except Exception as error:  # rocksdict raises bare Exception
            raise directory.damaged(self._db_path, family, error) from error

    def scan(self, family: str, start: bytes, stop: bytes, *, backwards: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """Rows with `start <= key < stop` in key order, or from the end; a consistent view as of the first."""
        # Bounds are compared here: those of ReadOptions dangle (they read freed memory) in rocksdict 0.3.29.
        rows = self._families[family].iter()
        if backwards:
            rows.seek_for_prev(stop)
            if rows.valid() and rows.key() >= stop:
                rows.prev()
        else:
            rows.seek(start)
        step = rows.prev if backwards else rows.next
        while rows.valid():
            key: bytes = rows.key()
            if key < start or key >= stop:
                break
            yield key, rows.value()
            step()
        try:
            # An iterator by itself reports a damaged block as the end.
            rows.status()
        except Exception as error:  # rocksdict raises bare Exception
            raise directory.damaged(self._db_path, family, error) from error

    def entries(self, family: str, prefixes: tuple[bytes, ...]) -> int:
        """How many entries the files and the memory hold of a family whose last keys have one of these prefixes.

        Removals count against what they remove. More entries than rows are what no read shows any more: overwritten
        values, and rows of which only the removal is seen.
        """
        try:
            files = [file for file in self._db.live_files() if file["end_key"].startswith(prefixes)]
            entries: int = sum(file["num_entries"] - file["num_deletions"] for file in files)
            for where in ("active-mem-table", "imm-mem-tables"):
                entries += self._families[family].property_int_value(f"rocksdb.num-entries-{where}") or 0
                entries -= self._families[family].property_int_value(f"rocksdb.num-deletes-{where}") or 0
            return entries
        except Exception as error:  # rocksdict raises bare Exception
            raise directory.damaged(self._db_path, family, error) from error

    def _connect(self, access: AccessType | None = None, view: Path | None = None) -> None:
        """Open the store for writing, or with the `access` of a reader; raises RocksDB's bare Exception.

        `view` is a folder that stands for the store's.
        """
        database, families = schema.options(
            self._cache_bytes, read_only=access is not None, memory=self._memory_profile
        )
        self._db = Rdict(str(view or self._db_path), database, families, access or AccessType.read_write())
        self._families = {name: self._db.get_column_family(name) for name in schema.COLUMN_FAMILIES}

    def _disconnect(self) -> None:
        """Close the store if it is open; raises RocksDB's bare Exception with what it failed at before."""
        if not self._families:
            return
        # First the families: one that lives would keep the store open, and its lock.
        self._families.clear()
        self._db.close()
