"""A session in one line of a map: when, where, by whom, what for, and what was left open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from itertools import islice
from typing import Final

from agent_memory.model import Event, EventRole, EventType, TocNode
from agent_memory.periods import MONTHS, WEEKDAYS
from agent_memory.query.views import toc
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import records
from agent_memory.store.reader import Reader
from agent_memory.text.questions import asks

# Of a session's end so much is read: what was said last, and what tools did after it.
LAST_EVENTS: Final = 12
# A session begins with what it is for; of some only the start is known before that.
FIRST_SEGMENTS: Final = 4
OPEN_MAX: Final = 90  # characters
_SAID: Final = frozenset({EventType.USER_MESSAGE, EventType.ASSISTANT_MESSAGE, EventType.ASSISTANT_STOP})
_INTERRUPTED: Final = ("[request interrupted", "interrupted by the user")


def line(reader: Reader, node: TocNode, as_of_ms: int | None = None) -> pb.TocLine:
    """The session of that segment, its last one, under the title of its first; a bounded number of rows is read."""
    found = toc.line(reader, node, as_of_ms)
    found.title = _task(reader, node, as_of_ms) or found.title
    found.when = span_in_words(node.start_ms, node.end_ms, records.time_zone(reader))
    # A segment's end is the time of its last event.
    last = list(
        islice(records.session_events(reader, node.session_id, (node.end_ms + 1, ""), backwards=True), LAST_EVENTS)
    )
    found.branch = next((branch for each in last if (branch := each.metadata.get("git_branch", ""))), "")
    found.open = left_open(last)
    return found


def span_in_words(start_ms: int, end_ms: int, zone: tzinfo) -> str:
    """`Fri 20 Nov 16:05-16:40`."""
    start, end = (datetime.fromtimestamp(at_ms // 1000, zone) for at_ms in (start_ms, end_ms))
    day = f"{WEEKDAYS[start.weekday()][:3]} {start.day} {MONTHS[start.month - 1][:3]}"
    return f"{day} {start:%H:%M}" if f"{start:%H:%M}" == f"{end:%H:%M}" else f"{day} {start:%H:%M}-{end:%H:%M}"


def left_open(last: Sequence[Event]) -> str:
    """What the events, the latest first, leave open; empty for nothing."""
    parts = []
    if any(_is_interruption(event) for event in last[:3]):
        parts.append("interrupted")
    said = next((event for event in last if event.event_type in _SAID and not _is_interruption(event)), None)
    if said is not None and said.role == EventRole.USER:
        parts.append(f"no answer to: {_end_of(said.text, last=False)}")
    elif said is not None and asks(said.text):
        parts.append(f"asks: {_end_of(said.text, last=True)}")
    tool = next((event for event in last if event.event_type == EventType.TOOL_RESULT), None)
    if tool is not None and tool.metadata.get("success") == "false":
        parts.append(f"failed: {_end_of(tool.text, last=False)}")
    return "; ".join(parts)


def _task(reader: Reader, node: TocNode, as_of_ms: int | None) -> str:
    """The title of the session's first segment that has one to show."""
    first = records.session_segments(reader, node.session_id, 0, node.start_ms + 1, oldest_first=True)
    ids = [row.node_id for _, row in islice(first, FIRST_SEGMENTS)]
    return next((each.title for each in records.nodes(reader, ids, as_of_ms) if each.keywords), "")


def _is_interruption(event: Event) -> bool:
    text = event.text[:200].lower()
    return event.event_type != EventType.TOOL_RESULT and any(each in text for each in _INTERRUPTED)


def _end_of(text: str, *, last: bool) -> str:
    """The first line of a text, or the last sentence of its last one, short."""
    lines: Iterable[str] = filter(None, (each.strip() for each in text.splitlines()))
    whole = list(lines)[-1 if last else 0] if text.strip() else "(no words)"
    if last and len(whole) > OPEN_MAX:
        ends = [whole.rfind(mark, 0, -1) for mark in (". ", "! ", "? ", "。", "; ")]
        whole = whole[max(ends) + 1 :].strip()
    return whole if len(whole) <= OPEN_MAX else f"{whole[: OPEN_MAX - 1].rstrip()}…"
