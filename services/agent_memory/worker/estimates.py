"""What it would cost to have a model tell all that waits for one. Nothing is sent."""

from __future__ import annotations

from datetime import tzinfo

from agent_memory.store.codec import Cost
from agent_memory.store.reader import Reader
from agent_memory.worker.summaries.asking import price
from agent_memory.worker.summaries.material import items_of_period, items_of_segment
from agent_memory.worker.waiting import SegmentTask, Walk, job_of


def estimate(reader: Reader, zone: tzinfo, now_ms: int) -> dict[str, Cost]:
    """About what each level would cost: for each, how many nodes wait, and the tokens there and back.

    Reads every event of every segment that waits.
    """
    costs: dict[str, Cost] = {}
    for task in Walk(reader, zone, now_ms, lambda node: False, as_if_told=True):
        items = items_of_segment(task.events) if isinstance(task, SegmentTask) else items_of_period(task.children)
        if items:
            job = job_of(task)
            costs[job] = costs.get(job, Cost()) + Cost(1, *price(items))
    return costs
