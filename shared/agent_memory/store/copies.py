"""Copies: events that a fork's transcript repeats, although the store has them under the session they were said in.

Where the transcript itself does not show it, and the one that it was copied from is gone, still being written or in
another folder, the ids of the turns do: no two turns have the same UUID.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from agent_memory.model import Event
from agent_memory.recent import keep
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store.keys import TIMESTAMP_MAX_MS

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# What is stored may be from hooks, which have another clock than the transcript.
_NEAR_MS: Final = 60_000
_PAGE_EVENTS: Final = 500
# Sessions whose beginnings are known: one that is forgotten is asked about again.
SESSIONS_MAX: Final = 256

# Of an event: its turn, its role, and the id of its tool's call or what stands for its words.
_Content: TypeAlias = tuple[str, int, str | int]
AskEvents = Callable[[pb.GetEventsRequest], pb.GetEventsResponse]


@dataclass(slots=True)
class _Beginning:
    """The turns of other sessions that a session begins with, and the first that is its own, once there is one."""

    turns: set[str] = field(default_factory=set)
    # What is stored of those turns.
    contents: set[_Content] = field(default_factory=set)
    own_turn: str = ""


class Copies:
    """Asks the store about the beginnings of sessions. For any thread."""

    def __init__(self, ask: AskEvents, *, of_whole_turns: bool = False) -> None:
        """`of_whole_turns`: where a part of a turn is stored, the rest of it is still to come under its own session."""
        self._ask = ask
        self._of_whole_turns = of_whole_turns
        self._sessions: OrderedDict[str, _Beginning] = OrderedDict()
        self._lock = threading.Lock()

    def has(self, event: Event) -> bool:
        """Whether the event is a copy of what another session's events in the store tell."""
        turn_id = event.metadata.get("prompt_id", "")
        if not _UUID.fullmatch(turn_id):
            return False
        with self._lock:
            beginning = self._beginning(event.session_id)
            if beginning.own_turn:
                return False
            if turn_id not in beginning.turns:
                for session_id in self._sessions_of(turn_id, event):
                    self._add_turns(beginning, session_id)
                if turn_id not in beginning.turns:
                    beginning.own_turn = turn_id
            if self._of_whole_turns:
                return turn_id in beginning.turns
            # Of a turn that is stored in part, the rest is news.
            return _content(event.metadata, event.role, event.text) in beginning.contents

    def _beginning(self, session_id: str) -> _Beginning:
        return keep(self._sessions, session_id, self._sessions.get(session_id) or _Beginning(), SESSIONS_MAX)

    def _sessions_of(self, turn_id: str, event: Event) -> set[str]:
        """The other sessions with that turn, about that time."""
        from_ms, to_ms = max(0, event.timestamp_ms - _NEAR_MS), event.timestamp_ms + _NEAR_MS
        near = self._events(pb.GetEventsRequest(from_timestamp_ms=from_ms, to_timestamp_ms=to_ms, limit=_PAGE_EVENTS))
        return {each.session_id for each in near if each.metadata.get("prompt_id") == turn_id} - {event.session_id}

    def _add_turns(self, beginning: _Beginning, session_id: str) -> None:
        of_session = pb.GetEventsRequest(session_id=session_id, to_timestamp_ms=TIMESTAMP_MAX_MS, limit=_PAGE_EVENTS)
        for each in self._events(of_session):
            if turn_id := each.metadata.get("prompt_id", ""):
                beginning.turns.add(turn_id)
                beginning.contents.add(_content(each.metadata, each.role, each.text))

    def _events(self, request: pb.GetEventsRequest) -> Iterator[pb.Event]:
        while True:
            page = self._ask(request)
            yield from page.events
            if not page.has_more:
                return
            request.cursor = page.cursor


def _content(metadata: Mapping[str, str], role: int, text: str) -> _Content:
    """What an event and its copy have in common, besides their turn."""
    use_id = metadata.get("tool_use_id", "")
    return metadata.get("prompt_id", ""), int(role), use_id or hash(" ".join(text.split()))
