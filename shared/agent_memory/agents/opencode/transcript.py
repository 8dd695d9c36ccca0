"""opencode's database, `opencode.db`: sessions, their messages, and the parts of these, with the ids that hooks get."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from agent_memory.agents.agent import TranscriptHead
from agent_memory.agents.databases import Complain, Database, is_database, object_in
from agent_memory.agents.payload import Payload, object_of
from agent_memory.agents.replayed_call import ReplayedCall, known_calls

DATABASE: Final = "opencode.db"

_SESSIONS: Final = "SELECT id, parent_id, directory, agent, time_created FROM session ORDER BY time_created, id"
_PARTS: Final = (
    "SELECT m.id, m.data, p.id, p.data, p.time_created FROM message m JOIN part p ON p.message_id = m.id"
    " WHERE m.session_id = ? ORDER BY m.time_created, m.id, p.id"
)
_CREATED: Final = "SELECT session_id, data FROM message"
# An id begins with the time when it was made: in milliseconds, times 4096, of which it has the last 48 bits.
_ID: Final = re.compile(r"[a-z]+_([0-9a-f]{12})")
_ID_SPAN_MS: Final = 1 << 36
# A message's id is made with the message; a copy's is made when the session is forked.
_COPIED_MS: Final = 1000
# No other agent's database has a table of that name.
_MESSAGES: Final = re.compile(rb"CREATE TABLE .?message\b")


def recognises(head: TranscriptHead) -> bool:
    # The tables' definitions may still be in the database's log, beside it.
    return is_database(head) and (head.name == DATABASE or _MESSAGES.search(head.data) is not None)


def sessions(database: Database, complain: Complain) -> Iterator[tuple[int, ReplayedCall]]:
    """The calls of our plugin, session by session; parents come before their subagents."""
    copies = _Copies(database)
    for number, row in enumerate(database.execute(_SESSIONS).fetchall(), start=1):
        of_session = partial(complain, number)
        calls = known_calls(_session(database, row, copies, of_session), of_session)
        yield from ((number, call) for call in calls)


class _Copies:
    """The messages that a session has from the one it was forked from: they have ids of their own there."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # By what a message and its copy have in common, the sessions that have it.
        self._sessions: dict[tuple[str, str], set[str]] | None = None

    def has(self, session_id: str, message_id: str, message: Payload) -> bool:
        """Whether the message is a copy, and the session that it was said in still there."""
        made = _ID.match(str(message_id))
        created = object_of(message, "time").get("created")
        if made is None or not isinstance(created, int):
            return False
        late_ms = ((int(made[1], 16) >> 12) - created) % _ID_SPAN_MS
        if not _COPIED_MS < late_ms < _ID_SPAN_MS // 2:
            return False
        if self._sessions is None:
            self._sessions = {}
            for other_id, data in self._database.execute(_CREATED):
                if (other := object_in(data)) is not None:
                    self._sessions.setdefault(_kept(other), set()).add(other_id)
        return bool(self._sessions.get(_kept(message), set()) - {session_id})


def _kept(message: Payload) -> tuple[str, str]:
    return str(message.get("role")), str(object_of(message, "time").get("created"))


def _session(
    database: Database,
    row: tuple[str, str, str, str, int],
    copies: _Copies,
    report: Callable[[str], None],
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
        message, part = object_in(message_data), object_in(part_data)
        if message is None or part is None:
            report(f"part {part_id} of session {session_id} is not JSON")
            continue
        if prompt is not None and prompt.message_id != message_id:
            yield prompt.call(session_id, directory)
            prompt = None
        if copies.has(session_id, message_id, message):
            continue
        if message.get("role") == "user":
            prompt = prompt or _Prompt(message_id, message)
            prompt.parts.append(part)
        else:
            is_summary = message.get("summary") is True
            yield from _said(session_id, message_id, part_id, part, at_ms, directory, is_summary=is_summary)
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
    session_id: str, message_id: str, part_id: str, part: Payload, at_ms: int, directory: str, *, is_summary: bool
) -> Iterator[ReplayedCall]:
    """The plugin's call for a part of the assistant's message that is complete."""
    match part.get("type"):
        case "text":
            ids = {"sessionID": session_id, "messageID": message_id, "partID": part_id}
            payload = {
                "hook": "experimental.text.complete",
                "input": ids,
                "output": {"text": part.get("text"), **({"summary": True} if is_summary else {})},
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
