"""A worker that erases, too, in the test's own process, and what must be true when it has."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from agent_memory.bus.client import TIMEOUT_S, Bus
from agent_memory.model import Event
from agent_memory.redaction.event_redactor import EventRedactor
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, erasures, records
from agent_memory.store.codec import ErasureKind, ErasureState
from agent_memory.worker.erasure.erasure import Erasure
from agent_memory.worker.toc.toc import Toc
from support.keeper import BERLIN
from support.search import Searching
from support.stack import wait_until
from support.writer import WriterProcess


class Mortal(Bus):
    """A bus whose process dies after so many commands: the last one is done, and its answer never comes."""

    dies_after: int | None = None
    commands = 0

    def ask(self, command: pb.Command, timeout_s: float = TIMEOUT_S) -> pb.Reply:
        self.raise_if_dead()
        reply = super().ask(command, timeout_s)
        self.commands += 1
        self.raise_if_dead()
        return reply

    def raise_if_dead(self) -> None:
        if self.dies_after is not None and self.commands > self.dies_after:
            raise Died


class Died(Exception):
    """The worker is gone."""


class Eraser(Searching):
    """A worker that keeps the index and erases."""

    def __init__(self, writer: WriterProcess) -> None:
        super().__init__(writer)
        self.mortal = Mortal(writer.runtime.ingest_socket)
        self.toc = Toc(self.reader, self.mortal, BERLIN)
        self.erasure = Erasure(self.reader, self.mortal, self.toc, self.index, writer.db_path, self._redactor)

    def erase(self, events: Iterable[Event], kind: ErasureKind = ErasureKind.FORGET) -> None:
        """Erase these events, to the end."""
        self.begin(list(events), kind)
        self.finish()

    def begin(
        self, events: Collection[Event], kind: ErasureKind = ErasureKind.FORGET, *, keep_summaries: bool = False
    ) -> None:
        """Mark these events, and have them erased by whoever steps."""
        self.reader.catch_up()
        names = [
            pb.EventName(session_id=e.session_id, timestamp_ms=e.timestamp_ms, event_id=e.event_id) for e in events
        ]
        self.bus.ask(pb.Command(mark_events=pb.MarkEvents(afresh=True, events=names, keep_summaries=keep_summaries)))
        number = erasures.state(self.reader).number + 1
        state = ErasureState(number=number, kind=kind, events=len(events), started_ms=self.now_ms)
        self.bus.ask(pb.Command(begin_erasure=pb.BeginErasure(value=codec.to_json(state))))

    def finish(self) -> None:
        """Go on with the erasure until it is done."""
        wait_until(self._is_done)
        self.drain()

    def finish_renewal(self) -> None:
        """Go on until what a backup brought back is erased again."""
        number = erasures.state(self.reader).number
        wait_until(lambda: self._is_done() and erasures.state(self.reader).number > number)
        self.drain()

    def is_cut_off(self) -> bool:
        """Go on until the worker dies; False where it is done before."""
        try:
            wait_until(self._is_done)
        except Died:
            return True
        return False

    def close(self) -> None:
        self.mortal.close()
        super().close()

    def _is_done(self) -> bool:
        # A thread of it may have died.
        self.mortal.raise_if_dead()
        self.reader.catch_up()
        self.erasure.step(self.now_ms)
        self.reader.catch_up()
        return not erasures.state(self.reader).is_running

    def _redactor(self) -> EventRedactor:
        return EventRedactor(records.redaction_key(self.reader), redaction=True, payment_data=False)
