"""The rows of an erasure: how far it is, which events it is about, and what is never to be stored again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agent_memory.store import codec, keys, records, schema
from agent_memory.store.codec import ErasureState
from agent_memory.store.reader import Reader
from agent_memory.store.records import Position
from agent_memory.store.rows import Rows

# The value of an event's mark where the summary of its segment is to stay.
SUMMARY_STAYS: Final = b"summary"


def state(rows: Rows) -> ErasureState:
    """The erasure that was asked for last."""
    return codec.erasure_state(rows.get(schema.CHECKPOINTS, keys.ERASURE))


def let_go_of_erased(reader: Reader) -> ErasureState:
    """Have the reader close the files that the last erasure has replaced, once that has ended; how far it is."""
    found = state(reader)
    if not found.is_running:
        reader.let_go_after(found.number)
    return found


def marked_sessions(reader: Reader, after: str = "") -> Iterator[str]:
    """The sessions after `after` with events that are to be erased, in order; one seek each."""
    start = keys.after(keys.marks(after)) if after else keys.MARK_PREFIX
    stop = keys.after(keys.MARK_PREFIX)
    return records.names(reader, schema.CHECKPOINTS, start, stop, lambda row: keys.marked(row[0])[0], keys.marks)


def marked_events(reader: Reader, session_id: str, *, summary_stays: bool | None = None) -> Iterator[Position]:
    """The positions of a session's events that are to be erased, in order; only those whose summary stays, or goes."""
    prefix = keys.marks(session_id)
    for key, value in reader.scan(schema.CHECKPOINTS, prefix, keys.after(prefix)):
        if summary_stays in (None, value == SUMMARY_STAYS):
            yield keys.marked(key)[1]


def forgotten_sessions(rows: Rows) -> dict[str, int]:
    """Up to which time, in milliseconds, nothing of a session is stored any more, by session."""
    prefix = keys.FORGOTTEN_SESSION_PREFIX
    found = rows.scan(schema.CHECKPOINTS, prefix, keys.after(prefix))
    return {key[len(prefix) :].decode(): int(value) for key, value in found}
