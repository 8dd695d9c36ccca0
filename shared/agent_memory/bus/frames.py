"""What a message on the bus looks like: its version, its request's number, its bytes."""

from __future__ import annotations

from typing import Final

import zmq

from agent_memory.errors import AgentMemoryError, CommandRefused, StaleCommit, WriterBusy, WriterUnavailable
from agent_memory.rpc import bus_pb2 as pb

# Both sides of a rolling restart must agree; the writer refuses a version it does not know.
PROTOCOL: Final = 2
MESSAGE_MAX_BYTES: Final = 80 << 20
REQUEST_ID_BYTES: Final = 8

# What the writer says after a commit that somebody waits for, on the announcements' socket.
ANNOUNCE_EVENTS: Final = b"events"
ANNOUNCE_JOBS: Final = b"jobs"

_ERRORS: Final[dict[pb.Refused.Reason.ValueType, type[AgentMemoryError]]] = {
    pb.Refused.INVALID: CommandRefused,
    pb.Refused.STALE: StaleCommit,
    pb.Refused.UNAVAILABLE: WriterUnavailable,
    pb.Refused.BUSY: WriterBusy,
}


def refused(reason: pb.Refused.Reason.ValueType, message: str) -> pb.Reply:
    """The reply that says no."""
    return pb.Reply(protocol=PROTOCOL, refused=pb.Refused(reason=reason, message=message))


def raise_if_refused(reply: pb.Reply) -> pb.Reply:
    """The reply itself; raises the error it stands for when it is a refusal."""
    if reply.HasField("refused"):
        raise _ERRORS.get(reply.refused.reason, CommandRefused)(reply.refused.message)
    return reply


def has_message(socket: zmq.Socket[bytes]) -> bool:
    """Whether a whole message can be received without waiting; a tenth of what it costs to try and fail."""
    return bool(int(socket.getsockopt(zmq.EVENTS)) & zmq.POLLIN)
