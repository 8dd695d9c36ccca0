"""Goose's database, `sessions.db`: sessions, and their messages in order; a tool's result is a message of the user's.

It has the times of messages in seconds, and no ids that hooks are given but those of tool calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Final

from agent_memory.agents.agent import TranscriptHead
from agent_memory.agents.databases import Complain, Database, is_database, object_in
from agent_memory.agents.payload import Payload, object_of, parsed, text_of
from agent_memory.agents.replayed_call import ReplayedCall, known_calls
from agent_memory.agents.timestamps import timestamp_ms
from agent_memory.errors import InvalidEvent

DATABASE: Final = "sessions.db"

_SESSIONS: Final = "SELECT id, working_dir FROM sessions ORDER BY created_at, id"
_MESSAGES: Final = (
    "SELECT role, content_json, created_timestamp, metadata_json FROM messages WHERE session_id = ? ORDER BY id"
)
# No other agent's database has columns of these names.
_COLUMNS: Final = (b"content_json", b"created_timestamp")


def recognises(head: TranscriptHead) -> bool:
    return is_database(head) and all(name in head.data for name in _COLUMNS)


def sessions(database: Database, complain: Complain) -> Iterator[tuple[int, ReplayedCall]]:
    """The calls of hooks, session by session."""
    for number, (session_id, folder) in enumerate(database.execute(_SESSIONS).fetchall(), start=1):
        of_session = partial(complain, number)
        session = _Session(str(session_id), str(folder or ""))
        for row in database.execute(_MESSAGES, (session_id,)):
            parts, metadata = _parts(row[1]), object_in(row[3]) or {}
            if parts is None:
                of_session(f"a message of session {session_id} is not JSON")
            elif metadata.get("userVisible", True):
                calls = known_calls(session.take(row[0], parts, row[2]), of_session)
                yield from ((number, call) for call in calls)


class _Session:
    """Reads one session, message by message."""

    def __init__(self, session_id: str, folder: str) -> None:
        self._session_id, self._folder = session_id, folder
        self._at_ms = 0
        # Calls that wait for their results, by id.
        self._calls: dict[str, Payload] = {}

    def take(self, role: str, parts: list[Payload], created: object) -> Iterator[ReplayedCall]:
        has_begun = bool(self._at_ms)
        # Messages of the same second stay in order. Later versions count in milliseconds.
        self._at_ms = max(timestamp_ms(created) or 0, self._at_ms + 1)
        if not has_begun:
            yield self._call("SessionStart")
        for part in parts:
            if part.get("type") == "toolRequest":
                self._calls[text_of(part, "id")] = object_of(object_of(part, "toolCall"), "value")
            elif part.get("type") == "toolResponse":
                yield from self._result(text_of(part, "id"), object_of(part, "toolResult"))
        text = "\n".join(text_of(part, "text") for part in parts if part.get("type") == "text")
        if not text.strip():
            return
        if role == "user":
            yield self._call("UserPromptSubmit", message=text)
        else:
            # A message that calls no tool is the last of its turn.
            goes_on = any(part.get("type") == "toolRequest" for part in parts)
            yield self._call("AssistantMessage" if goes_on else "Stop", last_assistant_message=text)

    def _result(self, call_id: str, result: Payload) -> Iterator[ReplayedCall]:
        call = self._calls.pop(call_id, None)
        if call is None:
            return
        value = result.get("value")
        failed = result.get("status") == "error" or (isinstance(value, dict) and value.get("isError") is True)
        yield self._call(
            "PostToolUseFailure" if failed else "PostToolUse",
            tool_call_id=call_id,
            tool_name=call.get("name"),
            tool_input=call.get("arguments"),
            tool_output=result.get("error") if value is None else value,
        )

    def _call(self, event: str, **fields: object) -> ReplayedCall:
        payload = {
            "event": event,
            "session_id": self._session_id,
            "matcher_context": None,
            "working_dir": self._folder,
            "timestamp": self._at_ms,
            **fields,
        }
        return ReplayedCall(payload, self._at_ms, project=self._folder)


def _parts(content: object) -> list[Payload] | None:
    with suppress(InvalidEvent):
        value = parsed(str(content))
        if isinstance(value, list):
            return [part for part in value if isinstance(part, dict)]
    return None
