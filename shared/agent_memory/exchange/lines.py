"""The lines of an export, as docs/export.md describes them: a header, an event each, and an end. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from agent_memory.errors import AgentMemoryError
from agent_memory.model import Event, EventRole, EventType

FORMAT: Final = "agent-memory-export"
# A program refuses a higher number than its own.
VERSION: Final = 1


class ExportUnusable(AgentMemoryError):
    """A file is no export, is damaged, or a newer version made it."""

    reason = "EXPORT_UNUSABLE"


@dataclass(frozen=True, slots=True)
class End:
    """The last line: how many events stand before it, and the SHA-256 of all bytes before it."""

    events: int
    sha256: str


def header(exported_ms: int, program: str, timezone: str) -> bytes:
    """The first line."""
    return _line(
        {
            "type": "header",
            "format": FORMAT,
            "version": VERSION,
            "exported_ms": exported_ms,
            "program": program,
            "timezone": timezone,
        }
    )


def check_header(content: bytes) -> None:
    """Raise ExportUnusable where this is not the first line of an export that can be read here."""
    try:
        record = _record(content)
    except ExportUnusable:
        record = {}
    if record.get("type") != "header" or record.get("format") != FORMAT:
        raise ExportUnusable("This file is no export: its first line is no header of one.")
    version = record.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise ExportUnusable("This export was made by a newer version.", "Upgrade the program.")


def event_line(event: Event) -> bytes:
    """The event's line."""
    return _line(
        {
            "type": "event",
            "event_id": event.event_id,
            "session_id": event.session_id,
            "timestamp_ms": event.timestamp_ms,
            "event_type": event.event_type.name.lower(),
            "role": event.role.name.lower(),
            "text": event.text,
            "metadata": dict(sorted(event.metadata.items())),
            "agent": event.agent,
        }
    )


def event_of(content: bytes) -> Event | None:
    """The event of a line; None for a line of another kind. Raises ExportUnusable where it can't be read."""
    record = _record(content)
    if record.get("type") != "event":
        return None
    try:
        event = Event(
            event_id=whole_text(record["event_id"]),
            session_id=whole_text(record["session_id"]),
            timestamp_ms=_number(record["timestamp_ms"]),
            event_type=EventType[whole_text(record["event_type"]).upper()],
            role=EventRole[whole_text(record["role"]).upper()],
            text=whole_text(record["text"]),
            metadata=_whole_texts(record["metadata"]),
            agent=None if record.get("agent") is None else whole_text(record["agent"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ExportUnusable(f"it is no event: {error!r}") from error
    return event


def end(ends: End) -> bytes:
    """The last line."""
    return _line({"type": "end", "events": ends.events, "sha256": ends.sha256})


def end_of(content: bytes) -> End | None:
    """What the last line says; None where this is none."""
    try:
        record = _record(content)
        return End(_number(record["events"]), whole_text(record["sha256"])) if record.get("type") == "end" else None
    except (ExportUnusable, KeyError, TypeError, ValueError):
        return None


def whole_text(value: object) -> str:
    """The text; raises TypeError for anything else, ValueError for half a character."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    # JSON can hold half a character, which nothing else here can.
    value.encode()
    return value


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _record(content: bytes) -> dict[str, Any]:
    try:
        record = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ExportUnusable(f"it is no JSON: {error}") from error
    if not isinstance(record, dict):
        raise ExportUnusable("it is no JSON object")
    return record


def _whole_texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is no object")
    return {whole_text(name): whole_text(each) for name, each in value.items()}


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise TypeError(f"{value!r} is no whole number from 0 to 2**63 - 1")
    return value
