"""opencode's database, `opencode.db`: sessions, their messages, and the parts of these, with the ids that hooks get."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agent_memory.agents.agent import TranscriptHead
from agent_memory.agents.payload import Payload, object_of
from agent_memory.agents.replayed_call import Advance, Broken, ReplayedCall, Report

if TYPE_CHECKING:  # only imports of history need it
    import sqlite3

DATABASE: Final = "opencode.db"

_SESSIONS: Final = "SELECT id, parent_id, directory, agent, time_created FROM session ORDER BY time_created, id"
_PARTS: Final = (
    "SELECT m.id, m.data, p.id, p.data, p.time_created FROM message m JOIN part p ON p.message_id = m.id"
    " WHERE m.session_id = ? ORDER BY m.time_created, m.id, p.id"
)
_WAIT_S: Final = 5.0
_SQLITE: Final = b"SQLite format 3\0"
# No other agent's database has a table of that name.
_MESSAGES: Final = re.compile(rb"CREATE TABLE .?message\b")


def recognises(head: TranscriptHead) -> bool:
    # The tables' definitions may still be in the database's log, beside it.
    return head.data.startswith(_SQLITE) and (head.name == DATABASE or _MESSAGES.search(head.data) is not None)


def replay(path: Path, report: Report, advance: Advance) -> Iterator[tuple[int, ReplayedCall]]:
    """The calls of our plugin, session by session; parents come before their subagents.

    Each with the number of its session: a database has no lines.
    """
    import sqlite3

    try:
        # Read only: the database belongs to a program that may be running.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", timeout=_WAIT_S, uri=True)) as database:
            sessions = database.execute(_SESSIONS).fetchall()
            for number, row in enumerate(sessions, start=1):
                calls = _session(database, row, partial(_complain, report, path, number))
                yield from ((number, call) for call in calls)
        advance(path.stat().st_size)
    except (sqlite3.Error, OSError) as error:
        report(Broken(path, 0, str(error)))


def _complain(report: Report, path: Path, session: int, reason: str) -> None:
    report(Broken(path, session, reason))


def _session(
    database: sqlite3.Connection, row: tuple[str, str, str, str, int], report: Callable[[str], None]
) -> Iterator[ReplayedCall]:
    session_id, parent_id, directory, agent, created_ms = row
    info = {
        "id": session_id,
        "parentID": parent_id,
        "directory": directory,
        "agent": agent,
        "time": {"created": created_ms},
    }
    yield _event("session.created", {"info": info}, created_ms, directory)
    prompt: _Prompt | None = None
    for message_id, message_data, part_id, part_data, at_ms in database.execute(_PARTS, (session_id,)):
        message, part = _object(message_data), _object(part_data)
        if message is None or part is None:
            report(f"part {part_id} of session {session_id} is not JSON")
            continue
        if prompt is not None and prompt.message_id != message_id:
            yield prompt.call(session_id, directory)
            prompt = None
        if message.get("role") == "user":
            prompt = prompt or _Prompt(message_id, message)
            prompt.parts.append(part)
        else:
            yield from _said(session_id, message_id, part_id, part, at_ms, directory)
    if prompt is not None:
        yield prompt.call(session_id, directory)


class _Prompt:
    """A user's message, whose parts come one by one."""

    def __init__(self, message_id: str, message: Payload) -> None:
        self.message_id = message_id
        self.parts: list[Payload] = []
        self._message = message

    def call(self, session_id: str, directory: str) -> ReplayedCall:
        created = object_of(self._message, "time").get("created")
        message = {
            "id": self.message_id,
            "sessionID": session_id,
            "time": {"created": created},
            "model": self._message.get("model"),
        }
        texts = [part for part in self.parts if part.get("type") == "text"]
        payload = {
            "hook": "chat.message",
            "input": {"sessionID": session_id},
            "output": {"message": message, "parts": texts},
            "directory": directory,
        }
        return ReplayedCall(payload, created if isinstance(created, int) else 0, project=directory)


def _said(
    session_id: str, message_id: str, part_id: str, part: Payload, at_ms: int, directory: str
) -> Iterator[ReplayedCall]:
    """The plugin's call for a part of the assistant's message that is complete."""
    match part.get("type"):
        case "text":
            ids = {"sessionID": session_id, "messageID": message_id, "partID": part_id}
            payload = {
                "hook": "experimental.text.complete",
                "input": ids,
                "output": {"text": part.get("text")},
                "directory": directory,
            }
            yield ReplayedCall(payload, _end_ms(part, at_ms), project=directory)
        case "tool":
            state = object_of(part, "state")
            ended_ms = _end_ms(state, at_ms)
            if state.get("status") == "completed":
                called = {
                    "tool": part.get("tool"),
                    "sessionID": session_id,
                    "callID": part.get("callID"),
                    "args": state.get("input"),
                }
                payload = {
                    "hook": "tool.execute.after",
                    "input": called,
                    "output": {"output": state.get("output"), "metadata": state.get("metadata")},
                    "directory": directory,
                }
                yield ReplayedCall(payload, ended_ms, project=directory)
            elif state.get("status") == "error":
                yield _event("message.part.updated", {"part": {**part, "sessionID": session_id}}, ended_ms, directory)


def _event(kind: str, properties: Payload, at_ms: int, directory: str) -> ReplayedCall:
    event = {"type": kind, "properties": properties}
    payload = {"hook": "event", "input": {"event": event}, "directory": directory}
    return ReplayedCall(payload, at_ms, project=directory)


def _end_ms(timed: Payload, fallback_ms: int) -> int:
    end = object_of(timed, "time").get("end")
    return end if isinstance(end, int) else fallback_ms


def _object(data: str) -> Payload | None:
    with suppress(ValueError, RecursionError, TypeError):
        value = json.loads(data)
        if isinstance(value, dict):
            return value
    return None
