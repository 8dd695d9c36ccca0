"""View of a time in words: what it means, and the nodes to go to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agent_memory.browse.rows import BLANK, Kind, Row, Target, row
from agent_memory.present import pages
from agent_memory.present.lines import line
from agent_memory.present.view import View
from agent_memory.present.width import one_line
from agent_memory.rpc import memory_pb2 as pb

_TITLE_CELLS: Final = 100


def spans(view: View, reply: pb.ResolveTimeResponse) -> Iterator[Row]:
    """The nodes of the time, and of the others that may be meant."""
    for number, span in enumerate((reply.span, *reply.alternatives)):
        if number:
            yield BLANK
            yield row(line(f"Or {span.text}", "yellow"))
        if not span.nodes:
            yield row(line("Nothing is remembered of it.", "dim"))
        for node in span.nodes:
            title = one_line(node.title, _TITLE_CELLS) or "(untitled)"
            target = Target(Kind.NODE, node.node_id)
            yield row(line(title, "bold"), line(pages.facts(view, node), "dim"), target=target)


def hints() -> list[Row]:
    """What may be typed."""
    examples = ("yesterday", "last week", "between Monday and Wednesday", "October 2025", "2026-W47", "vor drei Tagen")
    return [row(line("Times in words, in eight languages:", "dim")), *(row(line(f"  {each}")) for each in examples)]
