"""Migrating a store at rest: its rows are rewritten in the newest schema, a page at a time."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Final

from agent_memory.errors import StoreError
from agent_memory.ingest.writer import Group, Writer
from agent_memory.store import codec, directory, keys, migrations, schema
from agent_memory.store.codec import MigrationState

PAGE_ROWS: Final = 500
# What steps rewrite.
_FAMILIES: Final = (schema.TOC_NODES, schema.GRIPS)


def migrate(db_path: Path, from_version: int, show: Callable[[int], None] = lambda done: None) -> int:
    """Rewrite all rows that may be of `from_version` or later; returns how many were.

    Each page is committed with how far it is: whoever is killed goes on there. Raises StoreError, also while a daemon
    has the store open.
    """
    directory.require_store(db_path)
    writer = Writer(db_path)
    try:
        state = codec.migration_state(writer.get(schema.CHECKPOINTS, keys.MIGRATION))
        if state.version != from_version:
            state = MigrationState(from_version)
        for family in _FAMILIES[_FAMILIES.index(state.family) if state.family else 0 :]:
            if family != state.family:
                state = MigrationState(from_version, family, "", state.rewritten)
            while (after := _page(writer, state)) is not None:
                state = after
                show(state.rewritten)
        group = Group(writer)
        group.delete(schema.CHECKPOINTS, keys.MIGRATION)
        writer.commit(group)
        return state.rewritten
    finally:
        writer.close()


def _page(writer: Writer, state: MigrationState) -> MigrationState | None:
    """Rewrite the next page of the family; None where there is none."""
    start = bytes.fromhex(state.after) + b"\0" if state.after else b""
    rows = list(islice(writer.scan(state.family, start, b"\xff"), PAGE_ROWS))
    if not rows:
        return None
    group = Group(writer)
    rewritten = state.rewritten
    for key, value in rows:
        try:
            found = migrations.migrated(state.version, state.family, key, value)
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"The row {key.decode(errors='replace')} of {state.family} can't be read: {error!r}.",
                "Start the daemon and run admin verify --repair, then migrate again.",
            ) from error
        if found != value:
            group.put(state.family, key, found)
            rewritten += 1
    after = MigrationState(state.version, state.family, rows[-1][0].hex(), rewritten)
    group.put(schema.CHECKPOINTS, keys.MIGRATION, codec.to_json(after))
    writer.commit(group)
    return after
