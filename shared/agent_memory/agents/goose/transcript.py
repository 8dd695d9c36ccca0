"""Goose's database, `sessions.db`: sessions, and their messages in order; a tool's result is a message of the user's.

It has the times of messages in seconds, and no ids that hooks are given but those of tool calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Final

from agent_memory.agents.agent import TranscriptHead
from agent_memory.agents.payload import Payload, object_of, parsed, text_of
from agent_memory.agents.replayed_call import Advance, Broken, ReplayedCall, Report, known_calls
from agent_memory.agents.timestamps import timestamp_ms
from agent_memory.errors import InvalidEvent

DATABASE: Final = "sessions.db"

_SESSIONS: Final = "SELECT id, working_dir FROM sessions ORDER BY created_at, id"
_MESSAGES: Final = (
    "SELECT role, content_json, created_timestamp, metadata_json FROM messages WHERE session_id = ? ORDER BY id"
)
_WAIT_S: Final = 5.0
_SQLITE: Final = b"SQLite format 3\0"
# No other agent's database has columns of these names.
_COLUMNS: Final = (b"content_json", b"created_timestamp")


def recognises(head: TranscriptHead) -> bool:
    return head.data.startswith(_SQLITE) and all(name in head.data for name in _COLUMNS)


def replay(path: Path, report: Report, advance: Advance) -> Iterator[tuple[int, ReplayedCall]]:
    """The calls of hooks, session by session, each with the number of its session: a database has no lines."""
    import sqlite3

    try:
        # Read only: the database belongs to a program that may be running.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", timeout=_WAIT_S, uri=True)) as database:
            for number, (session_id, folder) in enumerate(database.execute(_SESSIONS).fetchall(), start=1):
                complain = partial(_complain, report, path, number)
                session = _Session(str(session_id), str(folder or ""))
                for row in database.execute(_MESSAGES, (session_id,)):
                    parts, metadata = _parts(row[1]), _object(row[3])
                    if parts is None:
                        complain(f"a message of session {session_id} is not JSON")
                    elif metadata.get("userVisible", True):
                        calls = known_calls(session.take(row[0], parts, row[2]), complain)
                        yield from ((number, call) for call in calls)
        advance(path.stat().st_size)
    except (sqlite3.Error, OSError) as error:
        report(Broken(path, 0, str(error)))


def _complain(report: Report, path: Path, session: int, reason: str) -> None:
    report(Broken(path, session, reason))


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


def _object(content: object) -> Payload:
    with suppress(InvalidEvent):
        value = parsed(str(content))
        if isinstance(value, dict):
            return value
    return {}
