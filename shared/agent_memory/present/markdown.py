"""Conversations as Markdown: by day, in it by session, to be read by people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from agent_memory.model import Event, EventRole
from agent_memory.present.text import last_part, printable
from agent_memory.present.width import cut, one_line

# A day with more events than this is told in parts, so that no day has to fit into memory.
PART_EVENTS: Final = 5000
# Of a tool's result its first line tells what was done.
_TOOL_CELLS: Final = 100
_TITLE_CELLS: Final = 80


def document(events: Iterable[Event], zone: ZoneInfo) -> Iterator[str]:
    """The events, in order of time, as the lines of a document."""
    for day, of_day in groupby(events, lambda event: _at(event, zone).date()):
        yield f"# {day:%A}, {day.day} {day:%B} {day.year}"
        for part in _parts(of_day):
            yield from _sessions(part, zone)
        yield ""


def _parts(events: Iterator[Event]) -> Iterator[list[Event]]:
    while part := [event for _, event in zip(range(PART_EVENTS), events, strict=False)]:
        yield part


def _sessions(events: list[Event], zone: ZoneInfo) -> Iterator[str]:
    """The sessions of a day, each as a whole, in the order in which they begin."""
    sessions: dict[str, list[Event]] = {}
    for event in events:
        sessions.setdefault(event.session_id, []).append(event)
    for session in sessions.values():
        yield ""
        yield f"## {_title(session)}"
        yield ""
        yield _facts(session, zone)
        for event in session:
            yield from _turn(event, zone)


def _title(events: list[Event]) -> str:
    asked = (event.text for event in events if event.role == EventRole.USER and event.text.strip())
    return _escaped(one_line(next(asked, "") or "Conversation", _TITLE_CELLS))


def _facts(events: list[Event], zone: ZoneInfo) -> str:
    first, last = (f"{_at(event, zone):%H:%M}" for event in (events[0], events[-1]))
    project = next((event.project for event in events if event.project), "")
    agent = next((event.agent for event in events if event.agent), "")
    facts = [f"{first} to {last}", agent, last_part(project), events[0].session_id]
    return f"*{' · '.join(_escaped(one_line(fact, _TITLE_CELLS)) for fact in facts if fact)}*"


def _turn(event: Event, zone: ZoneInfo) -> Iterator[str]:
    text = printable(event.text).strip("\n")
    if not text:
        return
    at = f"{_at(event, zone):%H:%M}"
    yield ""
    if event.role == EventRole.TOOL:
        name = event.metadata.get("tool_name", "tool")
        yield f"- {at} {_escaped(one_line(name, _TITLE_CELLS))}: `{cut(_first_line(text), _TOOL_CELLS)}`"
        return
    yield f"**{_WHO.get(event.role, 'System')}** · {at}"
    yield ""
    # A quotation ends where it ends, whatever heading, list or fence stands in it.
    for line in text.splitlines():
        yield f"> {line}".rstrip()


_WHO: Final = {EventRole.USER: "You", EventRole.ASSISTANT: "Agent"}


def _first_line(text: str) -> str:
    return text.lstrip().partition("\n")[0].replace("`", "'").strip()


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in "\\`*_[]<>#" else character for character in text)


def _at(event: Event, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(event.timestamp_ms / 1000, zone)
