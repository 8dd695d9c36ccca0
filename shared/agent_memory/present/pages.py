"""Pages: the daemon's answers as lines of text, each ending with what to type next.

An id is never wrapped or cut.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Final

from agent_memory.present import map_text
from agent_memory.present.lines import Line, flow, line, pieces
from agent_memory.present.text import counted, last_part
from agent_memory.present.times import relative
from agent_memory.present.view import View, branches, following, nothing_fits, short_id, time_span, when_was
from agent_memory.present.width import one_line
from agent_memory.present.within import Answer
from agent_memory.rpc import memory_pb2 as pb

# What a list shows of each entry; a node's own page shows all of it.
_BULLETS_SHOWN: Final = 2
_LINE_CELLS: Final = 100
_SEGMENT_PREFIX: Final = "toc:segment:"
# Longer than any path.
_NAME_CELLS: Final = 4096
# What a period is called that is not over.
_THIS: Final = {
    pb.TOC_LEVEL_YEAR: "this year",
    pb.TOC_LEVEL_MONTH: "this month",
    pb.TOC_LEVEL_WEEK: "this week",
    pb.TOC_LEVEL_DAY: "today",
}


def root(view: View, reply: pb.GetTocRootResponse, more: str = "", as_of: str | None = None) -> Iterator[Line]:
    """The years, newest first, those known then; `more` is the command for those that were left out."""
    if not reply.nodes and reply.has_more:
        yield from nothing_fits(view, more)
        return
    if not reply.nodes and as_of:
        yield line(f"Nothing had been remembered by {as_of}.", "bold")
        yield from following(view, view.command("query", "root"))
        return
    if not reply.nodes and reply.waiting:
        are = "is" if reply.waiting == 1 else "are"
        yield line(f"{counted(reply.waiting, 'event')} {are} stored; the table of contents is being made.", "bold")
        yield from following(view, view.command("query", "root"))
        return
    if not reply.nodes:
        yield line("Nothing is remembered yet.", "bold")
        yield line("Connect your coding agents, or watch recorded sessions go through:")
        yield from following(view, view.command("hooks", "install", "--all-found"), view.command("demo"))
        return
    yield line("Everything that is remembered", "bold")
    yield from _entries(view, reply.nodes)
    yield from following(view, _onwards(view, reply.nodes[0]), *([more] if more else []))


def node(view: View, node: pb.TocNode, more: str = "") -> Iterator[Line]:
    """One node: its bullets, their grips, its children's ids; `more` is the command for what was left out."""
    yield from heading(view, node)
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
        for glyph, _, child_id in branches(node.child_node_ids):
            yield line(f"{glyph}{child_id}", "dim")
    grip_ids = [grip_id for bullet in node.bullets for grip_id in bullet.grip_ids]
    yield from following(
        view,
        *([view.filtered("query", "browse", node.node_id)] if node.child_node_ids else []),
        *([view.command("query", "expand", grip_ids[0])] if grip_ids else []),
        *([more] if more else []),
    )


def history(view: View, reply: pb.GetNodeVersionsResponse) -> Iterator[Line]:
    """The versions of a node, newest first: when each was written, and its first lines."""
    oldest = reply.versions[-1]
    yield line(oldest.node_id, "bold")
    for glyph, below, version in branches(reply.versions):
        written = when_was(view, version.written_ms) if version.written_ms else "at a time that was not kept"
        yield line(f"{glyph}version {version.version}, written {written}")
        for bullet in version.bullets[:_BULLETS_SHOWN]:
            yield line(f"{below}• {one_line(bullet.text, view.room(len(below) + 2))}")
    yield from following(view, view.command("query", "node", oldest.node_id, "--version", oldest.version))


def when(view: View, reply: pb.ResolveTimeResponse, more: str = "") -> Iterator[Line]:
    """What a time in words means, what else it may mean, and the nodes that cover each."""
    for number, span in enumerate((reply.span, *reply.alternatives)):
        if number:
            yield line()
            yield line("Or, if that was meant:", "yellow")
        yield line(span.text, "bold")
        if not span.nodes and not more:
            yield line("Nothing is remembered of it.")
        for glyph, below, node in branches(span.nodes):
            yield _toc_line(glyph, node)
            yield line(f"{below}{node.node_id}", "dim")
            yield line(f"{below}{facts(view, node)}", "dim")
    nodes = [node.node_id for span in (reply.span, *reply.alternatives) for node in span.nodes]
    onwards = view.filtered("query", "node", nodes[0]) if nodes else view.command("query", "root")
    yield from following(view, onwards, *([more] if more else []))


def toc_map(view: View, reply: pb.GetTocMapResponse) -> Iterator[Line]:
    """What there is in time, as short as it was counted by the daemon."""
    if reply.has_more and not reply.sections:
        yield line("Nothing fits into so few tokens.", "bold")
    elif not reply.sections:
        yield line(reply.note or "Nothing is remembered yet.")
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
    for glyph, below, project in branches(reply.projects):
        name = one_line(project.project_id, _NAME_CELLS)
        yield pieces(
            (glyph, "dim"), (name, "bold"), (f"  {relative(project.last_ms, view.now_ms, view.zone)}", "green")
        )
        for other in project.names:
            if other != project.project_id:
                yield line(f"{below}{one_line(other, _NAME_CELLS)}")
    yield from following(view, view.command("query", "map", "--project", reply.projects[0].project_id))


def browse(view: View, parent_id: str, reply: pb.BrowseTocResponse, more: str) -> Iterator[Line]:
    """A page of children; `more` is the command for the next page."""
    if not reply.children and reply.has_more:
        yield from nothing_fits(view, more)
        return
    if not reply.children and "--about" in view.filters:
        yield line(f"Nothing below {parent_id} speaks of it." if parent_id else "Nothing speaks of it.")
        yield from following(view, view.command("query", "root"))
        return
    if not reply.children:
        yield line(f"There is nothing below {parent_id}.")
        yield from following(view, view.command("query", "node", parent_id), view.command("query", "root"))
        return
    yield line(parent_id or "What speaks of it", "bold")
    yield from _entries(view, reply.children)
    yield from following(view, _onwards(view, reply.children[0]), *([more] if reply.has_more else []))


def price(reply: Answer) -> Line:
    """What the answer costs to read, and the least budget that brings more."""
    if isinstance(reply, pb.GetTocMapResponse):
        return line(f"~{reply.tokens} tokens", "dim")
    more = f" (more with --tokens {reply.needed_tokens})" if reply.needed_tokens else ""
    return line(f"~{reply.size_tokens} tokens{more}", "dim")


def heading(view: View, node: pb.TocNode) -> Iterator[Line]:
    """What a node is: its title, its id, and then when, how much and whose."""
    yield line(_title(node), "bold")
    yield line(node.node_id, "dim")
    # The title of a day, week, month or year names its span.
    is_segment = node.level == pb.TOC_LEVEL_SEGMENT
    facts = [
        time_span(view, node.start_time_ms, node.end_time_ms) if is_segment else "",
        _age(view, node),
        counted(node.event_count, "event") if node.event_count else "",
        _agents(node),
        _project(node),
    ]
    yield line(" · ".join(filter(None, facts)), "dim")
    if is_segment:
        yield line(f"session {one_line(node.session_id, 60)}", "dim")
    elif view.filters:
        yield line(f"only {shlex.join(view.filters)}", "dim")


def _onwards(view: View, node: pb.TocNode) -> str:
    """The command that goes down from an entry of a list: to a segment, or to where there is a choice."""
    node_id = node.leads_to or node.node_id
    if node_id.startswith(_SEGMENT_PREFIX):
        return view.command("query", "node", short_id(node_id))
    return view.filtered("query", "browse", node_id)


def _entries(view: View, nodes: Sequence[pb.TocNode]) -> Iterator[Line]:
    for glyph, below, node in branches(nodes):
        yield pieces(
            (glyph, "dim"),
            (_title(node), "bold"),
            (f"  {_age(view, node)}", "yellow" if node.is_open else "green"),
        )
        # Whoever goes down passes over what offers no choice.
        leads = f" → {short_id(node.leads_to)}" if node.leads_to else ""
        yield line(f"{below}{node.node_id}{leads}", "dim")
        yield line(f"{below}{facts(view, node)}", "dim")
        for bullet in _weightiest(node.bullets):
            if node.relevance:  # these are why the node is there
                yield flow(f"{below}• ", f"{below}  ", bullet.text)
            else:
                yield line(f"{below}• {one_line(bullet.text, view.room(len(below) + 2))}")
        if node.keywords:
            yield line(f"{below}{one_line(', '.join(node.keywords), view.room(len(below)))}", "cyan")


def _weightiest(bullets: Sequence[pb.TocBullet]) -> list[pb.TocBullet]:
    """The lines that say most, in their order."""
    places = sorted(range(len(bullets)), key=lambda place: -bullets[place].weight)[:_BULLETS_SHOWN]
    return [bullets[place] for place in sorted(places)]


def _toc_line(glyph: str, node: pb.TocLine) -> Line:
    return pieces(
        (glyph, "dim"),
        (_title(node), ""),
        ("  still going on" if node.is_open and node.level == pb.TOC_LEVEL_SEGMENT else "", "yellow"),
    )


def facts(view: View, node: pb.TocNode | pb.TocLine) -> str:
    """What is needed to choose a node of a list: when it was, who spoke, which project, and what it costs to read."""
    found = [
        time_span(view, node.start_time_ms, node.end_time_ms) if node.level == pb.TOC_LEVEL_SEGMENT else "",
        _agents(node),
        _project(node),
        f"~{node.tokens} tokens" if node.tokens else "",
        _found_in(node),
    ]
    return " · ".join(filter(None, found))


def _found_in(node: pb.TocNode | pb.TocLine) -> str:
    """In how many segments below it something was found, where that tells more than that there is one."""
    if not isinstance(node, pb.TocNode) or not node.relevance or node.level == pb.TOC_LEVEL_SEGMENT:
        return ""
    return f"in {counted(node.segments_found, 'segment')}"


def _agents(node: pb.TocNode | pb.TocLine) -> str:
    return ", ".join(one_line(agent, 40) for agent in node.agents)


def _project(node: pb.TocNode | pb.TocLine) -> str:
    return one_line(last_part(node.project), 40)


def _title(node: pb.TocNode | pb.TocLine) -> str:
    return one_line(node.title, _LINE_CELLS) or "(untitled)"


def _age(view: View, node: pb.TocNode) -> str:
    """How long ago the node ended, if it has."""
    if node.is_open:
        return "still going on"
    if node.end_time_ms <= view.now_ms:
        # A period ends with its last day, which is over when the next begins.
        return relative(node.end_time_ms - (node.level in _THIS), view.now_ms, view.zone)
    return _THIS.get(node.level, "until now")
