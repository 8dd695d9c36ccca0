"""Importing: events on their way into the daemon, in batches, with a count of what was new to it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

from agent_memory.agents.replayed_call import Broken
from agent_memory.backfill.report import Report, Tally
from agent_memory.capture.privacy.private import without
from agent_memory.client import Client
from agent_memory.errors import WriterUnavailable
from agent_memory.ids import NO_TIME, timed_apart
from agent_memory.model import Event
from agent_memory.recent import keep
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store.copies import Copies
from agent_memory.store.keys import TIMESTAMP_MAX_MS

# The daemon's limit for one call; the characters keep a batch of long events below a message's limit.
BATCH_MAX_EVENTS: Final = 500
BATCH_MAX_CHARACTERS: Final = 2 << 20
# A daemon that restarts, or has too much to do, is waited for: longer each time.
TRIES: Final = 8
FIRST_WAIT_S: Final = 0.25
# A hook's time and a transcript's may be this far apart for one event: as long as all hooks of a call may take.
NEAR_MS: Final = 60_000
_PAGE_EVENTS: Final = 500
# Sessions whose stored ids are known at once: a history may have many under way at one time.
_SESSIONS: Final = 64
# Stands where a secret stood.
_TAKEN_OUT: Final = "[redacted:"

_Ids: TypeAlias = dict[str, list[tuple[int, str]]]


class Importer:
    """Sends events to a daemon; without one, it only counts."""

    def __init__(self, client: Client | None, report: Report, *, names_events: bool = False) -> None:
        """With `names_events`, the ids come from elsewhere: an event under another one's id is reported as refused."""
        self._client = client
        self._report = report
        self._names_events = names_events
        self._batch: list[tuple[Event, Tally]] = []
        self._characters = 0
        self._stored = _Stored(client) if client else None
        self._copies = Copies(client.events) if client else None
        # A batch is on its way while the next is read: each keeps a processor busy.
        self._sender = ThreadPoolExecutor(1, "import")
        self._sending: tuple[list[tuple[Event, Tally]], Future[list[pb.IngestResult]]] | None = None

    def take(self, events: Iterable[Event], tally: Tally) -> None:
        """Take these events in; `flush` sends the last of them."""
        for event in events:
            tally.events += 1
            tally.sessions.setdefault(event.session_id, False)
            if self._stored is None or self._copies is None:
                continue
            if self._copies.has(event):
                tally.known += 1
                continue
            self._batch.append((self._stored.same(event), tally))
            self._characters += len(event.text)
            if len(self._batch) >= BATCH_MAX_EVENTS or self._characters >= BATCH_MAX_CHARACTERS:
                self._send()

    def flush(self) -> None:
        """Send what waits; returns once it is on disk. Raises WriterUnavailable, NotRunning; it may be called again."""
        self._send()
        self._settle()

    def _send(self) -> None:
        """Send the batch, once the one before it is on disk."""
        self._settle()
        batch, self._batch, self._characters = self._batch, [], 0
        if batch and self._client is not None:
            self._sending = batch, self._sender.submit(_sent, self._client, [event for event, _ in batch])

    def _settle(self) -> None:
        """Wait for the batch that is on its way, and count what became of it."""
        sending, self._sending = self._sending, None
        if sending is None:
            return
        for (event, tally), result in zip(sending[0], sending[1].result(), strict=True):
            if result.error:
                tally.refused += 1
                self._report.add_broken(Broken(Path(event.session_id), 0, result.error))
            elif result.ignored:
                tally.ignored += 1
            elif result.created:
                tally.stored += 1
                tally.touched.add(event.session_id)
            elif self._is_anothers_id(event):
                tally.refused += 1
                reason = f"another event is stored as {event.event_id!r}; this one was left out"
                self._report.add_broken(Broken(Path(event.session_id), 0, reason))
            else:
                tally.known += 1
                tally.sessions[event.session_id] = True

    def _is_anothers_id(self, event: Event) -> bool:
        """Whether an event that says something else is stored under that id."""
        # An id that is derived from what the event says is nobody else's.
        if self._client is None or not self._names_events or timed_apart(event.event_id)[0] == NO_TIME:
            return False
        stored = self._client.event(event.event_id).event
        if not stored.event_id:
            return False
        # What was taken out on the way in is no difference.
        is_whole = _TAKEN_OUT not in stored.text and without(event.text) == event.text
        return stored.timestamp_ms != event.timestamp_ms or (is_whole and stored.text != event.text)


class _Stored:
    """Finds the stored event that is the same as one of a transcript, where their ids differ only in a time.

    A hook and a transcript report one event at slightly different times: the nearest stored event counts as the same,
    and each only once.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        # By session: by the part that the ids of one event share, its times and its ids.
        self._sessions: OrderedDict[str, _Ids] = OrderedDict()

    def same(self, event: Event) -> Event:
        """The event, under the id that it is stored under."""
        time_part, name = timed_apart(event.event_id)
        if time_part == NO_TIME:
            return event
        known = self._sessions.get(event.session_id)
        ids = keep(
            self._sessions, event.session_id, self._read(event.session_id) if known is None else known, _SESSIONS
        )
        near = [each for each in ids.get(name, ()) if abs(each[0] - event.timestamp_ms) <= NEAR_MS]
        if not near:
            return event
        found = min(near, key=lambda each: abs(each[0] - event.timestamp_ms))
        ids[name].remove(found)
        return replace(event, event_id=found[1])

    def _read(self, session_id: str) -> _Ids:
        ids: _Ids = {}
        request = pb.GetEventsRequest(session_id=session_id, to_timestamp_ms=TIMESTAMP_MAX_MS, limit=_PAGE_EVENTS)
        while True:
            page = self._client.events(request)
            for event in page.events:
                time_part, name = timed_apart(event.event_id)
                if time_part != NO_TIME:
                    ids.setdefault(name, []).append((event.timestamp_ms, event.event_id))
            if not page.has_more:
                return ids
            request.cursor = page.cursor


def _sent(client: Client, events: list[Event]) -> list[pb.IngestResult]:
    wait_s = FIRST_WAIT_S
    for _ in range(TRIES - 1):
        try:
            return client.ingest_many(events)
        except WriterUnavailable:
            # It stores no event twice. A query service that is gone raises another error, which ends the command.
            time.sleep(wait_s)
            wait_s *= 2
    return client.ingest_many(events)
