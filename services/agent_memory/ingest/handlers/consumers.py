"""Consumers of the outbox: how far each has come, its fence, and the entries that all of them have passed."""

from __future__ import annotations

import re
from typing import Final

from agent_memory.bus import frames
from agent_memory.ingest.handlers.outcome import Outcome, refused
from agent_memory.ingest.writer import Group
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import keys, schema
from agent_memory.store.codec import ConsumerState

# Entries are removed so many at a time: each removal is a row that every read of the outbox looks at.
TRIM_ENTRIES: Final = 10_000
_NAME: Final = re.compile("[a-z0-9-]{1,32}")


def stale(group: Group, consumer: str, expected_commit: int) -> Outcome | None:
    """The refusal of a commit that was computed from an older state of the consumer; None where it may go on."""
    commit = group.consumers.get(consumer, ConsumerState()).commit
    if expected_commit == commit:
        return None
    message = f"Commit {commit} of {consumer} came first; this one was computed from {expected_commit}."
    return Outcome(frames.refused(pb.Refused.STALE, message))


def advance(group: Group, consumer: str, cursor: int) -> int:
    """Move the consumer's cursor, never back, and count its commit; returns the commit's number."""
    was = group.consumers.get(consumer, ConsumerState())
    state = ConsumerState(max(was.cursor, cursor), was.commit + 1)
    group.consumers[consumer] = state
    _trim(group)
    return state.commit


def move_cursor(group: Group, command: pb.Command) -> Outcome:
    """Note how far a consumer has come whose results are kept elsewhere."""
    move = command.move_cursor
    if not _NAME.fullmatch(move.consumer):
        return refused(f"{move.consumer!r} is no name of a consumer: lower-case letters, digits and hyphens make one.")
    if outcome := stale(group, move.consumer, move.expected_commit):
        return outcome
    commit = advance(group, move.consumer, move.cursor)
    return Outcome(pb.Reply(protocol=frames.PROTOCOL, cursor_moved=pb.CursorMoved(commit=commit)))


def _trim(group: Group) -> None:
    """Remove the entries that the slowest consumer has passed.

    The one at its cursor stays: by it a consumer sees that results it keeps elsewhere are of this store's history.
    """
    passed = min(state.cursor for state in group.consumers.values()) - 1
    if passed - group.trimmed >= TRIM_ENTRIES:
        group.delete_range(schema.OUTBOX, keys.outbox(group.trimmed + 1), keys.outbox(passed + 1))
        group.trimmed = passed
