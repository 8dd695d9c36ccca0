"""Storing events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from agent_memory.bus import frames
from agent_memory.ingest.handlers.ledger import count_stored
from agent_memory.ingest.handlers.outcome import Outcome
from agent_memory.ingest.writer import Group
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.rpc import memory_pb2 as memory
from agent_memory.store import codec, keys, ledger, schema


def append_events(group: Group, command: pb.Command) -> Outcome:
    """Store the events that are new and not forgotten. The first write of an id wins, also within one group."""
    contents = command.append_events.events
    events = [memory.Event.FromString(content) for content in contents]
    id_keys = [keys.event_id(event.event_id) for event in events]
    created = group.reserve_ids(id_keys)
    forgotten = _forgotten(group, events, created)
    for place in forgotten:
        created[place] = False
    sequence = group.counters.sequence
    put_event, put_entry = group.putter(schema.EVENTS), group.putter(schema.OUTBOX)
    # By quarter of an hour and agent: most events of a batch share both.
    stored: Counter[tuple[int, str]] = Counter()
    for content, event, id_key, is_new in zip(contents, events, id_keys, created, strict=True):
        if is_new:
            sequence += 1
            timestamp_ms = event.timestamp_ms
            event_key, session_key, stamp, entry = keys.event_names(event.session_id, timestamp_ms, event.event_id)
            # The event, its look-ups and its outbox entry: all or none, so nothing is stored and never summarised.
            put_event(event_key, content)
            put_event(id_key, stamp)
            put_event(session_key, b"")
            put_entry(keys.outbox(sequence), entry)
            stored[timestamp_ms // ledger.QUARTER_MS, event.agent] += 1
    if new := sequence - group.counters.sequence:
        group.counters = replace(group.counters, events=group.counters.events + new, sequence=sequence)
    count_stored(group, stored)
    _count_redacted(group, command.append_events.redacted, created)
    reply = pb.Reply(
        protocol=frames.PROTOCOL, appended=pb.Appended(created=created, sequence=sequence, forgotten=forgotten)
    )
    return Outcome(reply, frames.ANNOUNCE_EVENTS if new else None)


def _forgotten(group: Group, events: Sequence[memory.Event], created: Sequence[bool]) -> list[int]:
    """The places of the new events that were erased on request: no transcript may bring them back."""
    if not group.forgotten:
        return []
    new = [place for place, is_new in enumerate(created) if is_new]
    removed = group.are_removed([events[place].event_id for place in new])
    until_ms = group.forgotten.until_ms
    return [
        place
        for place, is_removed in zip(new, removed, strict=True)
        if is_removed or events[place].timestamp_ms <= until_ms.get(events[place].session_id, -1)
    ]


def _count_redacted(group: Group, redacted: Iterable[pb.Redacted], created: Sequence[bool]) -> None:
    """Count the secrets that were taken out of the new ones of the events."""
    found: Counter[str] = Counter()
    for each in redacted:
        if created[each.event]:
            found.update(each.counts)
    if found:
        counts = codec.counts(group.get(schema.CHECKPOINTS, keys.REDACTED)) + found
        group.put_visibly(schema.CHECKPOINTS, keys.REDACTED, codec.counts_to_json(counts))
