"""Pending summaries: nodes that can no longer change by themselves, and that a model has not summarized yet.

Nothing keeps a list of them. A model summarizes a period from children that it has summarized before, and the period
falls back to its local summary when one of them changes; so a walk from the root passes over all that is done, and
finds the rest after any restart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import tzinfo

from agent_memory.model import Event, TocNode
from agent_memory.periods import Period, parse_period
from agent_memory.store import records
from agent_memory.store.reader import Reader
from agent_memory.worker.llm.material import Item, items_of_period, items_of_segment
from agent_memory.worker.toc import rollups, segmentation


@dataclass(frozen=True, slots=True)
class PendingSegment:
    """A closed segment, its events as far as they count, and the digest that stands for them."""

    node: TocNode
    events: tuple[Event, ...]
    digest: str

    @property
    def items(self) -> list[Item]:
        """What a model is given of it to read; empty where it holds no text."""
        return items_of_segment(self.events)


@dataclass(frozen=True, slots=True)
class PendingPeriod:
    """A period that is over, the children it is summarized from, in order, and the digest of what they say."""

    node: TocNode
    children: tuple[TocNode, ...]
    digest: str

    @property
    def items(self) -> list[Item]:
        """What a model is given of it to read; empty where it holds no text."""
        return items_of_period(self.children)


Pending = PendingSegment | PendingPeriod


class PendingSummaries:
    """One walk over a store's tree, latest first, children before what stands above them.

    Each is read when it is its turn, so what was done about the one before shows. A period waits for its children, but
    not for those that were given up. With `with_later_ones` it does not wait: that shows all that is still to come.
    """

    def __init__(
        self,
        reader: Reader,
        zone: tzinfo,
        now_ms: int,
        is_given_up: Callable[[TocNode], bool],
        *,
        with_later_ones: bool = False,
    ) -> None:
        self._reader = reader
        self._zone = zone
        self._now_ms = now_ms
        self._is_given_up = is_given_up
        self._with_later_ones = with_later_ones

    def __iter__(self) -> Iterator[Pending]:
        for year_id in reversed(records.year_ids(self._reader)):
            year = parse_period(year_id)
            if year is not None:
                yield from self._period(year)

    def _period(self, period: Period) -> Iterator[Pending]:
        node = records.node(self._reader, period.node_id)
        if node is None or node.summary_source:
            return
        child_ids = list(records.child_ids(self._reader, period))
        for child_id in reversed(child_ids):
            child = parse_period(child_id)
            if child is not None:
                yield from self._period(child)
            else:
                yield from self._segment(child_id)
        if period.span_ms(self._zone)[1] <= self._now_ms:
            yield from self._itself(period, child_ids)

    def _itself(self, period: Period, child_ids: list[str]) -> Iterator[Pending]:
        node = records.node(self._reader, period.node_id)
        children = source_children(self._reader, child_ids)
        if node is None or not children or self._is_given_up(node):
            return
        if all(self._is_done(child) for child in children):
            yield PendingPeriod(node, children, rollups.digest(children))

    def _is_done(self, child: TocNode) -> bool:
        is_summarized = bool(child.summary_source) or child.events_gone
        return not child.is_open and (self._with_later_ones or is_summarized or self._is_given_up(child))

    def _segment(self, node_id: str) -> Iterator[Pending]:
        node = records.node(self._reader, node_id)
        if node is None or node.is_open or node.summary_source or self._is_given_up(node):
            return
        pending = _pending_segment(self._reader, node, self._now_ms)
        if pending is not None:
            yield pending


def source_children(reader: Reader, child_ids: list[str]) -> tuple[TocNode, ...]:
    """The children that a period is summarized from, in order."""
    found = records.nodes(reader, list(rollups.sample(child_ids)))
    return tuple(sorted(found, key=lambda child: (child.start_ms, child.node_id)))


def _pending_segment(reader: Reader, node: TocNode, now_ms: int) -> PendingSegment | None:
    """The segment behind a node; None while its session is being segmented again."""
    found = records.segment_of(reader, node)
    if found is None:
        return None
    position, row = found
    segment = next(segmentation.resegment(reader, node.session_id, position, now_ms), None)
    if segment is None or segment.digest != row.digest:
        return None
    return PendingSegment(node, segment.events, row.digest)
