"""Versions of nodes that may tell of erased events. In doubt they do: such a version goes, and with it its proof."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from agent_memory.model import LOCAL, Grip, TocNode
from agent_memory.worker.toc.segments import CONTEXT_MS


def tells_of_segment(version: TocNode, erased_ms: Sequence[int]) -> bool:
    """Whether a version of a segment may tell of events of its session at one of these times, which are in order.

    It does if it lay around one of them, or had it as its context.
    """
    at = bisect_left(erased_ms, version.start_ms - CONTEXT_MS)
    return at < len(erased_ms) and erased_ms[at] <= version.end_ms


def tells_of_period(version: TocNode, grip_of: Callable[[str], Grip | None], is_touched: Callable[[str], bool]) -> bool:
    """Whether a version of a period may tell of erased events.

    It does not if each of its lines is proved by grips that are still there, and none of them is from a session that
    is touched: its keywords are from the segments that its lines are from. A model's words can't be followed so.
    """
    if version.summarized_by != LOCAL or not version.bullets:
        return True
    for bullet in version.bullets:
        grips = [grip_of(grip_id) for grip_id in bullet.grip_ids]
        if not grips or any(grip is None or is_touched(grip.session_id) for grip in grips):
            return True
    return False
