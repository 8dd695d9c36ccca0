"""Consumers of the outbox: each takes in every event once, at its own pace, and remembers how far it has come."""

from __future__ import annotations

import logging
from typing import Final, Protocol

from agent_memory.bus.client import Bus
from agent_memory.process.logs import line
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import records
from agent_memory.store.codec import ConsumerState
from agent_memory.store.reader import Reader
from agent_memory.worker import outbox
from agent_memory.worker.outbox import BATCH_ENTRIES, Batch

log = logging.getLogger(__name__)

# A cursor that is kept elsewhere is reported so often while a backlog is drained: each report costs a commit.
REPORT_ENTRIES: Final = 5_000


class Consumer(Protocol):
    """Makes something of the events, such as the table of contents or an index.

    It commits what it made together with its cursor, behind a fence of its own: a commit that was computed from an
    older state is refused, so nothing is taken in twice.
    """

    @property
    def name(self) -> str:
        """The name by which the store knows it."""

    @property
    def cursor(self) -> int:
        """The last outbox entry it has taken in."""

    def apply(self, batch: Batch, now_ms: int) -> None:
        """Take in these entries; the cursor stands at the last of them then. Raises StaleCommit."""

    def rebuild(self, cursor: int, now_ms: int) -> None:
        """Take in all events there are, because entries were dropped unread; the cursor stands at `cursor` then.

        Raises StaleCommit. It may be done in steps afterwards, if a restart goes on with them.
        """


def feed(consumer: Consumer, reader: Reader, until: int, now_ms: int, entries_max: int = BATCH_ENTRIES) -> bool:
    """Hand the consumer its next entries up to number `until`, or all events where entries are missing.

    Returns whether there was anything.
    """
    if consumer.cursor >= until:
        return False
    batch = outbox.drain(reader, consumer.cursor, until, entries_max)
    if batch.has_gap:
        where = line("outbox has a gap, going through all events", of=consumer.name, cursor=consumer.cursor, to=until)
        log.warning(where)
        consumer.rebuild(until, now_ms)
    else:
        consumer.apply(batch, now_ms)
    return True


class ReportedCursor:
    """The store's row of a consumer that keeps its results, and so its cursor, elsewhere.

    The store removes no entries that the row has not passed. From its first report on the consumer is known.
    """

    def __init__(self, reader: Reader, writer: Bus, name: str) -> None:
        self._reader = reader
        self._writer = writer
        self._name = name
        self.reload()

    def reload(self) -> None:
        """Begin again from what is stored."""
        self._state = records.consumers(self._reader).get(self._name)

    def report(self, cursor: int, until: int) -> None:
        """Let the row say how far the consumer has come, of `until` entries; at once when it has reached the end.

        Raises StaleCommit when somebody else reported first.
        """
        if self._state is not None:
            ahead = cursor - self._state.cursor
            if ahead <= 0 or (ahead < REPORT_ENTRIES and cursor < until):
                return
        expected = self._state.commit if self._state else 0
        move = pb.MoveCursor(consumer=self._name, expected_commit=expected, cursor=cursor)
        reply = self._writer.ask(pb.Command(move_cursor=move))
        self._state = ConsumerState(cursor, reply.cursor_moved.commit)
