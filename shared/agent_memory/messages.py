"""Records <-> protobuf messages. The wire speaks rpc, everything inside speaks model; this is where they meet."""

from __future__ import annotations

from agent_memory.errors import InvalidEvent
from agent_memory.model import Event, EventRole, EventType, Grip, TocNode
from agent_memory.rpc import memory_pb2 as pb


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
        bullets=[pb.TocBullet(text=bullet.text, grip_ids=bullet.grip_ids) for bullet in node.bullets],
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
