"""The nodes above the segments: days, weeks, months and years, rolled up again where something below them changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from agent_memory.periods import Period
from agent_memory.store import records
from agent_memory.store.reader import Reader
from agent_memory.worker.toc import rollups
from agent_memory.worker.toc.draft import Draft


def refresh(draft: Draft, now_ms: int) -> None:
    """Roll up the touched periods again, and those above them as far up as something changes."""
    level = draft.take_touched()
    while level:
        above = [period.parent for period in level if _roll_up(draft, period, now_ms)]
        level = list(dict.fromkeys(parent for parent in above if parent is not None))


def draft_periods(draft: Draft, periods: Iterable[Period], now_ms: int) -> None:
    """Draft these periods rolled up again, and those above them as far up as something changes."""
    for period in periods:
        draft.touch(period)
    refresh(draft, now_ms)


def draft_days(draft: Draft, reader: Reader, days: Iterable[Period], now_ms: int) -> None:
    """Draft these days rolled up again, without the nodes of segments that no session is cut into."""
    days = list(days)
    for day in days:
        ids = list(records.child_ids(reader, day))
        cut = {node.node_id for node in records.nodes(reader, ids) if records.is_segment(reader, node)}
        for node_id in ids:
            if node_id not in cut:
                draft.drop_node(node_id)
    draft_periods(draft, days, now_ms)


def _roll_up(draft: Draft, period: Period, now_ms: int) -> bool:
    """Draft the period's node from its children; whether that changes anything."""
    children = draft.children(period)
    if not children:
        return draft.remove_node(period.node_id)
    # With open ones each burst of an open conversation would make new versions up to the year.
    sources = [child for child in children if not child.is_open] or children
    node = rollups.roll_up(period, sources, draft.zone)
    was = draft.node(period.node_id)
    # A model's summary stays for as long as the children say what it was written from.
    if was and was.summary_source and was.summary_source == rollups.digest(sources):
        node = replace(
            node,
            bullets=was.bullets,
            keywords=was.keywords,
            summarized_by=was.summarized_by,
            summary_source=was.summary_source,
        )
    return draft.put_node(node, [], now_ms)
