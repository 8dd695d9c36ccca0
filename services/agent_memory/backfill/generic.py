"""Histories of any other program: a JSON object a line, as docs/guide.md describes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from agent_memory.agents.jsonl import Source, records
from agent_memory.agents.payload import Payload, text_of
from agent_memory.agents.replayed_call import Advance, Broken, Report
from agent_memory.agents.timestamps import timestamp_ms as to_timestamp_ms
from agent_memory.errors import InvalidEvent, UsageError
from agent_memory.exchange.lines import FORMAT
from agent_memory.ids import derived_ulid
from agent_memory.model import Event, EventRole, EventType

FIELDS: Final = ("text", "timestamp", "role", "session_id", "agent", "event_type", "event_id", "metadata")
# The event type of each role, unless the line names one.
_TYPES: Final = {
    EventRole.USER: EventType.USER_MESSAGE,
    EventRole.ASSISTANT: EventType.ASSISTANT_MESSAGE,
    EventRole.SYSTEM: EventType.ASSISTANT_MESSAGE,
    EventRole.TOOL: EventType.TOOL_RESULT,
}
# Without words there is nothing to these; a tool may have nothing to say.
_SAID: Final = frozenset({EventType.USER_MESSAGE, EventType.ASSISTANT_MESSAGE})
# What other programs call the roles.
_ROLES: Final = {"human": "user", "model": "assistant", "ai": "assistant", "bot": "assistant", "function": "tool"}


def events_of(source: Source, session_id: str, report: Report, advance: Advance) -> Iterator[Event]:
    """The events in these lines; `session_id` is for those without one. What can't be read is reported and skipped.

    Raises UsageError for an export of our own, which other lines are made of.
    """
    path = source if isinstance(source, Path) else Path("-")
    for number, record in records(source, report, advance, is_utf8=True):
        if record.get("format") == FORMAT:
            raise UsageError("This is an export of agent-memory.", "Take it in with: memory-daemon admin import")
        try:
            yield event_of(record, session_id)
        except InvalidEvent as error:
            report(Broken(path, number, str(error)))


def event_of(record: Payload, session_id: str) -> Event:
    """The event in a line; raises InvalidEvent that names the field.

    An event without an id gets one that stands for what the line says, so that the same line twice is one event,
    whatever file it stands in: `session_id`, which may be the file's, is no part of it.
    """
    if unknown := sorted(record.keys() - FIELDS):
        raise InvalidEvent(f"unknown field {', '.join(unknown)}; there are {', '.join(FIELDS)}")
    if not isinstance(record.get("text"), str):
        raise InvalidEvent("text is missing, or is no text")
    timestamp_ms = to_timestamp_ms(record.get("timestamp"))
    if timestamp_ms is None:
        found = f"is {json.dumps(record['timestamp'])}" if record.get("timestamp") is not None else "is missing"
        raise InvalidEvent(
            f"timestamp {found}; it must be a time such as 2026-01-30T14:30:00+01:00, or seconds or milliseconds "
            "since 1970"
        )
    text, own_session_id = text_of(record, "text"), text_of(record, "session_id")
    role = _role(text_of(record, "role") or "user")
    event_type = _event_type(text_of(record, "event_type"), role)
    if event_type in _SAID and not text.strip():
        raise InvalidEvent("text is empty")
    return Event(
        event_id=text_of(record, "event_id")
        or derived_ulid(0, "import", own_session_id, str(timestamp_ms), role.name, event_type.name, text),
        session_id=own_session_id or session_id,
        timestamp_ms=timestamp_ms,
        event_type=event_type,
        role=role,
        text=text,
        metadata=_metadata(record.get("metadata")),
        agent=text_of(record, "agent") or None,
    )


def _role(name: str) -> EventRole:
    name = _ROLES.get(name.lower(), name.lower())
    try:
        return EventRole[name.upper()]
    except KeyError:
        raise InvalidEvent(f"role is {name!r}; there are {_names(EventRole)}") from None


def _event_type(name: str, role: EventRole) -> EventType:
    try:
        return EventType[name.upper()] if name else _TYPES[role]
    except KeyError:
        raise InvalidEvent(f"event_type is {name!r}; there are {_names(EventType)}") from None


def _names(kind: type[EventRole] | type[EventType]) -> str:
    return ", ".join(each.name.lower() for each in kind)


def _metadata(value: object) -> Mapping[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidEvent("metadata is no object")
    return {
        name: each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for name, each in value.items()
    }
