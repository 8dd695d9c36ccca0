"""The way of events to the writer. Single ones that come at the same time go as one command, which costs the bus and
the writer little more than one of them would.

Whoever finds no such command under way leads: it sends what has gathered, its own event among it, has the first of
those that came meanwhile lead next, and tells the others how theirs went. So nobody waits for company to come, and no
thread of its own is needed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Final

from agent_memory.bus.client import Bus, raise_if_stalled
from agent_memory.query.inbound.intake import Admitted
from agent_memory.rpc import bus_pb2 as bus

GROUP_EVENTS: Final = 256
# What is larger goes alone: it gains nothing by company, and company would wait for it.
SMALL_BYTES: Final = 16 << 10


class AppendBatcher:
    """Stores events, from any thread. The methods raise what `Bus.ask` raises."""

    def __init__(self, writer: Bus) -> None:
        self._writer = writer
        self._lock = threading.Lock()
        self._gathered: list[_Waiter] = []
        # When the command under way was sent; None without one.
        self._sent_at: float | None = None

    def append(self, event: Admitted) -> bool:
        """Store the event; False when its id was taken."""
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

    def append_all(self, events: Sequence[Admitted]) -> Sequence[bool]:
        """Store the events together; False for each whose id was taken."""
        append = bus.AppendEvents(
            events=[event.content for event in events],
            redacted=[
                bus.Redacted(event=place, counts=event.redacted) for place, event in enumerate(events) if event.redacted
            ],
        )
        return self._writer.ask(bus.Command(append_events=append)).appended.created

    def _lead(self) -> None:
        with self._lock:
            group, self._gathered = self._gathered[:GROUP_EVENTS], self._gathered[GROUP_EVENTS:]
        try:
            created = self.append_all([waiter.event for waiter in group])
            for waiter, is_new in zip(group, created, strict=True):
                waiter.created = is_new
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
    """One caller's event and what becomes of it. A bare lock wakes the caller: a Future costs three times as much."""

    __slots__ = ("_asleep", "created", "error", "event", "leads")

    def __init__(self, event: Admitted) -> None:
        self.event = event
        self.created = False
        self.error: Exception | None = None
        self.leads = False
        self._asleep = threading.Lock()
        self._asleep.acquire()

    def wait(self) -> bool:
        """Wait until the event went its way, or until it is this caller who is to send it: True then."""
        self._asleep.acquire()
        return self.leads

    def wake(self) -> None:
        self._asleep.release()

    def outcome(self) -> bool:
        """Whether the event was stored; raises what went wrong."""
        if self.error is not None:
            raise self.error
        return self.created
