"""What a handler returns."""

from __future__ import annotations

from dataclasses import dataclass

from agent_memory.bus import frames
from agent_memory.rpc import bus_pb2 as pb


@dataclass(frozen=True, slots=True)
class Outcome:
    """A command's reply, to be sent once its group is on disk, and the topic to announce then."""

    reply: pb.Reply
    announce: bytes | None = None


def refused(message: str) -> Outcome:
    """The outcome of a command that can't be done as it stands."""
    return Outcome(frames.refused(pb.Refused.INVALID, message))
