"""Looking after the store: rebuilds, and how far everything has come."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent_memory.bus import frames
from agent_memory.ingest.handlers import consumers
from agent_memory.ingest.handlers.outcome import Outcome, refused
from agent_memory.ingest.writer import Group
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, keys, schema
from agent_memory.store.records import TOC


def begin_rebuild(group: Group, command: pb.Command) -> Outcome:
    """Have the worker rebuild the table of contents. Asking again for the rebuild under way changes nothing."""
    if codec.erasure_state(group.get(schema.CHECKPOINTS, keys.ERASURE)).is_running:
        return refused("An erasure is under way. Ask again when it is finished.")
    asked, timezone = command.begin_rebuild, command.begin_rebuild.timezone
    if timezone and not _is_zone(timezone):
        return refused(f"{timezone!r} is no time zone; one is Europe/Berlin.")
    is_other_zone = timezone not in ("", group.info.timezone)
    running = codec.rebuild_state(group.get(schema.CHECKPOINTS, keys.REBUILD))
    if not running.is_running:
        group.put_visibly(schema.CHECKPOINTS, keys.REBUILD, asked.value)
        if is_other_zone:
            _change_zone(group, timezone)
    elif is_other_zone or not running.asks_the_same(codec.rebuild_state(asked.value)):
        return refused(
            f"Another rebuild is under way: {running.events_done} of {running.events} events are done. "
            "Ask again when it is finished."
        )
    reply = pb.Reply(protocol=frames.PROTOCOL, rebuild_begun=pb.RebuildBegun())
    return Outcome(reply, frames.ANNOUNCE_JOBS)


def _change_zone(group: Group, timezone: str) -> None:
    """Cut days in this zone from now on."""
    group.info = replace(group.info, timezone=timezone)
    group.put(schema.CHECKPOINTS, keys.STORE, codec.to_json(group.info))
    # What a worker has computed in the zone before must not be committed any more.
    consumers.advance(group, TOC, 0)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, ZoneInfoNotFoundError, OSError):  # the last one where it is a folder's name
        return False
    return True


def begin_index_rebuild(group: Group, command: pb.Command) -> Outcome:
    """Have the worker rebuild the search index; the file that carries this time is the answer."""
    group.put_visibly(schema.CHECKPOINTS, keys.INDEX_REBUILD, b"%d" % command.begin_index_rebuild.asked_ms)
    reply = pb.Reply(protocol=frames.PROTOCOL, index_rebuild_begun=pb.IndexRebuildBegun())
    return Outcome(reply, frames.ANNOUNCE_JOBS)


def ping(group: Group, command: pb.Command) -> Outcome:
    """Say how far everything has come."""
    pong = pb.Pong(sequence=group.counters.sequence)
    if command.ping.figures:
        pong.figures.CopyFrom(group.figures())
    return Outcome(pb.Reply(protocol=frames.PROTOCOL, pong=pong))
