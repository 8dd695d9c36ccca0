"""Sessions: what one is about, and the segments that it is cut into."""

from __future__ import annotations

from typing import Final

from agent_memory.errors import UsageError
from agent_memory.model import TocNode
from agent_memory.query.views import scope, toc
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import records
from agent_memory.store.codec import SegmentRow
from agent_memory.store.keys import TIMESTAMP_MAX_MS
from agent_memory.store.reader import Reader

SEGMENTS_SHOWN: Final = 100


def session(reader: Reader, request: pb.GetSessionRequest) -> pb.GetSessionResponse:
    """The session of that id, or of that beginning of one; without one, why. Raises UsageError for an empty id."""
    if not request.session_id:
        raise UsageError("session_id is empty", "Name a session.")
    named = records.sessions_named(reader, request.session_id, 2)
    if len(named) != 1:
        return pb.GetSessionResponse(note=scope.no_session(reader, request.session_id))
    found = pb.Session(session_id=named[0])
    rows = (row for _, row in records.session_segments(reader, named[0], 0, TIMESTAMP_MAX_MS, oldest_first=True))
    shown: list[SegmentRow] = []
    for row in rows:
        found.event_count += sum(row.counts.values())
        if len(shown) < SEGMENTS_SHOWN:
            shown.append(row)
        else:
            found.has_more_segments = True
        found.project = row.project or found.project
    nodes = records.nodes(reader, [row.node_id for row in shown])
    found.segments.extend(toc.line(reader, node) for node in nodes)
    _describe(reader, found, nodes)
    return pb.GetSessionResponse(session=found)


def _describe(reader: Reader, found: pb.Session, nodes: list[TocNode]) -> None:
    """Fill in what is not counted: when it was, who spoke, what it is called."""
    first = next(records.session_events(reader, found.session_id), None)
    last = next(
        records.session_events(reader, found.session_id, (TIMESTAMP_MAX_MS, "\U0010ffff"), backwards=True), None
    )
    if first is not None and last is not None:
        found.start_time_ms, found.end_time_ms = first.timestamp_ms, last.timestamp_ms
    if nodes:
        found.title = next((node.title for node in nodes if node.bullets), nodes[0].title)
        found.is_open = nodes[-1].is_open
        found.agents.extend(sorted({agent for node in nodes for agent in node.agents}))
    elif first is not None and first.agent:
        found.agents.append(first.agent)
