"""What may come in: every event is checked and completed here, so that nothing behind has to doubt it."""

from __future__ import annotations

from typing import Final

from agent_memory.errors import InvalidEvent
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.settings import Settings
from agent_memory.store.keys import TIMESTAMP_MAX_MS

ID_MAX_BYTES: Final = 512
# Ten megabytes of text are an event like any other; somewhere it has to end.
EVENT_MAX_BYTES: Final = 16 << 20
BATCH_MAX_EVENTS: Final = 500

_TYPES: Final = frozenset(pb.EventType.values()) - {pb.EVENT_TYPE_UNSPECIFIED}
_ROLES: Final = frozenset(pb.EventRole.values()) - {pb.EVENT_ROLE_UNSPECIFIED}


def admit(event: pb.Event, settings: Settings, *, may_be_large: bool) -> None:
    """Complete the event in place: defaults filled in, agent in lower case.

    `may_be_large` is False where all the events together were measured to be no larger than one may be.
    Raises InvalidEvent naming the field, what it holds and what it may hold.
    """
    _check_id("event_id", event.event_id)
    _check_id("session_id", event.session_id)
    if not 0 < event.timestamp_ms <= TIMESTAMP_MAX_MS:
        raise InvalidEvent(
            f"event.timestamp_ms is {event.timestamp_ms}; "
            f"it must be milliseconds since 1970, from 1 to {TIMESTAMP_MAX_MS}"
        )
    if not event.event_type:
        event.event_type = pb.EVENT_TYPE_USER_MESSAGE
    elif event.event_type not in _TYPES:
        raise InvalidEvent(f"event.event_type is {event.event_type}; this version knows 1 to {max(_TYPES)}")
    if not event.role:
        event.role = pb.EVENT_ROLE_USER
    elif event.role not in _ROLES:
        raise InvalidEvent(f"event.role is {event.role}; this version knows 1 to {max(_ROLES)}")
    if may_be_large and event.ByteSize() > EVENT_MAX_BYTES:
        raise InvalidEvent(
            f"event.text and metadata have {event.ByteSize()} bytes; {EVENT_MAX_BYTES} are the most one event may "
            "hold. Split it into several events."
        )
    if settings.multi_agent_mode == "unified":
        if event.agent:
            event.metadata["agent"] = event.agent
        event.agent = settings.agent_id
    elif event.agent and not event.agent.islower():
        event.agent = event.agent.lower()


def _check_id(field: str, value: str) -> None:
    if not value:
        raise InvalidEvent(f"event.{field} is empty; it must name the {field.removesuffix('_id')}")
    # isprintable is the quick look; beside control characters it is false for spaces of many kinds, which do no harm.
    if not value.isprintable() and any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise InvalidEvent(f"event.{field} holds a control character: {value[:80]!r}; ids are printable text")
    if len(value) > ID_MAX_BYTES // 4 and len(value.encode()) > ID_MAX_BYTES:
        raise InvalidEvent(f"event.{field} has {len(value.encode())} bytes; {ID_MAX_BYTES} are the most")
