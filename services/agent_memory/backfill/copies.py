"""Copies: events that a fork's transcript repeats, although the store has them under the session they were said in.

Where the transcript itself does not show it, and the one that it was copied from is gone or in another folder, the ids
of the turns do: those that are UUIDs are no two turns'.
"""

from __future__ import annotations

import re
from typing import Final

from agent_memory.client import Client
from agent_memory.model import Event
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store.keys import TIMESTAMP_MAX_MS

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# The hook that told of it first had another clock than the transcript.
_NEAR_MS: Final = 60_000
_PAGE_EVENTS: Final = 500


class Copies:
    """Asks the store about the beginnings of sessions, one after the other."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._session_id = ""
        # The turns of other sessions that this one begins with, and whether it may go on with more of them.
        self._turns: set[str] = set()
        self._own_turn = ""

    def has(self, event: Event) -> bool:
        """Whether the event is a copy of what another session's events in the store tell."""
        turn_id = event.metadata.get("prompt_id", "")
        if event.session_id != self._session_id:
            self._session_id, self._turns, self._own_turn = event.session_id, set(), ""
        if not _UUID.fullmatch(turn_id) or self._own_turn:
            return False
        if turn_id not in self._turns:
            for session_id in self._sessions_of(turn_id, event.timestamp_ms):
                self._turns |= self._turns_of(session_id)
            if turn_id not in self._turns:
                self._own_turn = turn_id
        return turn_id in self._turns

    def _sessions_of(self, turn_id: str, at_ms: int) -> set[str]:
        """The other sessions with that turn, about that time."""
        request = pb.GetEventsRequest(
            from_timestamp_ms=max(0, at_ms - _NEAR_MS), to_timestamp_ms=at_ms + _NEAR_MS, limit=_PAGE_EVENTS
        )
        found = self._client.events(request).events
        with_turn = {event.session_id for event in found if event.metadata.get("prompt_id") == turn_id}
        return with_turn - {self._session_id}

    def _turns_of(self, session_id: str) -> set[str]:
        request = pb.GetEventsRequest(session_id=session_id, to_timestamp_ms=TIMESTAMP_MAX_MS, limit=_PAGE_EVENTS)
        turns: set[str] = set()
        while True:
            page = self._client.events(request)
            turns |= {event.metadata["prompt_id"] for event in page.events if "prompt_id" in event.metadata}
            if not page.has_more:
                return turns
            request.cursor = page.cursor
