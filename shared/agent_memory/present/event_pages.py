"""Pages of events: lists, the evidence of a grip, one event in full, a whole conversation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agent_memory.present.lines import Line, flow, line, pieces
from agent_memory.present.text import counted, last_part
from agent_memory.present.view import (
    View,
    following,
    nothing_fits,
    role_name,
    short_id,
    time_span,
    when_was,
    with_facts,
)
from agent_memory.present.width import cut, one_line
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.text.tokens import of_text

# What a list shows of an event, and what an event shows that proves something.
_LINE_CELLS: Final = 100
_EVENT_CELLS: Final = 2000
_EXCERPT_CELLS: Final = 600
_NAME_CELLS: Final = 4096
# What a conversation shows of a tool's result.
_TOOL_LINES: Final = 6
_LONGEST_LINE: Final = 400


def events(view: View, reply: pb.GetEventsResponse, more: str) -> Iterator[Line]:
    """A page of events, one line each; `more` is the command for the next page."""
    if not reply.events and reply.needed_tokens:
        yield from nothing_fits(view, more)
        return
    if not reply.events and reply.has_more:
        yield line("No match so far.", "bold")
        yield from following(view, more)
        return
    if not reply.events:
        yield line(reply.note or "There are no events there.")
        yield from following(view, view.command("query", "root"))
        return
    yield from listed(view, reply)
    if reply.has_more:
        yield from following(view, more)


def listed(view: View, reply: pb.GetEventsResponse) -> Iterator[Line]:
    """The events of a page, one line each, and below it the event's id and what it costs to read."""
    for event in reply.events:
        yield from _event(view, event, _LINE_CELLS)


def event(view: View, reply: pb.GetEventResponse) -> Iterator[Line]:
    """One event in full: when and who, where it belongs, and every line of its text."""
    found = reply.event
    yield line(f"{when_was(view, found.timestamp_ms)}  {who(found)}", "bold")
    yield line(found.event_id, "dim")
    facts = [found.agent, project_of(found), found.metadata.get("git_branch", ""), found.metadata.get("model", "")]
    yield line(" · ".join(one_line(fact, _NAME_CELLS) for fact in facts if fact), "dim")
    yield line()
    yield from _said(words(found) or kind(found))
    onwards = [view.command("query", "session", found.session_id)]
    onwards += [view.command("query", "node", short_id(reply.node_id))] if reply.node_id else []
    yield from following(view, *onwards)


def session(view: View, found: pb.Session) -> Iterator[Line]:
    """What a conversation is about, before its turns."""
    yield line(one_line(found.title, _LINE_CELLS) or "(untitled)", "bold")
    yield line(f"session {one_line(found.session_id, _NAME_CELLS)}", "dim")
    facts = [
        time_span(view, found.start_time_ms, found.end_time_ms),
        "still going on" if found.is_open else "",
        counted(found.event_count, "event"),
        ", ".join(one_line(agent, 40) for agent in found.agents),
        one_line(found.project, _NAME_CELLS),
    ]
    yield flow("", "", " · ".join(filter(None, facts)), "dim")


def turns(view: View, reply: pb.GetEventsResponse, day: str = "") -> Iterator[Line]:
    """The events of a page as a conversation; `day` is the day of the event before them, as `day_of` names it.

    Of what a tool said the first lines are shown.
    """
    for event in reply.events:
        if day != (day := day_of(view, event)):
            yield line()
            yield line(day, "bold")
        yield line()
        is_tool = event.role == pb.EVENT_ROLE_TOOL
        yield pieces(
            (f"{view.local(event.timestamp_ms):%H:%M} ", "dim"),
            (who(event), "dim" if is_tool else "cyan" if event.role == pb.EVENT_ROLE_USER else "green"),
        )
        if not event.text:
            yield line(f"  {kind(event)}", "dim")
            continue
        yield from _said(words(event), _TOOL_LINES if is_tool else 0, "dim" if is_tool else "")
        if is_tool and event.text.count("\n") >= _TOOL_LINES and view.program:
            yield line(f"  ... {view.command('query', 'event', event.event_id)}", "dim")


def day_of(view: View, event: pb.Event) -> str:
    """The day of the event, as it stands above its turns."""
    at = view.local(event.timestamp_ms)
    return f"{at:%A}, {at.day} {at:%B} {at.year}"


def grip(view: View, reply: pb.ExpandGripResponse, more: str = "") -> Iterator[Line]:
    """A grip: its excerpt, the events that prove it, and their neighbours."""
    grip = reply.grip
    if grip.excerpt:
        yield flow("“", " ", one_line(grip.excerpt, _EXCERPT_CELLS) + "”", "bold")
    else:
        yield line("The events that proved this line were erased. Only the summary was kept.", "bold")
    yield line(f"{grip.grip_id}  {when_was(view, grip.timestamp_ms)}", "dim")
    for heading, events, cells in (
        ("Before", reply.events_before, _LINE_CELLS),
        ("The evidence", reply.excerpt_events, _EVENT_CELLS),
        ("After", reply.events_after, _LINE_CELLS),
    ):
        if events:
            yield line()
            yield line(heading, "bold")
        for event in events:
            yield from _event(view, event, cells)
    if reply.excerpt_events:
        first = reply.excerpt_events[0]
        yield from following(view, view.command("query", "session", first.session_id), *([more] if more else []))
    elif more:
        yield from following(view, more)


def who(event: pb.Event) -> str:
    """Who spoke; or that it is a note."""
    return "note" if event.event_type == pb.EVENT_TYPE_NOTE else role_name(event.role)


def words(event: pb.Event) -> str:
    """What was said; of a note, what it is before that: `decision: We pin the compiler.`"""
    noted = event.metadata.get("note", "") if event.event_type == pb.EVENT_TYPE_NOTE else ""
    return f"{noted}: {event.text}" if noted else event.text


def project_of(event: pb.Event) -> str:
    """The event's project, by its id, else by its folder."""
    return event.metadata.get("project_id", "") or event.metadata.get("project", "")


def kind(event: pb.Event) -> str:
    """What stands where an event has no text: (session start)."""
    return f"({pb.EventType.Name(event.event_type).removeprefix('EVENT_TYPE_').lower().replace('_', ' ')})"


def _said(text: str, lines_max: int = 0, style: str = "") -> Iterator[Line]:
    """The lines of a text; the first ones, where there is a limit."""
    for number, each in enumerate(text.splitlines()):
        if lines_max and number == lines_max:
            return
        yield flow("  ", "  ", cut(each, _LONGEST_LINE) if lines_max else each, style)


def _event(view: View, event: pb.Event, cells: int) -> Iterator[Line]:
    head = f"{when_was(view, event.timestamp_ms)}  {who(event):<9} "
    text = one_line(words(event), cells) or kind(event)
    if cells == _LINE_CELLS:
        text = cut(text, view.room(len(head)))
    yield flow(head, " " * len(head), text)
    if cells != _LINE_CELLS:
        yield line(f"{' ' * len(head)}{event.event_id}", "dim")
        return
    facts = (
        one_line(event.agent, 40),
        one_line(last_part(project_of(event)), 40),
        f"~{of_text(event.text)}",
    )
    shown = with_facts(view, len(head), one_line(event.event_id, _NAME_CELLS), facts)
    yield line(f"{' ' * len(head)}{shown}", "dim")
