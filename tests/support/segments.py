"""Segments of a test's own: what is said of events, and what proves it."""

from __future__ import annotations

from collections.abc import Sequence

from agent_memory.model import Bullet, Event, Grip
from agent_memory.worker.summarizer import local
from agent_memory.worker.summarizer.segment_text import SegmentText
from agent_memory.worker.summarizer.summary import Summary
from agent_memory.worker.toc import grips
from agent_memory.worker.toc.grips import Evidence


def summarize(events: Sequence[Event], context: Sequence[Event] = ()) -> Summary:
    """The built-in summary of these events as one segment."""
    return local.summarize(SegmentText(events, context))


def grips_for(node_id: str, summary: Summary, events: Sequence[Event]) -> tuple[tuple[Bullet, ...], tuple[Grip, ...]]:
    """The summary's bullets and grips, proved from these events alone."""
    return grips.grips_for(node_id, summary, SegmentText(events))


def choose(line: str, events: Sequence[Event]) -> tuple[Evidence, ...]:
    """The evidence for a line among these events."""
    return grips.choose(line, SegmentText(events))
