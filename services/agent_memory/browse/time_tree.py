"""The time tree: what of the table of contents is known and which of it is open. A value, without a screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent_memory.periods import parse_period
from agent_memory.rpc import memory_pb2 as pb

# The parent of the years.
ROOT = ""
_SEGMENT = "toc:segment:"


@dataclass(frozen=True, slots=True)
class Entry:
    """A node that is seen, and how deep it lies."""

    node: pb.TocNode
    depth: int
    is_open: bool

    @property
    def is_leaf(self) -> bool:
        return self.node.level == pb.TOC_LEVEL_SEGMENT


@dataclass(frozen=True, slots=True)
class TimeTree:
    """Children by their parent's id, newest first, as far as they were asked for."""

    children: Mapping[str, Sequence[pb.TocNode]] = field(default_factory=dict)
    opened: frozenset[str] = frozenset()

    def entries(self) -> Iterator[Entry]:
        """What is seen, from the top."""
        yield from self._below(ROOT, 0)

    def with_children(self, found: Mapping[str, Sequence[pb.TocNode]]) -> TimeTree:
        """The tree that knows these, too."""
        return replace(self, children={**self.children, **found})

    def open(self, *node_ids: str) -> TimeTree:
        return replace(self, opened=self.opened | set(node_ids))

    def close(self, node_id: str) -> TimeTree:
        return replace(self, opened=self.opened - {node_id})

    def is_open(self, node_id: str) -> bool:
        return node_id in self.opened

    def unknown(self, node_ids: Sequence[str]) -> list[str]:
        """Those whose children were not asked for yet."""
        return [each for each in node_ids if each not in self.children]

    def loaded(self) -> list[str]:
        """The nodes that are seen open, from the top: what has to be asked again when something has changed."""
        return [ROOT, *(entry.node.node_id for entry in self.entries() if entry.is_open)]

    def _below(self, parent_id: str, depth: int) -> Iterator[Entry]:
        for node in self.children.get(parent_id, ()):
            is_open = node.node_id in self.opened and node.level != pb.TOC_LEVEL_SEGMENT
            yield Entry(node, depth, is_open)
            if is_open:
                yield from self._below(node.node_id, depth + 1)


def above(node_id: str) -> list[str]:
    """The ids of the nodes that a node lies below, the year first. Its own id tells."""
    if node_id.startswith(_SEGMENT):
        day = parse_period(node_id.removeprefix(_SEGMENT).partition(":")[0])
        return [*above(day.node_id), day.node_id] if day else []
    period = parse_period(node_id)
    return [each.node_id for each in period.ancestors()][::-1] if period else []
