"""Trials: what `hooks test` sends through a hook. Whoever sent it is shown it, and nothing of it is stored."""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from typing import Final

from agent_memory.recent import keep
from agent_memory.rpc import memory_pb2 as pb

_PREFIX: Final = "hooks-test-"
_SESSION: Final = re.compile(rf"{_PREFIX}[0-9a-f]{{16}}")
# Somebody tries a few agents, one after the other, and looks at once.
SESSIONS_MAX: Final = 16
EVENTS_MAX: Final = 16


def new_session() -> str:
    """The id of a session that is only tried."""
    return f"{_PREFIX}{secrets.token_hex(8)}"


def is_trial(session_id: str) -> bool:
    return session_id.startswith(_PREFIX) and _SESSION.fullmatch(session_id) is not None


class Trials:
    """The events of the last trials, in memory. For any thread."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, dict[str, pb.Event]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, event: pb.Event) -> None:
        with self._lock:
            events = keep(self._sessions, event.session_id, self._sessions.get(event.session_id) or {}, SESSIONS_MAX)
            if len(events) < EVENTS_MAX:
                events[event.event_id] = event

    def of(self, session_id: str) -> list[pb.Event]:
        """What came of that trial, in the order of time."""
        with self._lock:
            return sorted(self._sessions.get(session_id, {}).values(), key=lambda event: event.timestamp_ms)
