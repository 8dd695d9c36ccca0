"""View of a search: how the question was understood, and the hits under their segments."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from agent_memory.browse.rows import BLANK, Kind, Row, Target, row
from agent_memory.present.lines import Line, flow, line, pieces
from agent_memory.present.text import counted, last_part
from agent_memory.present.times import relative
from agent_memory.present.view import View, role_name
from agent_memory.present.width import one_line
from agent_memory.rpc import memory_pb2 as pb

_TITLE_CELLS: Final = 70
_NAME_CELLS: Final = 40
_SNIPPET_CELLS: Final = 400


def hits(view: View, reply: pb.SearchResponse) -> Iterator[Row]:
    """The turns that were found, those of a segment together, as they stand in it."""
    if not reply.hits:
        yield row(line("Nothing was found.", "bold"))
        yield row(line("Fewer words find more; so does a time such as last month.", "dim"))
    for is_outside, outside in groupby(reply.hits, key=lambda hit: hit.outside_window):
        if is_outside:
            yield row(line("At other times", "yellow"))
            yield BLANK
        for _, group in groupby(outside, key=lambda hit: hit.node_id or hit.session_id):
            own = list(group)
            yield row(*_segment(view, own[0]))
            yield from (_hit(view, hit) for hit in sorted(own, key=lambda hit: hit.timestamp_ms))
            yield BLANK


def meaning(reply: pb.SearchResponse) -> str:
    """What of the question was taken for a time, and what else a reader should know, in one line."""
    parts = []
    if reply.HasField("window"):
        parts.append(f"“{reply.window_text}” is {reply.window.text}")
    parts += [f"nothing has {each.typed}; looked for {each.meant}" for each in reply.corrections]
    if reply.note:
        parts.append(reply.note)
    if reply.behind and not reply.index_missing:
        parts.append(f"{counted(reply.behind, 'event')} not indexed yet")
    return "; ".join(parts)


def _segment(view: View, first: pb.SearchHit) -> tuple[Line, ...]:
    at = view.local(first.timestamp_ms)
    title = one_line(first.title, _TITLE_CELLS) or "(untitled)"
    facts = [
        f"{at:%a} {at.day} {at:%b %Y}",
        relative(first.timestamp_ms, view.now_ms, view.zone),
        one_line(first.agent, _NAME_CELLS),
        one_line(last_part(first.project), _NAME_CELLS),
    ]
    return pieces((title, "bold")), line(" · ".join(filter(None, facts)), "dim")


def _hit(view: View, hit: pb.SearchHit) -> Row:
    head = f"{view.local(hit.timestamp_ms):%H:%M} {role_name(hit.role):9} "
    said = flow(head, " " * len(head), one_line(hit.snippet, _SNIPPET_CELLS))
    return row(said, target=Target(Kind.EVENT, hit.event_id, hit.session_id, hit.timestamp_ms, hit.node_id))


def hints() -> list[Row]:
    """What may be typed."""
    examples = (
        ("redis cache", "words, also such as mean nearly the same"),
        ('"token bucket" -redis', "words that stand together, and one to leave out"),
        ("why did we drop redis last month", "a question; its time is looked at first"),
        ("agent:codex project:shop role:user", "only from there"),
    )
    return [row(pieces((f"  {typed:<36}", ""), (what, "dim"))) for typed, what in examples]
