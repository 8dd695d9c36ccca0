"""A segment's node: its summary, and the grips that prove the summary."""

from __future__ import annotations

import logging

from agent_memory.model import LOCAL, Bullet, Grip, TocLevel, TocNode
from agent_memory.process.logs import line
from agent_memory.worker.summarizer import local
from agent_memory.worker.summarizer.segment_text import SegmentText
from agent_memory.worker.summarizer.summary import DraftBullet, Summary
from agent_memory.worker.toc.grips import grips_for
from agent_memory.worker.toc.segments import Segment

log = logging.getLogger(__name__)


def build(node_id: str, segment: Segment, was: TocNode | None) -> tuple[TocNode, tuple[Grip, ...]]:
    """The segment's node from its events, and from what the node `was`, where it was there."""
    first, last = segment.first, segment.last
    # A model's summary stays for as long as it is one of these very events.
    kept = was if was and was.summary_source == segment.digest else None
    summary, bullets, gripped = _summarized(node_id, segment, kept)
    node = TocNode(
        node_id=node_id,
        level=TocLevel.SEGMENT,
        title=summary.title,
        bullets=bullets,
        keywords=summary.keywords,
        start_ms=first.timestamp_ms,
        end_ms=last.timestamp_ms,
        is_open=segment.is_open,
        session_id=first.session_id,
        agents=tuple(sorted({event.agent for event in segment.events if event.agent})),
        event_count=len(segment.events),
        summarized_by=kept.summarized_by if kept else LOCAL,
        summary_source=kept.summary_source if kept else "",
    )
    return node, gripped


def _summarized(
    node_id: str, segment: Segment, kept: TocNode | None
) -> tuple[Summary, tuple[Bullet, ...], tuple[Grip, ...]]:
    """The segment's summary, that of `kept` or else a new one, its bullets and the grips that prove them."""
    try:
        text = SegmentText(segment.events, segment.context)
        summary = _summary_of(kept) if kept else local.summarize(text)
        return summary, *grips_for(node_id, summary, text)
    except Exception:
        # One conversation that can't be summarized must not keep all others out of the table of contents.
        log.exception(line("segment could not be summarized", node=node_id))
        return Summary(f"{len(segment.events)} events, without a summary", (), ()), (), ()


def _summary_of(node: TocNode) -> Summary:
    lines = tuple(DraftBullet(bullet.text, bullet.weight) for bullet in node.bullets)
    return Summary(node.title, lines, node.keywords)
