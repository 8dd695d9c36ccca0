"""Conversions between records and protobuf messages, and between errors and their bytes on the wire."""

from __future__ import annotations

from typing import Final

from google.protobuf.message import DecodeError

from agent_memory.errors import BY_REASON, AgentMemoryError, InvalidEvent
from agent_memory.histogram import Histogram
from agent_memory.model import Event, EventRole, EventType, Grip, TocNode
from agent_memory.rpc import memory_pb2 as pb

# The trailing metadata in which a failed call's error travels, and how the error is marked there.
ERROR_KEY: Final = "grpc-status-details-bin"
_ERROR_TYPE: Final = "type.googleapis.com/google.rpc.ErrorInfo"
_ERROR_DOMAIN: Final = "agent-memory"


def histogram_to_pb(histogram: Histogram) -> pb.Histogram:
    return pb.Histogram(bounds=histogram.bounds, counts=histogram.counts, sum=histogram.sum)


def event_to_pb(event: Event) -> pb.Event:
    """The event as a message; raises InvalidEvent when a text of its has characters that can't be encoded."""
    try:
        return pb.Event(
            event_id=event.event_id,
            session_id=event.session_id,
            timestamp_ms=event.timestamp_ms,
            event_type=pb.EventType.ValueType(event.event_type),
            role=pb.EventRole.ValueType(event.role),
            text=event.text,
            metadata=event.metadata,
            agent=event.agent,
        )
    except UnicodeEncodeError as error:
        raise InvalidEvent(
            f"event {event.event_id!r} holds half a character, {error.object[error.start]!r}, at {error.start} of "
            "one of its texts; cut texts between characters"
        ) from error


def event_from_bytes(value: bytes) -> Event:
    """The event that was stored as `value`; raises google.protobuf.message.DecodeError on damage."""
    message = pb.Event.FromString(value)
    return Event(
        event_id=message.event_id,
        session_id=message.session_id,
        timestamp_ms=message.timestamp_ms,
        event_type=EventType(message.event_type),
        role=EventRole(message.role),
        text=message.text,
        metadata=dict(message.metadata),
        agent=message.agent if message.HasField("agent") else None,
    )


def node_to_pb(node: TocNode, child_ids: list[str]) -> pb.TocNode:
    """The node as a message, its children filled in."""
    return pb.TocNode(
        node_id=node.node_id,
        level=pb.TocLevel.ValueType(node.level),
        title=node.title,
        # A reader who wants prose gets the bullets joined where nobody wrote a summary.
        summary=" ".join(bullet.text for bullet in node.bullets),
        bullets=[
            pb.TocBullet(text=bullet.text, grip_ids=bullet.grip_ids, weight=bullet.weight) for bullet in node.bullets
        ],
        keywords=node.keywords,
        child_node_ids=child_ids,
        start_time_ms=node.start_ms,
        end_time_ms=node.end_ms,
        version=node.version,
        is_open=node.is_open,
        session_id=node.session_id,
        agents=node.agents,
        event_count=node.event_count,
        written_ms=node.written_ms,
        summarized_by=node.summarized_by,
    )


def grip_to_pb(grip: Grip) -> pb.Grip:
    """The grip as a message."""
    return pb.Grip(
        grip_id=grip.grip_id,
        excerpt=grip.excerpt,
        event_id_start=grip.event_id_start,
        event_id_end=grip.event_id_end,
        timestamp_ms=grip.timestamp_ms,
        source=grip.source,
        evidence_checksum=grip.evidence_checksum,
    )


def error_to_bytes(error: AgentMemoryError, code: int) -> bytes:
    """The error for a failed call's trailing metadata; `code` is the number of the call's gRPC status code."""
    metadata = {"remedy": error.remedy} if error.remedy else {}
    info = pb.ErrorInfo(reason=error.reason, domain=_ERROR_DOMAIN, metadata=metadata)
    detail = pb.ErrorDetail(type_url=_ERROR_TYPE, value=info.SerializeToString())
    return pb.ErrorStatus(code=code, message=str(error), details=[detail]).SerializeToString()


def error_from_bytes(content: bytes, otherwise: type[AgentMemoryError]) -> AgentMemoryError | None:
    """The error again; None where these bytes hold none of ours.

    It is of the class that its reason names, or of the class `otherwise` where the reason has none.
    """
    try:
        status = pb.ErrorStatus.FromString(content)
        found = [pb.ErrorInfo.FromString(each.value) for each in status.details if each.type_url == _ERROR_TYPE]
    except DecodeError:
        return None
    info = next((each for each in found if each.domain == _ERROR_DOMAIN), None)
    if info is None:
        return None
    remedy = info.metadata.get("remedy", "")
    message = status.message.removesuffix(remedy).rstrip()
    return BY_REASON.get(info.reason, otherwise)(message, remedy, reason=info.reason)
