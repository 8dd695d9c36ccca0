"""The records everything is made of: events, and the table of contents with its grips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

# Of a tool's result only the head counts, is read and can be quoted: the rest says little about the conversation.
TOOL_HEAD_CHARACTERS: Final = 1000
# Who writes the words where nobody else is named: the built-in summarizer.
LOCAL: Final = "local"
# The store that is meant where none is named.
DEFAULT_STORE: Final = "default"
# What a reader wants of a call is the command and how it went; a page or two tells that of the longest log.
TOOL_MAX_BYTES: Final = 16 << 10


class EventType(IntEnum):
    """What happened. The numbers are those of the wire."""

    SESSION_START = 1
    USER_MESSAGE = 2
    ASSISTANT_MESSAGE = 3
    TOOL_RESULT = 4
    ASSISTANT_STOP = 5
    SUBAGENT_START = 6
    SUBAGENT_STOP = 7
    SESSION_END = 8
    NOTE = 300


class EventRole(IntEnum):
    """Who it came from. The numbers are those of the wire."""

    USER = 1
    ASSISTANT = 2
    SYSTEM = 3
    TOOL = 4


class TocLevel(IntEnum):
    """The levels of the table of contents, from the root down. The numbers are those of the wire."""

    YEAR = 1
    MONTH = 2
    WEEK = 3
    DAY = 4
    SEGMENT = 5


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in a conversation. Immutable and globally named: the first write of an id wins."""

    event_id: str
    session_id: str
    timestamp_ms: int
    event_type: EventType
    role: EventRole
    text: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    agent: str | None = None

    @property
    def position(self) -> tuple[int, str]:
        """Where the event stands among all events: by time, then by id."""
        return (self.timestamp_ms, self.event_id)

    @property
    def project(self) -> str:
        """The project it belongs to, by its id, else by its folder; empty where neither is known."""
        return self.metadata.get("project_id") or self.metadata.get("project", "")


@dataclass(frozen=True, slots=True)
class Bullet:
    """One line of a summary and the grips that prove it."""

    text: str
    grip_ids: tuple[str, ...] = ()
    # How much the line says about its node, 0 to 1: what a parent chooses by.
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class TocNode:
    """One entry of the table of contents. The span is half-open: `start_ms <= t < end_ms`.

    Children are not part of a node: they are found by key, so that a new child rewrites nothing.
    """

    node_id: str
    level: TocLevel
    title: str
    bullets: tuple[Bullet, ...]
    keywords: tuple[str, ...]
    start_ms: int
    end_ms: int
    version: int = 1
    # Can still change without a new version: an open segment, or a period in which none has closed yet.
    is_open: bool = False
    # Segments only.
    session_id: str = ""
    agents: tuple[str, ...] = ()
    event_count: int = 0
    # When this version was committed, in milliseconds; 0 for one from before this was kept.
    written_ms: int = 0
    # Who wrote the words: LOCAL, or a provider and its model; then `summary_source` is a digest of
    # what they were written from.
    summarized_by: str = LOCAL
    summary_source: str = ""
    # Segments only: its events were erased, and this summary of them is kept.
    events_gone: bool = False


@dataclass(frozen=True, slots=True)
class Grip:
    """An excerpt, tied to the events that prove it: all events of the session from the start event to the end event.

    Where the events were erased and their summary was kept, the excerpt is empty.
    """

    grip_id: str
    excerpt: str
    event_id_start: str
    event_id_end: str
    timestamp_ms: int
    source: str
    session_id: str
    # When the last of the events was, so that the span is found without a look-up.
    end_timestamp_ms: int
    node_id: str
    # Stands for the events as they were quoted; empty for a grip from before this was kept.
    evidence_checksum: str = ""
