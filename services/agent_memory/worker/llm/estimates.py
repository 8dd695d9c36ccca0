"""What it would cost to have a model tell what waits for one, now or after a rebuild. Nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo

from agent_memory.model import TocLevel
from agent_memory.periods import Period, day_of
from agent_memory.store import records
from agent_memory.store.codec import Cost
from agent_memory.store.reader import Reader
from agent_memory.worker.llm.asking import price
from agent_memory.worker.llm.material import Item, items_of_period, items_of_segment
from agent_memory.worker.llm.pending import PendingSummaries, SegmentTask, job_of, told_children
from agent_memory.worker.toc import segmentation
from agent_memory.worker.toc.segments import Segment

# What each level costs, by its name: how many questions, and the tokens there and back.
Costs = dict[str, Cost]


def estimate(reader: Reader, zone: tzinfo, now_ms: int) -> Costs:
    """About what it costs to tell all that waits for a model. Reads every event of every segment that waits."""
    costs: Costs = {}
    for task in PendingSummaries(reader, zone, now_ms, lambda node: False, as_if_told=True):
        items = items_of_segment(task.events) if isinstance(task, SegmentTask) else items_of_period(task.children)
        _add(costs, job_of(task), items)
    return costs


def estimate_rebuild(
    reader: Reader, zone: tzinfo, from_ms: int, now_ms: int, progress: Callable[[int], None] = lambda events: None
) -> Costs:
    """About what it costs to tell all that waits after a rebuild from then on: what waits now, and what it will change.

    A model's words stay where a conversation is cut as it was: a rebuild of a sound table of contents adds nothing.
    Reads every event from then on; `progress` is told how many were read.
    """
    costs = estimate(reader, zone, now_ms)
    above: set[Period] = set()
    for segment in _changed(reader, from_ms, now_ms, progress):
        _add(costs, "segment", items_of_segment(segment.events))
        day = day_of(segment.first.timestamp_ms, zone)
        above |= {day, *day.ancestors()}
    for period in above:
        node = records.node(reader, period.node_id)
        # One with local words waits already.
        if node is not None and node.summary_source:
            children = told_children(reader, list(records.child_ids(reader, period)))
            _add(costs, TocLevel(period.level).name.lower(), items_of_period(children))
    return costs


def _changed(reader: Reader, from_ms: int, now_ms: int, progress: Callable[[int], None]) -> Iterator[Segment]:
    """The segments that are not stored as their sessions would be cut now, but for those that go on."""
    events = 0
    for session_id in records.sessions_since(reader, from_ms):
        start = segmentation.resegment_from(reader, session_id, (from_ms, ""))
        stored = {row.digest for _, row in records.segments_from(reader, session_id, start)}
        for segment in segmentation.resegment(reader, session_id, start, now_ms):
            events += len(segment.events)
            if not segment.is_open and segment.digest not in stored:
                yield segment
        progress(events)


def _add(costs: Costs, level: str, items: Sequence[Item]) -> None:
    """Add what one node costs that is told from these items; one that holds no text is not asked about."""
    if items:
        costs[level] = costs.get(level, Cost()) + price(items)
