"""What a model would cost for all that it has yet to summarize, now or after a rebuild. Nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo

from agent_memory.model import TocLevel
from agent_memory.periods import Period, day_of
from agent_memory.store import records
from agent_memory.store.codec import Cost
from agent_memory.store.reader import Reader
from agent_memory.worker.llm.asking import level_name, price
from agent_memory.worker.llm.material import Item, items_of_period, items_of_segment
from agent_memory.worker.llm.pending import PendingSummaries, source_children
from agent_memory.worker.toc import segmentation
from agent_memory.worker.toc.segments import Segment

# What each level costs, by its name: how many questions, and the tokens there and back.
Costs = dict[str, Cost]


def estimate(reader: Reader, zone: tzinfo, now_ms: int) -> Costs:
    """About what the pending summaries cost. Reads every event of every segment among them."""
    costs: Costs = {}
    for pending in PendingSummaries(reader, zone, now_ms, lambda node: False, with_later_ones=True):
        _add(costs, pending.node.level, pending.items)
    return costs


def estimate_rebuild(
    reader: Reader, zone: tzinfo, from_ms: int, now_ms: int, progress: Callable[[int], None] = lambda events: None
) -> Costs:
    """About what the pending summaries cost after a rebuild from then on: those of now, and of what it will change.

    A model's summary stays where a conversation is cut as it was: a rebuild of a sound table of contents adds nothing.
    Reads every event from then on, and calls `progress` with the number read so far.
    """
    costs = estimate(reader, zone, now_ms)
    above: set[Period] = set()
    for segment in _changed(reader, from_ms, now_ms, progress):
        _add(costs, TocLevel.SEGMENT, items_of_segment(segment.events))
        day = day_of(segment.first.timestamp_ms, zone)
        above |= {day, *day.ancestors()}
    for period in above:
        node = records.node(reader, period.node_id)
        # One with a local summary is pending already.
        if node is not None and node.summary_source:
            children = source_children(reader, list(records.child_ids(reader, period)))
            _add(costs, period.level, items_of_period(children))
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


def _add(costs: Costs, level: TocLevel, items: Sequence[Item]) -> None:
    """Add what one node costs that is summarized from these items; a model is not asked about one without text."""
    if items:
        name = level_name(level)
        costs[name] = costs.get(name, Cost()) + price(items)
