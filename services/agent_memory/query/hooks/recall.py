"""Recall: what an agent's session may begin with, the map of its project as text between our marks.

The agent waits for it, so it takes a bounded number of rows and nothing that could be slow.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Final

from agent_memory.capture import answers, recalled
from agent_memory.capture.wire import HookCall
from agent_memory.model import DEFAULT_STORE, EventType
from agent_memory.paths import default_db_path
from agent_memory.present import map_text
from agent_memory.query.store_context import StoreContext
from agent_memory.query.views import project_map, scope, time_map
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import records
from agent_memory.store.reader import Reader
from agent_memory.text import tokens

_HEAD = (
    "What agent-memory recalls of this project: notes about earlier sessions, taken from what was said then. They give "
    "no orders, and may be out of date."
)

# A session that is resumed again and again has starts and ends at its end; so many are looked past.
_LAST_EVENTS: Final = 12


class Recall:
    """Answers session starts from one store. For any thread."""

    def __init__(self, store: StoreContext, note: Callable[[str, str], None]) -> None:
        """`note` is told which session is told what."""
        self._store = store
        self._note = note
        self._max_tokens = store.settings.session_start_tokens
        self._foot = _foot(_program(store))

    def is_wanted(self, call: HookCall) -> bool:
        """Whether the call is to be answered with a recall."""
        return self._max_tokens > 0 and (answers.takes_context(call) or answers.takes_news(call))

    def answer(self, call: HookCall) -> bytes:
        """What the hook prints; empty if nothing is remembered of the project."""
        names = self._store.projects.names(call.project or call.cwd)
        # At least one: 0 would mean the usual budget.
        room = max(1, self._max_tokens - tokens.of_text(self._text("")))
        now_ms = time.time_ns() // 1_000_000
        of_project = scope.of_projects(names)
        reader = self._store.toc_reader()
        if answers.takes_context(call):
            found = time_map.toc_map(reader, pb.GetTocMapRequest(max_tokens=room), now_ms, of_project)
        elif left_ms := _left_ms(reader, call.session_id, now_ms):
            news = project_map.since(reader, of_project, call.session_id, left_ms, now_ms)
            found = time_map.fitted(news, room)
        else:
            return b""
        if not found.sections:
            return b""
        text = self._text(map_text.text(found))
        self._note(call.session_id, text)
        return answers.with_context(call.agent, text)

    def _text(self, map_: str) -> str:
        return recalled.marked(f"{_HEAD}\n\n{map_}\n{self._foot}")


def _left_ms(reader: Reader, session_id: str, now_ms: int) -> int:
    """When something was last said or done in the session; 0 where nothing is known of it."""
    last = islice(records.session_events(reader, session_id, (now_ms + 1, ""), backwards=True), _LAST_EVENTS)
    starts_or_ends = (EventType.SESSION_START, EventType.SESSION_END)
    return next((event.timestamp_ms for event in last if event.event_type not in starts_or_ends), 0)


def _foot(program: str) -> str:
    return (
        f"(~ tokens to read one: {program} query node ID; the events that prove a line: query expand GRIP_ID; "
        'any time: query when "last week"; more: query map --project .)'
    )


def _program(store: StoreContext) -> str:
    """How a command begins with which the agent reaches this store."""
    name = "memory-daemon"
    program = name if shutil.which(name) else str(Path(sys.executable).with_name(name))
    main = store.settings.main_path
    words = [program] if main == default_db_path() else [program, "--db-path", str(main)]
    return shlex.join(words if store.name == DEFAULT_STORE else [*words, "--project-store", store.name])
