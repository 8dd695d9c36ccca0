"""Maintenance of a store that no daemon serves: a copy, or one at rest."""

from __future__ import annotations

from pathlib import Path

from agent_memory.errors import UsageError
from agent_memory.ingest.writer import Writer
from agent_memory.store import directory, schema


def compact(db_path: Path, column_family: str = "") -> list[str]:
    """Compact one column family, or all; returns their names. Raises StoreError while a daemon has the store open."""
    directory.require_store(db_path)
    if column_family and column_family not in schema.COLUMN_FAMILIES:
        raise UsageError(f"There is no column family {column_family}; there are {', '.join(schema.COLUMN_FAMILIES)}.")
    families = [column_family] if column_family else list(schema.COLUMN_FAMILIES)
    writer = Writer(db_path)
    try:
        for family in families:
            writer.compact(family)
    finally:
        writer.close()
    return families
