"""Stores of an earlier program: the same column families and keys, but the values of events are JSON.

Only read. Its nodes and excerpts are left where they are: they are made again from the events.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rocksdict import AccessType, Options, Rdict

from agent_memory.errors import StoreError, UsageError
from agent_memory.store import directory, keys, schema
from agent_memory.store.reader import view_of


@contextmanager
def values_of(path: Path) -> Iterator[Iterator[bytes]]:
    """The values of the events in the store at `path`, in order of time.

    Raises UsageError where it is a store of ours, StoreMissing, StoreError where it can't be read. Touches nothing.
    """
    directory.require_store(path)
    with tempfile.TemporaryDirectory(prefix="agent-memory-") as scratch:
        view = view_of(path, Path(scratch))
        raw = Options(raw_mode=True)
        try:
            families = {name: Options(raw_mode=True) for name in Rdict.list_cf(str(view), raw)}
            store = Rdict(str(view), raw, families, AccessType.read_only(False))
        except Exception as error:  # rocksdict raises bare Exception
            raise StoreError(f"The store at {path} can't be read: {directory.said(error)}.") from error
        try:
            if schema.EVENTS not in families:
                raise StoreError(f"The store at {path} has no events.", "Name an earlier program's store.")
            if schema.CHECKPOINTS in families and store.get_column_family(schema.CHECKPOINTS).get(keys.STORE):
                raise UsageError(
                    f"{path} is a store of agent-memory itself.", "Use admin restore for a backup, or admin export."
                )
            yield _values(store.get_column_family(schema.EVENTS))
        finally:
            store.close()


def _values(events: Rdict) -> Iterator[bytes]:
    rows = events.iter()
    rows.seek(keys.EVENT_PREFIX)
    while rows.valid() and bytes(rows.key()).startswith(keys.EVENT_PREFIX):
        yield bytes(rows.value())
        rows.next()
