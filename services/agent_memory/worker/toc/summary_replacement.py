"""Replacing a node's summary by one that a model wrote, as long as the node is what the model read."""

from __future__ import annotations

from dataclasses import dataclass, replace

from agent_memory.model import Bullet, Grip, TocNode
from agent_memory.periods import day_of, parse_period
from agent_memory.store import records
from agent_memory.store.reader import Reader
from agent_memory.worker.toc import rollups
from agent_memory.worker.toc.draft import Draft


@dataclass(frozen=True, slots=True)
class NewSummary:
    """A node's summary, with the grips that prove it where the node is a segment's."""

    node_id: str
    title: str
    bullets: tuple[Bullet, ...]
    keywords: tuple[str, ...]
    grips: tuple[Grip, ...]
    summarized_by: str
    # What it was written from: a segment's digest, or that of a period's children.
    summary_source: str


def replace_summary(draft: Draft, reader: Reader, summary: NewSummary, now_ms: int) -> bool:
    """Draft the node with that summary, and the period above it; False where it was written from something else."""
    node = draft.node(summary.node_id)
    if node is None or _source(draft, reader, node) != summary.summary_source:
        return False
    node = replace(
        node,
        title=summary.title,
        bullets=summary.bullets,
        keywords=summary.keywords,
        summarized_by=summary.summarized_by,
        summary_source=summary.summary_source,
    )
    draft.put_node(node, summary.grips, now_ms)
    period = parse_period(summary.node_id)
    above = period.parent if period else day_of(node.start_ms, draft.zone)
    if above:
        draft.touch(above)
    return True


def _source(draft: Draft, reader: Reader, node: TocNode) -> str | None:
    """The digest of what a summary of the node is written from now; None while its segment can still grow."""
    if period := parse_period(node.node_id):
        return rollups.digest(draft.children(period))
    found = records.segment_of(reader, node)
    return None if found is None or found[1].is_open else found[1].digest
