"""The map as text, the same for people and for agents: each node with its id and its price in tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agent_memory.present import view
from agent_memory.present.lines import Line, line, pieces
from agent_memory.rpc import memory_pb2 as pb

LEGEND: Final = "~ tokens to read it: query node ID"
LEGEND_MORE: Final = f"{LEGEND} (more with --tokens)"


def heading(title: str) -> Line:
    return line(title, "bold")


def entry(node: pb.TocLine) -> Iterator[Line]:
    """A node: its title, its id, and about how many tokens it costs to read; then what it says.

    Of a period what it was about, too; of a session when it was, on which branch, with which agent, and what was left
    open.
    """
    known = " · ".join(filter(None, (node.when, node.branch, ", ".join(node.agents) if node.when else "")))
    yield pieces(
        ("- ", ""),
        (f"{known}  " if known else "", "green"),
        (node.title or "(untitled)", ""),
        (f": {', '.join(node.keywords)}" if node.keywords else "", ""),
        (f"  [{node.open}]" if node.open else "", "yellow"),
        (f"  {node.node_id}  ~{node.tokens}", "dim"),
    )
    for bullet in node.bullets:
        yield line(f"  - {bullet}")


def text(reply: pb.GetTocMapResponse) -> str:
    """The whole map as plain text."""
    lines: list[Line] = []
    for section in reply.sections:
        lines.append(heading(section.title))
        lines += (each for node in section.nodes for each in entry(node))
    return "".join(f"{each.text}\n" for each in lines)


def size_tokens(node: pb.TocLine) -> int:
    """About how many tokens the node's lines cost to read."""
    return view.size_tokens(entry(node))
