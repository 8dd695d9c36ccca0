"""Tellings: a segment's node, with the words that tell of it and the grips that prove them."""

from __future__ import annotations

import logging

from agent_memory.logs import line
from agent_memory.model import LOCAL, Bullet, Grip, TocLevel, TocNode
from agent_memory.worker.grips import grips_for
from agent_memory.worker.segments import Segment
from agent_memory.worker.summaries import local
from agent_memory.worker.summaries.words import Line, Words

log = logging.getLogger(__name__)


def tell(node_id: str, segment: Segment, was: TocNode | None) -> tuple[TocNode, tuple[Grip, ...]]:
    """The segment's node from its events, and from what the node `was`, where it was there."""
    first, last = segment.first, segment.last
    # A model's words stay for as long as they tell of these very events.
    kept = was if was and was.words_of == segment.digest else None
    words, bullets, gripped = _told(node_id, segment, kept)
    node = TocNode(
        node_id=node_id,
        level=TocLevel.SEGMENT,
        title=words.title,
        bullets=bullets,
        keywords=words.keywords,
        start_ms=first.timestamp_ms,
        end_ms=last.timestamp_ms,
        is_open=segment.is_open,
        session_id=first.session_id,
        agents=tuple(sorted({event.agent for event in segment.events if event.agent})),
        event_count=len(segment.events),
        words_by=kept.words_by if kept else LOCAL,
        words_of=kept.words_of if kept else "",
    )
    return node, gripped


def _told(node_id: str, segment: Segment, kept: TocNode | None) -> tuple[Words, tuple[Bullet, ...], tuple[Grip, ...]]:
    """The segment in words, those of `kept` or else new ones, with the grips that prove them."""
    try:
        words = _words_of(kept) if kept else local.summarize(segment.events, segment.context)
        return words, *grips_for(node_id, words, segment.events)
    except Exception:
        # One conversation that we fail to put into words must not keep all others out of the table of contents.
        log.exception(line("segment could not be put into words", node=node_id))
        return Words(f"{len(segment.events)} events, without a summary", (), ()), (), ()


def _words_of(node: TocNode) -> Words:
    lines = tuple(Line(bullet.text, bullet.weight) for bullet in node.bullets)
    return Words(node.title, lines, node.keywords)
