"""Views of what was said: the proof of a line, a conversation, one event in full."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agent_memory.browse.questions import Stretch
from agent_memory.browse.rows import BLANK, Kind, Row, Target, row
from agent_memory.present import event_pages
from agent_memory.present.lines import Line, flow, line
from agent_memory.present.view import View, when_was
from agent_memory.present.width import one_line
from agent_memory.rpc import memory_pb2 as pb

# Of each turn of a conversation; enter shows all of it.
_TURN_LINES: Final = 40
_EXCERPT_CELLS: Final = 600
# Of one event. Nobody reads more on a screen, and laying it out takes time.
_EVENT_CHARACTERS: Final = 200_000


def evidence(view: View, found: pb.ExpandGripResponse) -> Iterator[Row]:
    """A line's excerpt, and what was said there, with what stands around it."""
    yield row(flow("“", " ", one_line(found.grip.excerpt, _EXCERPT_CELLS) + "”", "bold"))
    yield row(line(when_was(view, found.grip.timestamp_ms), "dim"))
    day = event_pages.day_of(view, found.excerpt_events[0]) if found.excerpt_events else ""
    for title, events in (
        ("Before", found.events_before),
        ("The evidence", found.excerpt_events),
        ("After", found.events_after),
    ):
        if events:
            yield BLANK
            yield row(line(title, "yellow"))
            yield from _turns(view, list(events), day)
            day = event_pages.day_of(view, events[-1])


def conversation(view: View, stretch: Stretch) -> Iterator[Row]:
    """A part of a session, turn by turn."""
    if not stretch.events:
        yield row(line("Nothing is stored of this session any more.", "bold"))
        return
    if stretch.about:
        title, session_id, facts = event_pages.session(view, stretch.about)
        yield row(flow("", "", title.text, "bold"))
        yield from (row(flow("", "", each.text, "dim")) for each in (facts, session_id))
    if stretch.earlier:
        yield row(line("↑ what was said before", "yellow"), target=Target(Kind.EARLIER, stretch.earlier))
    yield from _turns(view, list(stretch.events), "")
    if stretch.later:
        yield BLANK
        yield row(line("↓ what was said after", "yellow"), target=Target(Kind.LATER, stretch.later))


def event(view: View, reply: pb.GetEventResponse) -> Iterator[Row]:
    """One event, with every line of its text."""
    text = reply.event.text
    if len(text) > _EVENT_CHARACTERS:
        reply.event.text = text[:_EVENT_CHARACTERS]
    for each in event_pages.event(view, reply):
        yield row(each)
    if len(text) > _EVENT_CHARACTERS:
        yield BLANK
        rest = f"{len(text) - _EVENT_CHARACTERS:,} characters more: memory-daemon query event {reply.event.event_id}"
        yield row(line(rest, "yellow"))


def event_target(found: pb.Event) -> Target:
    return Target(Kind.EVENT, found.event_id, found.session_id, found.timestamp_ms)


def _turns(view: View, events: list[pb.Event], day: str) -> Iterator[Row]:
    for each in events:
        lines = list(event_pages.turns(view, pb.GetEventsResponse(events=[each]), day))
        if day != (day := event_pages.day_of(view, each)):
            yield BLANK
            yield row(lines[1])
            lines = lines[2:]
        yield BLANK
        yield row(*_shortened(lines[1:]), target=event_target(each))


def _shortened(lines: list[Line]) -> list[Line]:
    if len(lines) <= _TURN_LINES:
        return lines
    return [*lines[:_TURN_LINES], line(f"  ... {len(lines) - _TURN_LINES} lines more", "dim")]


def no_evidence() -> list[Row]:
    """What stands where a line's proof would, if its node was summarized again meanwhile."""
    return [
        row(line("This line is no longer there.", "bold")),
        row(line("Its node was summarized again. Go back.", "dim")),
    ]


def no_event() -> list[Row]:
    """What stands where an event would that was forgotten."""
    return [row(line("This event is no longer stored.", "bold"))]
