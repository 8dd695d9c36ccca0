"""What waits for a model: nodes that can no longer change by themselves and still have their local words.

Nothing keeps a list of them. A period told by a model is told from children that were, and falls back to local words
when one of them changes; so a walk from the root passes over all that is done, and finds the rest after any restart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import tzinfo

from agent_memory.model import Event, TocLevel, TocNode
from agent_memory.periods import Period
from agent_memory.store import records
from agent_memory.store.reader import Reader
from agent_memory.worker.toc import rollups, segmentation


@dataclass(frozen=True, slots=True)
class SegmentTask:
    """A closed segment, its events as far as they count, and the digest that stands for them."""

    node: TocNode
    events: tuple[Event, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class PeriodTask:
    """A period that is over, the children it is told from, in order, and the digest that stands for their words."""

    node: TocNode
    children: tuple[TocNode, ...]
    digest: str


Task = SegmentTask | PeriodTask


class PendingSummaries:
    """One walk over a store's tree, latest first, children before what stands above them.

    Each task is read when it is asked for: what was done about the one before shows. A period waits for its children,
    but not for those that were given up. `as_if_told` waits for nothing: to see all that is to come.
    """

    def __init__(
        self,
        reader: Reader,
        zone: tzinfo,
        now_ms: int,
        is_given_up: Callable[[TocNode], bool],
        *,
        as_if_told: bool = False,
    ) -> None:
        self._reader = reader
        self._zone = zone
        self._now_ms = now_ms
        self._is_given_up = is_given_up
        self._as_if_told = as_if_told

    def __iter__(self) -> Iterator[Task]:
        for year_id in reversed(records.year_ids(self._reader)):
            year = records.period(year_id)
            if year is not None:
                yield from self._period(year)

    def _period(self, period: Period) -> Iterator[Task]:
        node = records.node(self._reader, period.node_id)
        if node is None or node.summary_source:
            return
        child_ids = list(records.child_ids(self._reader, period))
        for child_id in reversed(child_ids):
            child = records.period(child_id)
            if child is not None:
                yield from self._period(child)
            else:
                yield from self._segment(child_id)
        if period.span_ms(self._zone)[1] <= self._now_ms:
            yield from self._itself(period, child_ids)

    def _itself(self, period: Period, child_ids: list[str]) -> Iterator[Task]:
        node = records.node(self._reader, period.node_id)
        children = told_children(self._reader, child_ids)
        if node is None or not children or self._is_given_up(node):
            return
        if all(self._is_done(child) for child in children):
            yield PeriodTask(node, children, rollups.digest(children))

    def _is_done(self, child: TocNode) -> bool:
        return not child.is_open and (self._as_if_told or bool(child.summary_source) or self._is_given_up(child))

    def _segment(self, node_id: str) -> Iterator[Task]:
        node = records.node(self._reader, node_id)
        if node is None or node.is_open or node.summary_source or self._is_given_up(node):
            return
        task = segment_task(self._reader, node, self._now_ms)
        if task is not None:
            yield task


def told_children(reader: Reader, child_ids: list[str]) -> tuple[TocNode, ...]:
    """The children that a period is told from, in order."""
    told = records.nodes(reader, list(rollups.sample(child_ids)))
    return tuple(sorted(told, key=lambda child: (child.start_ms, child.node_id)))


def segment_task(reader: Reader, node: TocNode, now_ms: int) -> SegmentTask | None:
    """The segment behind a node; None while the store is being cut anew there."""
    found = records.segment_of(reader, node)
    if found is None:
        return None
    position, row = found
    segment = next(segmentation.resegment(reader, node.session_id, position, now_ms), None)
    if segment is None or segment.digest != row.digest:
        return None
    return SegmentTask(node, segment.events, row.digest)


def job_of(task: Task) -> str:
    """The task's level by name, as its cost is kept."""
    return TocLevel(task.node.level).name.lower()
