"""Looking after the store: rebuilds, and how far everything has come."""

from __future__ import annotations

from agent_memory.bus import frames
from agent_memory.ingest.handlers.outcome import Outcome, refused
from agent_memory.ingest.writer import Group
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, keys, schema


def begin_rebuild(group: Group, command: pb.Command) -> Outcome:
    """Have the worker rebuild the table of contents. Asking again for the rebuild under way changes nothing."""
    if codec.erasure_state(group.get(schema.CHECKPOINTS, keys.ERASURE)).is_running:
        return refused("An erasure is under way. Ask again when it is finished.")
    running = codec.rebuild_state(group.get(schema.CHECKPOINTS, keys.REBUILD))
    if not running.is_running:
        group.put_visibly(schema.CHECKPOINTS, keys.REBUILD, command.begin_rebuild.value)
    elif not running.asks_the_same(codec.rebuild_state(command.begin_rebuild.value)):
        return refused(
            f"Another rebuild is under way: {running.events_done} of {running.events} events are done. "
            "Ask again when it is finished."
        )
    reply = pb.Reply(protocol=frames.PROTOCOL, rebuild_begun=pb.RebuildBegun())
    return Outcome(reply, frames.ANNOUNCE_JOBS)


def begin_index_rebuild(group: Group, command: pb.Command) -> Outcome:
    """Have the worker rebuild the search index; the file that carries this time is the answer."""
    group.put_visibly(schema.CHECKPOINTS, keys.INDEX_REBUILD, b"%d" % command.begin_index_rebuild.asked_ms)
    reply = pb.Reply(protocol=frames.PROTOCOL, index_rebuild_begun=pb.IndexRebuildBegun())
    return Outcome(reply, frames.ANNOUNCE_JOBS)


def ping(group: Group, command: pb.Command) -> Outcome:
    """Say how far everything has come."""
    pong = pb.Pong(sequence=group.counters.sequence)
    return Outcome(pb.Reply(protocol=frames.PROTOCOL, pong=pong))
