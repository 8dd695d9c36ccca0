"""Erasing events on request, and rewriting them where secrets are taken out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from agent_memory.bus import frames
from agent_memory.ingest.handlers import ledger
from agent_memory.ingest.handlers.outcome import Outcome, refused
from agent_memory.ingest.writer import Group
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.rpc import memory_pb2 as memory
from agent_memory.store import codec, erasures, keys, schema
from agent_memory.store.codec import ErasureState
from agent_memory.store.ledger import QUARTER_MS


def mark_events(group: Group, command: pb.Command) -> Outcome:
    """Mark events for the erasure that is to begin."""
    if outcome := _busy(group):
        return outcome
    if command.mark_events.afresh:
        group.delete_range(schema.CHECKPOINTS, keys.MARK_PREFIX, keys.after(keys.MARK_PREFIX))
    put = group.putter(schema.CHECKPOINTS)
    value = erasures.SUMMARY_STAYS if command.mark_events.keep_summaries else b""
    for name in command.mark_events.events:
        put(keys.mark(name.session_id, name.timestamp_ms, name.event_id), value)
    return Outcome(pb.Reply(protocol=frames.PROTOCOL, events_marked=pb.EventsMarked()))


def begin_erasure(group: Group, command: pb.Command) -> Outcome:
    """Have the worker erase what is marked. From here on it is done, whoever is killed on the way.

    Sent again, because its answer was lost, the same erasure goes on.
    """
    wanted = codec.erasure_state(command.begin_erasure.value)
    if _erasure(group).number != wanted.number:
        if outcome := _busy(group):
            return outcome
        group.put_visibly(schema.CHECKPOINTS, keys.ERASURE, command.begin_erasure.value)
        _refuse_sessions(group, command.begin_erasure.sessions)
    reply = pb.Reply(protocol=frames.PROTOCOL, erasure_begun=pb.ErasureBegun())
    return Outcome(reply, frames.ANNOUNCE_JOBS)


def erase_events(group: Group, command: pb.Command) -> Outcome:
    """Erase events, and rewrite others; what is done already stays as it is."""
    erase = command.erase_events
    if not _erasure(group).is_running:
        return refused("No erasure is under way.")
    rewritten = [memory.Event.FromString(content) for content in erase.rewritten]
    for event, content in zip(rewritten, erase.rewritten, strict=True):
        # Only in its place: a look-up that leads to it must go on to do so.
        if group.get(schema.EVENTS, keys.session_event(event.session_id, event.timestamp_ms, event.event_id)) is None:
            return refused(f"{event.event_id} is not stored in session {event.session_id} at {event.timestamp_ms}.")
        group.put(schema.EVENTS, keys.event(event.timestamp_ms, event.event_id), content)
    if erase.redacted:
        counts = codec.counts(group.get(schema.CHECKPOINTS, keys.REDACTED)) + Counter(dict(erase.redacted))
        group.put_visibly(schema.CHECKPOINTS, keys.REDACTED, codec.counts_to_json(counts))
    for name in erase.events:
        _erase(group, name)
    return Outcome(pb.Reply(protocol=frames.PROTOCOL, events_erased=pb.EventsErased()))


def refuse_events(group: Group, command: pb.Command) -> Outcome:
    """Never store these again, whether or not they ever were; what is stored stays for an erasure."""
    for event_id in command.refuse_events.event_ids:
        if group.get(schema.EVENTS, keys.event_id(event_id)) is None:
            _refuse(group, event_id)
    return Outcome(pb.Reply(protocol=frames.PROTOCOL, events_refused=pb.EventsRefused()))


def put_erasure(group: Group, value: bytes) -> None:
    """Note how far the erasure is; its end removes the marks."""
    group.put_visibly(schema.CHECKPOINTS, keys.ERASURE, value)
    if not codec.erasure_state(value).is_running:
        group.delete_range(schema.CHECKPOINTS, keys.MARK_PREFIX, keys.after(keys.MARK_PREFIX))
        # A secondary that replayed rows from the log and not their removal shows them until its family has a row in
        # a newer log.
        for family in schema.COLUMN_FAMILIES:
            group.delete(family, keys.NOTHING)


def _erase(group: Group, name: pb.EventName) -> None:
    row = keys.event(name.timestamp_ms, name.event_id)
    content = group.get(schema.EVENTS, row)
    if content is None:
        return
    event = memory.Event.FromString(content)
    for key in (
        row,
        keys.event_id(name.event_id),
        keys.session_event(event.session_id, name.timestamp_ms, name.event_id),
    ):
        group.delete(schema.EVENTS, key)
    # With the removal: an id that is free and not marked as removed would be stored again.
    _refuse(group, name.event_id)
    group.counters = replace(group.counters, events=group.counters.events - 1)
    ledger.count_stored(group, {(name.timestamp_ms // QUARTER_MS, event.agent): -1})


def _refuse(group: Group, event_id: str) -> None:
    group.put(schema.EVENTS, keys.removed_event(event_id), b"")
    group.forgotten = replace(group.forgotten, has_events=True)


def _refuse_sessions(group: Group, sessions: Iterable[pb.ForgottenSession]) -> None:
    until_ms = dict(group.forgotten.until_ms)
    for session in sessions:
        until_ms[session.session_id] = max(session.until_ms, until_ms.get(session.session_id, 0))
        row = keys.forgotten_session(session.session_id)
        group.put(schema.CHECKPOINTS, row, b"%d" % until_ms[session.session_id])
    group.forgotten = replace(group.forgotten, until_ms=until_ms)


def _busy(group: Group) -> Outcome | None:
    """The refusal while something else is under way."""
    erasure = _erasure(group)
    if erasure.is_running:
        return refused(
            f"Another erasure is under way: {erasure.events_done} of {erasure.events} events are done. "
            "Ask again when it is finished."
        )
    if codec.rebuild_state(group.get(schema.CHECKPOINTS, keys.REBUILD)).is_running:
        return refused("A rebuild is under way. Ask again when it is finished.")
    return None


def _erasure(group: Group) -> ErasureState:
    return codec.erasure_state(group.get(schema.CHECKPOINTS, keys.ERASURE))
