"""The append batcher: single events that arrive at the same time go to the writer as one command.

One command costs the bus and the writer little more than one event would. A caller that finds no command under way is
the leader: it sends the events that have gathered, its own among them, makes the first caller that came meanwhile the
next leader, and wakes the others with their results. So nobody waits for others to come, and no extra thread is needed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from agent_memory.bus.client import Bus, raise_if_stalled
from agent_memory.query.inbound.intake import Admitted
from agent_memory.rpc import bus_pb2 as bus

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


class AppendBatcher:
    """Stores events, from any thread. The methods raise what `Bus.ask` raises."""

    def __init__(self, writer: Bus) -> None:
        self._writer = writer
        self._lock = threading.Lock()
        self._gathered: list[_Waiter] = []
        # When the command under way was sent; None if there is none.
        self._sent_at: float | None = None

    def append(self, event: Admitted) -> Appended:
        """Store the event, if it is new."""
        if len(event.content) > SMALL_BYTES:
            return self.append_all([event])[0]
        waiter = _Waiter(event)
        with self._lock:
            if is_first := self._sent_at is None:
                self._sent_at = time.monotonic()
            else:
                raise_if_stalled(self._sent_at)
            self._gathered.append(waiter)
        if is_first or waiter.wait():
            self._lead()
        return waiter.outcome()

    def append_all(self, events: Sequence[Admitted]) -> Sequence[Appended]:
        """Store those of the events that are new, together."""
        append = bus.AppendEvents(
            events=[event.content for event in events],
            redacted=[
                bus.Redacted(event=place, counts=event.redacted) for place, event in enumerate(events) if event.redacted
            ],
        )
        reply = self._writer.ask(bus.Command(append_events=append)).appended
        appended = [Appended(is_new) for is_new in reply.created]
        for place in reply.forgotten:
            appended[place] = Appended.FORGOTTEN
        return appended

    def _lead(self) -> None:
        with self._lock:
            group, self._gathered = self._gathered[:GROUP_EVENTS], self._gathered[GROUP_EVENTS:]
        try:
            for waiter, appended in zip(group, self.append_all([waiter.event for waiter in group]), strict=True):
                waiter.appended = appended
        except Exception as error:
            for waiter in group:
                waiter.error = error
        with self._lock:
            following = self._gathered[0] if self._gathered else None
            self._sent_at = time.monotonic() if following else None
        if following:
            following.leads = True
            following.wake()
        for waiter in group:
            waiter.wake()


class _Waiter:
    """One caller's event and its result. A bare lock wakes the caller: a Future costs three times as much."""

    __slots__ = ("_asleep", "appended", "error", "event", "leads")

    def __init__(self, event: Admitted) -> None:
        self.event = event
        self.appended = Appended.KNOWN
        self.error: Exception | None = None
        self.leads = False
        self._asleep = threading.Lock()
        self._asleep.acquire()

    def wait(self) -> bool:
        """Wait until the event was sent, or until this caller has to send it: True then."""
        self._asleep.acquire()
        return self.leads

    def wake(self) -> None:
        self._asleep.release()

    def outcome(self) -> Appended:
        """What became of the event; raises the error that kept it from being stored."""
        if self.error is not None:
            raise self.error
        return self.appended
