"""Cutting a session into segments. Pure: the segments are a function of the session's events and of the time it is now.

A segment ends at a pause of half an hour, at the end of the session, or when it is full. Where it was full, the next
one gets the last few minutes before it as context; every event belongs to exactly one segment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from agent_memory.model import TOOL_HEAD_CHARACTERS, Event, EventType
from agent_memory.text.tokens import by_length

GAP_MS: Final = 30 * 60_000
SEGMENT_TOKENS: Final = 4000
CONTEXT_TOKENS: Final = 500
CONTEXT_MS: Final = 5 * 60_000


@dataclass(frozen=True, slots=True)
class Segment:
    """Events of one session that belong together, at least one. `context` is what went right before."""

    events: tuple[Event, ...]
    context: tuple[Event, ...]
    # Whether an event that comes from now on could still belong to it.
    is_open: bool

    @property
    def first(self) -> Event:
        return self.events[0]

    @property
    def last(self) -> Event:
        return self.events[-1]

    @property
    def project(self) -> str:
        """Whose segment it is: the first project that one of its events names, empty where none does."""
        return next((event.project for event in self.events if event.project), "")

    @property
    def digest(self) -> str:
        """Stands for the segment: events never change, so equal ids mean equal segments."""
        names = [event.event_id for event in self.events]
        context = [event.event_id for event in self.context]
        text = "\n".join([*names, "", *context, "open" if self.is_open else "closed"])
        return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def tokens(event: Event) -> int:
    """About how many tokens the event counts, at least one."""
    text = event.text
    if event.event_type == EventType.TOOL_RESULT:
        text = text[:TOOL_HEAD_CHARACTERS]
    return by_length(text)


def split(events: Iterable[Event], earlier: Iterable[Event], now_ms: int) -> Iterator[Segment]:
    """Cut a session's events, given in order from the beginning of a segment on.

    `earlier` are the events before that, latest first; they are read only as far as they give context. Only the last
    segment can be open: while the session has not ended and its last event is less than a gap ago.
    """
    current: list[Event] = []
    context: tuple[Event, ...] = ()
    size = 0
    for whole in events:
        event = _head_of(whole)
        weight = tokens(event)
        if not current:
            context = _context(earlier, event)
        elif not _fits(current[-1], event, size + weight):
            segment = Segment(tuple(current), context, is_open=False)
            yield segment
            context = _context(chain(reversed(segment.events), reversed(segment.context)), event)
            current, size = [], 0
        current.append(event)
        size += weight
    if current:
        ended = current[-1].event_type == EventType.SESSION_END
        is_open = not ended and now_ms - current[-1].timestamp_ms < GAP_MS
        yield Segment(tuple(current), context, is_open)


def _context(earlier: Iterable[Event], first: Event) -> tuple[Event, ...]:
    """What went right before the segment that begins with `first`, in order; nothing after a pause or an end."""
    chosen: list[Event] = []
    size = 0
    after = first
    for whole in earlier:
        event = _head_of(whole)
        size += tokens(event)
        too_old = bool(chosen) and chosen[0].timestamp_ms - event.timestamp_ms > CONTEXT_MS
        if too_old or size > CONTEXT_TOKENS or not _belong_together(event, after):
            break
        chosen.append(event)
        after = event
    return tuple(reversed(chosen))


def _fits(last: Event, event: Event, size_with_it: int) -> bool:
    return _belong_together(last, event) and size_with_it <= SEGMENT_TOKENS


def _belong_together(last: Event, event: Event) -> bool:
    """Whether neither a pause nor the end of the session stands between two neighbours."""
    if event.timestamp_ms - last.timestamp_ms >= GAP_MS:
        return False
    # Some agents say goodbye twice.
    return last.event_type != EventType.SESSION_END or event.event_type == EventType.SESSION_END


def _head_of(event: Event) -> Event:
    """The event as far as it counts, so that a segment's memory is bounded like its tokens."""
    if event.event_type != EventType.TOOL_RESULT or len(event.text) <= TOOL_HEAD_CHARACTERS:
        return event
    return replace(event, text=event.text[:TOOL_HEAD_CHARACTERS])
