"""The append batcher: single events that arrive at the same time go to the writer as one command.

One command costs the bus and the writer little more than one event would. Where no command is under way, events are
sent at once; what comes meanwhile is gathered, and sent when the reply is there. So nobody waits for others to come,
and no thread is needed for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

from agent_memory.bus import client
from agent_memory.bus.client import Bus, raise_if_stalled
from agent_memory.errors import AgentMemoryError
from agent_memory.histogram import SECONDS, Histogram
from agent_memory.query.inbound.intake import Admitted
from agent_memory.rpc import bus_pb2 as bus

log = logging.getLogger(__name__)

GROUP_EVENTS: Final = 256
# A larger event goes alone: it gains nothing from the others, and they would wait for it.
SMALL_BYTES: Final = 16 << 10


class Appended(IntEnum):
    """What became of an event that was sent to the writer."""

    # Its id exists already.
    KNOWN = 0
    CREATED = 1
    # It was erased on request, and is not stored again.
    FORGOTTEN = 2


# What became of each event, or why nothing is known of any.
Outcome: TypeAlias = Sequence[Appended] | AgentMemoryError


@dataclass(frozen=True, slots=True)
class _Handed:
    """Events that were handed in together, and what is to be done with what becomes of them."""

    events: Sequence[Admitted]
    answer: Callable[[Outcome], None]


class AppendBatcher:
    """Stores events, from any thread."""

    def __init__(self, writer: Bus) -> None:
        self._writer = writer
        # How long the writer took, or was waited for in vain.
        self.took = Histogram(SECONDS)
        self._lock = threading.Lock()
        self._gathered: list[_Handed] = []
        # When the command under way was sent; None if there is none.
        self._sent_at: float | None = None

    def append(self, event: Admitted) -> Appended:
        """Store the event, if it is new. Raises what `Bus.ask` raises."""
        if len(event.content) > SMALL_BYTES:
            return self.append_all([event])[0]
        outcomes: list[Outcome] = []
        asleep = threading.Lock()
        asleep.acquire()

        def wake(outcome: Outcome) -> None:
            outcomes.append(outcome)
            asleep.release()

        self.append_soon([event], wake)
        asleep.acquire()
        if isinstance(outcomes[0], AgentMemoryError):
            raise outcomes[0]
        return outcomes[0][0]

    def append_soon(self, events: Sequence[Admitted], answer: Callable[[Outcome], None]) -> None:
        """Store those of a few events that are new; `answer` gets what became of each, or the error that `ask` raises.

        It is called once, by this thread or by the one of the bus, so it must not wait.
        """
        handed = _Handed(events, answer)
        try:
            with self._lock:
                if is_first := self._sent_at is None:
                    self._sent_at = time.monotonic()
                else:
                    raise_if_stalled(self._sent_at)
                    self._gathered.append(handed)
        except AgentMemoryError as error:
            answer(error)
            return
        if is_first:
            self._send([handed])

    def append_all(self, events: Sequence[Admitted]) -> Sequence[Appended]:
        """Store those of the events that are new, together. Raises what `Bus.ask` raises."""
        with self.took.timed():
            return _appended(self._writer.ask(_command(events)))

    def _send(self, group: Sequence[_Handed]) -> None:
        command = _command([event for handed in group for event in handed.events])
        began_s = time.monotonic()

        def ended(outcome: client.Outcome) -> None:
            self.took.observe(time.monotonic() - began_s)
            self._ended(group, outcome)

        try:
            self._writer.send(command, ended)
        except AgentMemoryError as error:
            self._ended(group, error)

    def _ended(self, group: Sequence[_Handed], outcome: client.Outcome) -> None:
        # First, so that the writer has something to do while the callers are answered.
        if following := self._following():
            self._send(following)
        appended = outcome if isinstance(outcome, AgentMemoryError) else _appended(outcome)
        start = 0
        for handed in group:
            stop = start + len(handed.events)
            try:
                handed.answer(appended if isinstance(appended, AgentMemoryError) else appended[start:stop])
            except Exception:
                log.exception("a caller could not be answered")  # the others can
            start = stop

    def _following(self) -> list[_Handed]:
        """What has gathered, as much as makes one command; nothing is under way where there is nothing."""
        with self._lock:
            size = count = 0
            while count < len(self._gathered) and size < GROUP_EVENTS:
                size += len(self._gathered[count].events)
                count += 1
            group, self._gathered = self._gathered[:count], self._gathered[count:]
            self._sent_at = time.monotonic() if group else None
            return group


def _command(events: Sequence[Admitted]) -> bus.Command:
    append = bus.AppendEvents(
        events=[event.content for event in events],
        redacted=[
            bus.Redacted(event=place, counts=event.redacted) for place, event in enumerate(events) if event.redacted
        ],
    )
    return bus.Command(append_events=append)


def _appended(reply: bus.Reply) -> list[Appended]:
    appended = [Appended.CREATED if is_new else Appended.KNOWN for is_new in reply.appended.created]
    for place in reply.appended.forgotten:
        appended[place] = Appended.FORGOTTEN
    return appended
