"""Pages: the daemon's answers as lines of text, each ending with what to type next.

An id is never wrapped or cut.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final, TypeVar

from agent_memory.present import map_text
from agent_memory.present.lines import WIDE, Line, flow, line, pieces
from agent_memory.present.text import counted
from agent_memory.present.times import relative
from agent_memory.present.width import cut, one_line
from agent_memory.rpc import memory_pb2 as pb

# What a list shows of each entry; a node's own page shows all of it.
_BULLETS_SHOWN: Final = 2
_LINE_CELLS: Final = 100
# Longer than any path.
_NAME_CELLS: Final = 4096
_EXCERPT_CELLS: Final = 600
_EVENT_CELLS: Final = 2000

Item = TypeVar("Item")
CutReply = (
    pb.GetTocRootResponse
    | pb.GetNodeResponse
    | pb.BrowseTocResponse
    | pb.GetEventsResponse
    | pb.ExpandGripResponse
    | pb.ResolveTimeResponse
)


# What a period is called that is not over.
_THIS: Final = {
    pb.TOC_LEVEL_YEAR: "this year",
    pb.TOC_LEVEL_MONTH: "this month",
    pb.TOC_LEVEL_WEEK: "this week",
    pb.TOC_LEVEL_DAY: "today",
}


@dataclass(frozen=True, slots=True)
class View:
    """How pages are seen: the time and zone that times are shown in, and how wide a line may be, in cells.

    `program` is how the commands begin that a page suggests; without one it suggests none.
    """

    now_ms: int
    zone: tzinfo
    program: str = ""
    width: int = WIDE

    def room(self, indent: int) -> int:
        """The cells that are left of a line behind an indent."""
        return max(20, self.width - indent)

    def local(self, at_ms: int) -> datetime:
        return datetime.fromtimestamp(at_ms // 1000, self.zone)


def root(view: View, reply: pb.GetTocRootResponse, more: str = "", as_of: str | None = None) -> Iterator[Line]:
    """The years, newest first, those known then; `more` is the command for those that were left out."""
    if not reply.nodes and reply.has_more:
        yield from _nothing_fits(view, more)
        return
    if not reply.nodes and as_of:
        yield line(f"Nothing had been remembered by {as_of}.", "bold")
        yield from _next(view, f"{view.program} query root")
        return
    if not reply.nodes:
        yield line("Nothing is remembered yet.", "bold")
        yield line("Connect your coding agents, or watch recorded sessions go through:")
        yield from _next(view, f"{view.program} hooks install --all-found", f"{view.program} demo")
        return
    yield line("Everything that is remembered", "bold")
    yield from _entries(view, reply.nodes)
    yield from _next(view, f"{view.program} query browse {reply.nodes[0].node_id}", *([more] if more else []))


def node(view: View, node: pb.TocNode, more: str = "") -> Iterator[Line]:
    """One node: its bullets, their grips, its children's ids; `more` is the command for what was left out."""
    yield from _heading(view, node)
    for bullet in node.bullets:
        yield line()
        yield flow("  • ", "    ", bullet.text)
        for grip_id in bullet.grip_ids:
            yield line(f"    {grip_id}", "dim")
    if not node.bullets and node.summary:
        yield line()
        yield flow("  ", "  ", node.summary)
    if node.keywords:
        yield line()
        yield flow("  ", "  ", ", ".join(node.keywords), "cyan")
    if node.child_node_ids:
        yield line()
        for glyph, _, child_id in _branches(node.child_node_ids):
            yield line(f"{glyph}{child_id}", "dim")
    grip_ids = [grip_id for bullet in node.bullets for grip_id in bullet.grip_ids]
    yield from _next(
        view,
        *([f"{view.program} query browse {node.node_id}"] if node.child_node_ids else []),
        *([f"{view.program} query expand {grip_ids[0]}"] if grip_ids else []),
        *([more] if more else []),
    )


def history(view: View, reply: pb.GetNodeVersionsResponse) -> Iterator[Line]:
    """The versions of a node, newest first: when each was written, and its first lines."""
    oldest = reply.versions[-1]
    yield line(oldest.node_id, "bold")
    for glyph, below, version in _branches(reply.versions):
        written = _when(view, version.written_ms) if version.written_ms else "at a time that was not kept"
        yield line(f"{glyph}version {version.version}, written {written}")
        for bullet in version.bullets[:_BULLETS_SHOWN]:
            yield line(f"{below}• {one_line(bullet.text, view.room(len(below) + 2))}")
    yield from _next(view, f"{view.program} query node {shlex.quote(oldest.node_id)} --version {oldest.version}")


def when(view: View, reply: pb.ResolveTimeResponse, more: str = "") -> Iterator[Line]:
    """What a time in words means, what else it may mean, and the nodes that cover each."""
    for number, span in enumerate((reply.span, *reply.alternatives)):
        if number:
            yield line()
            yield line("Or, if that was meant:", "yellow")
        yield line(span.text, "bold")
        if not span.nodes and not more:
            yield line("Nothing is remembered of it.")
        for glyph, _, node in _branches(span.nodes):
            yield _toc_line(glyph, node)
    nodes = [node.node_id for span in (reply.span, *reply.alternatives) for node in span.nodes]
    yield from _next(view, f"{view.program} query {f'node {nodes[0]}' if nodes else 'root'}", *([more] if more else []))


def toc_map(view: View, reply: pb.GetTocMapResponse, project: str = "") -> Iterator[Line]:
    """What there is in time, as short as it was counted by the daemon."""
    if reply.has_more and not reply.sections:
        yield line("Nothing fits into so few tokens.", "bold")
    elif not reply.sections:
        yield line(f"Nothing is remembered about the project {project}." if project else "Nothing is remembered yet.")
        yield from _next(view, *([f"{view.program} query projects"] if project else []))
    for section in reply.sections:
        yield map_text.heading(section.title)
        for node in section.nodes:
            shown = pb.TocLine()
            shown.CopyFrom(node)
            shown.title = _title(node)
            yield from map_text.entry(shown)
    if reply.sections:
        yield line(map_text.LEGEND_MORE if reply.has_more else map_text.LEGEND, "dim")


def projects(view: View, reply: pb.GetProjectsResponse) -> Iterator[Line]:
    """The projects, and below each the other names that are its own."""
    if not reply.projects:
        yield line("No project is remembered yet.")
        return
    for glyph, below, project in _branches(reply.projects):
        name = one_line(project.project_id, _NAME_CELLS)
        yield pieces(
            (glyph, "dim"), (name, "bold"), (f"  {relative(project.last_ms, view.now_ms, view.zone)}", "green")
        )
        for other in project.names:
            if other != project.project_id:
                yield line(f"{below}{one_line(other, _NAME_CELLS)}")
    yield from _next(view, f"{view.program} query map --project {shlex.quote(reply.projects[0].project_id)}")


def browse(view: View, parent_id: str, reply: pb.BrowseTocResponse, more: str) -> Iterator[Line]:
    """A page of children; `more` is the command for the next page."""
    if not reply.children and reply.has_more:
        yield from _nothing_fits(view, more)
        return
    if not reply.children:
        yield line(f"There is nothing below {parent_id}.")
        yield from _next(view, f"{view.program} query node {shlex.quote(parent_id)}", f"{view.program} query root")
        return
    yield line(parent_id, "bold")
    yield from _entries(view, reply.children)
    first = reply.children[0]
    verb = "node" if first.level == pb.TOC_LEVEL_SEGMENT else "browse"
    yield from _next(view, f"{view.program} query {verb} {first.node_id}", *([more] if reply.has_more else []))


def events(view: View, reply: pb.GetEventsResponse, more: str) -> Iterator[Line]:
    """A page of events, one line each; `more` is the command for the next page."""
    if not reply.events and reply.needed_tokens:
        yield from _nothing_fits(view, more)
        return
    if not reply.events and reply.has_more:
        yield line("No match so far.", "bold")
        yield from _next(view, more)
        return
    if not reply.events:
        yield line("There are no events there.")
        yield from _next(view, f"{view.program} query root")
        return
    for event in reply.events:
        yield from _event(view, event, _LINE_CELLS)
    if reply.has_more:
        yield from _next(view, more)


def grip(view: View, reply: pb.ExpandGripResponse, more: str = "") -> Iterator[Line]:
    """A grip: its excerpt, the events that prove it, and their neighbours."""
    grip = reply.grip
    yield flow("“", " ", one_line(grip.excerpt, _EXCERPT_CELLS) + "”", "bold")
    yield line(f"{grip.grip_id}  {_when(view, grip.timestamp_ms)}", "dim")
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
        session = shlex.quote(first.session_id)
        yield from _next(
            view,
            f"{view.program} query events --session {session} --from {first.timestamp_ms}",
            *([more] if more else []),
        )
    elif more:
        yield from _next(view, more)


def price(reply: CutReply) -> Line:
    """What the answer costs to read, and the least budget that brings more."""
    more = f" (more with --tokens {reply.needed_tokens})" if reply.needed_tokens else ""
    return line(f"~{reply.size_tokens} tokens{more}", "dim")


def _nothing_fits(view: View, more: str) -> Iterator[Line]:
    yield line("Nothing fits into so few tokens.", "bold")
    yield from _next(view, more)


def _heading(view: View, node: pb.TocNode) -> Iterator[Line]:
    yield line(_title(node), "bold")
    yield line(node.node_id, "dim")
    # The title of a day, week, month or year names its span.
    is_segment = node.level == pb.TOC_LEVEL_SEGMENT
    facts = [
        _span(view, node) if is_segment else "",
        _age(view, node),
        counted(node.event_count, "event") if node.event_count else "",
        ", ".join(one_line(agent, 40) for agent in node.agents),
        f"session {one_line(node.session_id, 60)}" if is_segment else "",
    ]
    yield line(" · ".join(filter(None, facts)), "dim")


def _entries(view: View, nodes: Sequence[pb.TocNode]) -> Iterator[Line]:
    for glyph, below, node in _branches(nodes):
        yield pieces(
            (glyph, "dim"),
            (_title(node), "bold"),
            (f"  {_age(view, node)}", "yellow" if node.is_open else "green"),
        )
        yield line(f"{below}{node.node_id}", "dim")
        for bullet in node.bullets[:_BULLETS_SHOWN]:
            yield line(f"{below}• {one_line(bullet.text, view.room(len(below) + 2))}")
        if node.keywords:
            yield line(f"{below}{one_line(', '.join(node.keywords), view.room(len(below)))}", "cyan")


def _toc_line(glyph: str, node: pb.TocLine) -> Line:
    return pieces(
        (glyph, "dim"),
        (_title(node), ""),
        (f"  {node.node_id}  ~{node.tokens} tokens", "dim"),
        ("  still going on" if node.is_open and node.level == pb.TOC_LEVEL_SEGMENT else "", "yellow"),
    )


def _title(node: pb.TocNode | pb.TocLine) -> str:
    return one_line(node.title, _LINE_CELLS) or "(untitled)"


def _event(view: View, event: pb.Event, cells: int) -> Iterator[Line]:
    role = pb.EventRole.Name(event.role).removeprefix("EVENT_ROLE_").lower() if event.role else "-"
    head = f"{_when(view, event.timestamp_ms)}  {role:<9} "
    text = one_line(event.text, cells)
    if not text:
        text = f"({pb.EventType.Name(event.event_type).removeprefix('EVENT_TYPE_').lower().replace('_', ' ')})"
    if cells == _LINE_CELLS:
        text = cut(text, view.room(len(head)))
    yield flow(head, " " * len(head), text)
    yield line(f"{' ' * len(head)}{event.event_id}", "dim")


def _when(view: View, at_ms: int) -> str:
    return f"{view.local(at_ms):%Y-%m-%d %H:%M:%S}"


def _span(view: View, node: pb.TocNode) -> str:
    start, end = view.local(node.start_time_ms), view.local(node.end_time_ms)
    same_day = start.date() == end.date()
    return f"{start:%Y-%m-%d %H:%M} - {end:{'%H:%M' if same_day else '%Y-%m-%d %H:%M'}}"


def _age(view: View, node: pb.TocNode) -> str:
    """How long ago the node ended, if it has."""
    if node.is_open:
        return "still going on"
    if node.end_time_ms <= view.now_ms:
        # A period ends with its last day, which is over when the next begins.
        return relative(node.end_time_ms - (node.level in _THIS), view.now_ms, view.zone)
    return _THIS.get(node.level, "until now")


def _next(view: View, *commands: str) -> Iterator[Line]:
    if not commands or not view.program:
        return
    yield line()
    for label, command in zip(("Next: ", *["      "] * len(commands)), commands, strict=False):
        yield pieces((label, "dim"), (command, "bold cyan"))


def _branches(items: Sequence[Item]) -> Iterator[tuple[str, str, Item]]:
    """Each item with the tree's glyph before it and the one before the lines below it."""
    for item in items[:-1]:
        yield "├── ", "│   ", item
    for item in items[-1:]:
        yield "└── ", "    ", item
