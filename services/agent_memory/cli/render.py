"""Answers for people: a tree with its ids, colours where there is a terminal, plain text where there is none.

An id is never wrapped or cut, and every page ends with what to type next.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, tzinfo
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from agent_memory.present.text import counted, printable
from agent_memory.present.times import relative
from agent_memory.present.width import cut, one_line
from agent_memory.rpc import memory_pb2 as pb

# What a list shows of each entry; `query node` shows all of it.
_BULLETS_SHOWN = 2
_LINE_CELLS = 100
# Longer than any path.
_NAME_CELLS = 4096
_EXCERPT_CELLS = 600
_EVENT_CELLS = 2000
# Wider than any id: what is not a terminal gets each text on a line of its own.
_PIPED_CELLS = 100_000

Item = TypeVar("Item")
CutReply = (
    pb.GetTocRootResponse
    | pb.GetNodeResponse
    | pb.BrowseTocResponse
    | pb.GetEventsResponse
    | pb.ExpandGripResponse
    | pb.ResolveTimeResponse
)


class Page:
    """A page for people: where it goes, and the time and zone that its times are told in.

    `program` is how the commands it suggests begin; without one it suggests none.
    """

    def __init__(self, console: Console, now_ms: int, zone: tzinfo, program: str = "") -> None:
        self._console = console
        self._now_ms = now_ms
        self._zone = zone
        self._program = program

    def root(self, reply: pb.GetTocRootResponse, more: str = "", as_of: str | None = None) -> None:
        """The years, newest first, those known then; `more` is the command for those that were left out."""
        if not reply.nodes and reply.has_more:
            self._nothing_fits(more)
            return
        if not reply.nodes and as_of:
            self._line(f"Nothing was remembered yet: {as_of}.", "bold")
            self._next(f"{self._program} query root")
            return
        if not reply.nodes:
            self._line("Nothing is remembered yet.", "bold")
            self._line("Connect your coding agents, or watch recorded sessions go through:")
            self._next(f"{self._program} hooks install --all-found", f"{self._program} demo")
            return
        self._line("Everything that is remembered", "bold")
        self._entries(reply.nodes)
        self._next(f"{self._program} query browse {reply.nodes[0].node_id}", *([more] if more else []))

    def node(self, node: pb.TocNode, more: str = "") -> None:
        """One node: its bullets, their grips, its children's ids; `more` is the command for what was left out."""
        self._heading(node)
        for bullet in node.bullets:
            self._line()
            self._flow("  • ", "    ", bullet.text)
            for grip_id in bullet.grip_ids:
                self._line(f"    {grip_id}", "dim")
        if not node.bullets and node.summary:
            self._line()
            self._flow("  ", "  ", node.summary)
        if node.keywords:
            self._line()
            self._flow("  ", "  ", ", ".join(node.keywords), "cyan")
        if node.child_node_ids:
            self._line()
            for glyph, _, child_id in _branches(node.child_node_ids):
                self._line(f"{glyph}{child_id}", "dim")
        grip_ids = [grip_id for bullet in node.bullets for grip_id in bullet.grip_ids]
        self._next(
            *([f"{self._program} query browse {node.node_id}"] if node.child_node_ids else []),
            *([f"{self._program} query expand {grip_ids[0]}"] if grip_ids else []),
            *([more] if more else []),
        )

    def history(self, reply: pb.GetNodeVersionsResponse) -> None:
        """The versions of a node, newest first: when each was written, and its first lines."""
        oldest = reply.versions[-1]
        self._line(oldest.node_id, "bold")
        for glyph, below, version in _branches(reply.versions):
            written = self._when(version.written_ms) if version.written_ms else "at a time that was not kept"
            self._line(f"{glyph}version {version.version}, written {written}")
            for bullet in version.bullets[:_BULLETS_SHOWN]:
                self._line(f"{below}• {one_line(bullet.text, self._room(len(below) + 2))}")
        self._next(f"{self._program} query node {shlex.quote(oldest.node_id)} --version {oldest.version}")

    def when(self, reply: pb.ResolveTimeResponse, more: str = "") -> None:
        """What a time in words means, what else it may mean, and the nodes that cover each."""
        for number, span in enumerate((reply.span, *reply.alternatives)):
            if number:
                self._line()
                self._line("Or, if that was meant:", "yellow")
            self._line(span.text, "bold")
            if not span.nodes and not more:
                self._line("Nothing is remembered of it.")
            for glyph, _, node in _branches(span.nodes):
                self._toc_line(glyph, node)
        nodes = [node.node_id for span in (reply.span, *reply.alternatives) for node in span.nodes]
        self._next(f"{self._program} query {f'node {nodes[0]}' if nodes else 'root'}", *([more] if more else []))

    def toc_map(self, reply: pb.GetTocMapResponse, project: str = "") -> None:
        """What there is in time. Plain and short: its size was counted, see toc_map of the daemon."""
        if reply.has_more and not reply.sections:
            self._line("Nothing fits into so few tokens.", "bold")
        elif not reply.sections:
            self._line(f"Nothing is remembered of the project {project}." if project else "Nothing is remembered yet.")
            self._next(*([f"{self._program} query projects"] if project else []))
        for section in reply.sections:
            self._line(section.title, "bold")
            for node in section.nodes:
                title = one_line(node.title, _LINE_CELLS) or "(untitled)"
                self._print(Text.assemble(f"  {title}", (f"  {node.node_id}  ~{node.tokens}", "dim")))
                for bullet in node.bullets:
                    self._line(f"    • {printable(bullet)}")
        if reply.sections:
            self._line(
                "~ tokens to read it: query node ID" + (" (more with --tokens)" if reply.has_more else ""), "dim"
            )

    def projects(self, reply: pb.GetProjectsResponse) -> None:
        """The projects, and below each the other names that are its own."""
        if not reply.projects:
            self._line("No project is remembered yet.")
            return
        for glyph, below, project in _branches(reply.projects):
            name = one_line(project.project_id, _NAME_CELLS)
            self._print(
                Text.assemble((glyph, "dim"), (name, "bold"), (f"  {relative(project.last_ms, self._now_ms)}", "green"))
            )
            for other in project.names:
                if other != project.project_id:
                    self._line(f"{below}{one_line(other, _NAME_CELLS)}")
        self._next(f"{self._program} query map --project {shlex.quote(reply.projects[0].project_id)}")

    def browse(self, parent_id: str, reply: pb.BrowseTocResponse, more: str) -> None:
        """A page of children; `more` is the command for the next page."""
        if not reply.children and reply.has_more:
            self._nothing_fits(more)
            return
        if not reply.children:
            self._line(f"There is nothing below {parent_id}.")
            self._next(f"{self._program} query node {shlex.quote(parent_id)}", f"{self._program} query root")
            return
        self._line(parent_id, "bold")
        self._entries(reply.children)
        first = reply.children[0]
        verb = "node" if first.level == pb.TOC_LEVEL_SEGMENT else "browse"
        self._next(f"{self._program} query {verb} {first.node_id}", *([more] if reply.has_more else []))

    def events(self, reply: pb.GetEventsResponse, more: str) -> None:
        """A page of events, one line each; `more` is the command for the next page."""
        if not reply.events and reply.needed_tokens:
            self._nothing_fits(more)
            return
        if not reply.events and reply.has_more:
            self._line("None of those that were looked at so far.", "bold")
            self._next(more)
            return
        if not reply.events:
            self._line("There are no events there.")
            self._next(f"{self._program} query root")
            return
        for event in reply.events:
            self._event(event, _LINE_CELLS)
        if reply.has_more:
            self._next(more)

    def grip(self, reply: pb.ExpandGripResponse, more: str = "") -> None:
        """A grip: its excerpt, the very events that prove it, and what was said around them."""
        grip = reply.grip
        self._flow("“", " ", one_line(grip.excerpt, _EXCERPT_CELLS) + "”", "bold")
        self._line(f"{grip.grip_id}  {self._when(grip.timestamp_ms)}", "dim")
        for heading, events, cells in (
            ("Before", reply.events_before, _LINE_CELLS),
            ("The evidence", reply.excerpt_events, _EVENT_CELLS),
            ("After", reply.events_after, _LINE_CELLS),
        ):
            if events:
                self._line()
                self._line(heading, "bold")
            for event in events:
                self._event(event, cells)
        if reply.excerpt_events:
            first = reply.excerpt_events[0]
            session = shlex.quote(first.session_id)
            self._next(
                f"{self._program} query events --session {session} --from {first.timestamp_ms}",
                *([more] if more else []),
            )
        elif more:
            self._next(more)

    def price(self, reply: CutReply) -> None:
        """What the answer costs to read, and from what budget on it would say more."""
        more = f" (more with --tokens {reply.needed_tokens})" if reply.needed_tokens else ""
        self._line(f"~{reply.size_tokens} tokens{more}", "dim")

    def _nothing_fits(self, more: str) -> None:
        self._line("Nothing fits into so few tokens.", "bold")
        self._next(more)

    def _heading(self, node: pb.TocNode) -> None:
        self._line(one_line(node.title, _LINE_CELLS) or "(untitled)", "bold")
        self._line(node.node_id, "dim")
        # The title of a day, week, month or year tells its span already.
        is_segment = node.level == pb.TOC_LEVEL_SEGMENT
        facts = [
            self._span(node) if is_segment else "",
            self._age(node),
            counted(node.event_count, "event") if node.event_count else "",
            ", ".join(one_line(agent, 40) for agent in node.agents),
            f"session {one_line(node.session_id, 60)}" if is_segment else "",
        ]
        self._line(" · ".join(filter(None, facts)), "dim")

    def _entries(self, nodes: Sequence[pb.TocNode]) -> None:
        for glyph, below, node in _branches(nodes):
            title = Text.assemble(
                (glyph, "dim"),
                (one_line(node.title, _LINE_CELLS) or "(untitled)", "bold"),
                (f"  {self._age(node)}", "yellow" if node.is_open else "green"),
            )
            self._print(title)
            self._line(f"{below}{node.node_id}", "dim")
            for bullet in node.bullets[:_BULLETS_SHOWN]:
                self._line(f"{below}• {one_line(bullet.text, self._room(len(below) + 2))}")
            if node.keywords:
                self._line(f"{below}{one_line(', '.join(node.keywords), self._room(len(below)))}", "cyan")

    def _toc_line(self, glyph: str, node: pb.TocLine) -> None:
        self._print(
            Text.assemble(
                (glyph, "dim"),
                one_line(node.title, _LINE_CELLS) or "(untitled)",
                (f"  {node.node_id}  ~{node.tokens} tokens", "dim"),
                ("  still going on" if node.is_open and node.level == pb.TOC_LEVEL_SEGMENT else "", "yellow"),
            )
        )

    def _event(self, event: pb.Event, cells: int) -> None:
        role = pb.EventRole.Name(event.role).removeprefix("EVENT_ROLE_").lower() if event.role else "-"
        head = f"{self._when(event.timestamp_ms)}  {role:<9} "
        text = one_line(event.text, cells)
        if not text:
            text = f"({pb.EventType.Name(event.event_type).removeprefix('EVENT_TYPE_').lower().replace('_', ' ')})"
        if cells == _LINE_CELLS:
            text = cut(text, self._room(len(head)))
        self._flow(head, " " * len(head), text)
        self._line(f"{' ' * len(head)}{event.event_id}", "dim")

    def _when(self, at_ms: int) -> str:
        return f"{_local(at_ms, self._zone):%Y-%m-%d %H:%M:%S}"

    def _span(self, node: pb.TocNode) -> str:
        start, end = _local(node.start_time_ms, self._zone), _local(node.end_time_ms, self._zone)
        same_day = start.date() == end.date()
        return f"{start:%Y-%m-%d %H:%M} - {end:{'%H:%M' if same_day else '%Y-%m-%d %H:%M'}}"

    def _age(self, node: pb.TocNode) -> str:
        """How long ago the node ended, if it has."""
        if node.is_open:
            return "still going on"
        return relative(node.end_time_ms, self._now_ms) if node.end_time_ms <= self._now_ms else "until now"

    def _next(self, *commands: str) -> None:
        if not commands or not self._program:
            return
        self._line()
        for label, command in zip(("Next: ", *["      "] * len(commands)), commands, strict=False):
            self._print(Text.assemble((label, "dim"), (_plain_line(command), "bold cyan")))

    def _flow(self, first: str, rest: str, text: str, style: str = "") -> None:
        """The text after `first`, wrapped on a terminal with its further lines after `rest`."""
        content = Text(_plain_line(text), style)
        for number, line in enumerate(content.wrap(self._console, self._room(len(first)))):
            line.rstrip()
            self._print(Text.assemble((rest if number else first, "dim"), line))

    def _room(self, indent: int) -> int:
        width = self._console.width if self._console.is_terminal else _PIPED_CELLS
        return max(20, width - indent)

    def _line(self, text: str = "", style: str = "") -> None:
        self._print(Text(_plain_line(text), style))

    def _print(self, text: Text) -> None:
        # soft_wrap: the line goes out as it is, and an id stays one word.
        self._console.print(text, soft_wrap=True)


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error while the block runs, on a terminal; what it gives is to be told how much is done."""
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty(),
    )  # fmt: skip
    with bar:
        task = bar.add_task(label, total=total or None)
        yield lambda done: bar.update(task, completed=min(done, total) if total else done)


def console() -> Console:
    """Standard output: with colours on a terminal, unless NO_COLOR is set; without anything special elsewhere."""
    return Console(markup=False, emoji=False, highlight=False)


def _branches(items: Sequence[Item]) -> Iterator[tuple[str, str, Item]]:
    """Each item with the tree's glyph before it and the one before the lines below it."""
    for item in items[:-1]:
        yield "├── ", "│   ", item
    for item in items[-1:]:
        yield "└── ", "    ", item


def _plain_line(text: str) -> str:
    return printable(text).replace("\n", " ")


def _local(at_ms: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at_ms // 1000, zone)
