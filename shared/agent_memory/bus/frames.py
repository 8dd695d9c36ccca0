"""Messages on the bus: their version, the topics of announcements, and refusals."""

from __future__ import annotations

from typing import Final

import zmq

from agent_memory.errors import (
    AgentMemoryError,
    CommandRefused,
    StaleCommit,
    StoreError,
    StoreUnavailable,
    UnknownStore,
    WriterBusy,
    WriterUnavailable,
)
from agent_memory.model import DEFAULT_STORE
from agent_memory.rpc import bus_pb2 as pb

# Both sides of a rolling restart must agree; the writer refuses a version it does not know.
PROTOCOL: Final = 3
MESSAGE_MAX_BYTES: Final = 80 << 20
REQUEST_ID_BYTES: Final = 8


# What the writer announces after a commit that somebody waits for.
ANNOUNCE_EVENTS: Final = b"events"
ANNOUNCE_JOBS: Final = b"jobs"
# The store is closed, to be moved or removed: whoever reads it is to let go of it.
ANNOUNCE_RELEASE: Final = b"release"

_ERRORS: Final[dict[pb.Refused.Reason.ValueType, type[AgentMemoryError]]] = {
    pb.Refused.INVALID: CommandRefused,
    pb.Refused.STALE: StaleCommit,
    pb.Refused.UNAVAILABLE: WriterUnavailable,
    pb.Refused.BUSY: WriterBusy,
    pb.Refused.UNKNOWN_STORE: UnknownStore,
    pb.Refused.STORE_UNAVAILABLE: StoreUnavailable,
    pb.Refused.STORE_DAMAGED: StoreError,
}


def topic(store: str, announcement: bytes) -> bytes:
    """The announcement as it is sent: with the name of its store."""
    return b"%s/%s" % ((store or DEFAULT_STORE).encode(), announcement)


def announcement(content: bytes) -> tuple[str, bytes]:
    """The store and the announcement that a topic names."""
    store, _, what = content.partition(b"/")
    return store.decode(), what


def refused(reason: pb.Refused.Reason.ValueType, message: str, remedy: str = "") -> pb.Reply:
    """The reply to a command that is not done."""
    return pb.Reply(protocol=PROTOCOL, refused=pb.Refused(reason=reason, message=message, remedy=remedy))


def raise_if_refused(reply: pb.Reply) -> pb.Reply:
    """The reply; raises the error that a refusal stands for."""
    if reply.HasField("refused"):
        refusal = reply.refused
        raise _ERRORS.get(refusal.reason, CommandRefused)(refusal.message, refusal.remedy)
    return reply


def has_message(socket: zmq.Socket[bytes]) -> bool:
    """Whether a whole message can be received without waiting; costs a tenth of trying to receive one."""
    return bool(int(socket.getsockopt(zmq.EVENTS)) & zmq.POLLIN)
