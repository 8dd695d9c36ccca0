"""Erasing again what a backup brought back, by what is noted beside the store."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import islice
from typing import Final

from agent_memory.bus.client import Bus
from agent_memory.logs import line
from agent_memory.messages import event_from_bytes
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, erasures, keys, schema
from agent_memory.store.codec import ErasureState
from agent_memory.store.forgotten import ForgottenFile
from agent_memory.store.reader import Reader

log = logging.getLogger(__name__)

PAGE_EVENTS: Final = 500


def renew(reader: Reader, writer: Bus, noted: ForgottenFile, now_ms: int) -> bool:
    """Begin to erase what was erased from a later state of this store; whether there was anything to do.

    Whoever is killed on the way does it again: the store's own number of erasures stays behind until it begins.
    Raises WriterUnavailable, CommandRefused while a rebuild is under way, OSError.
    """
    last = noted.last_erasure()
    known = erasures.state(reader)
    if last <= known.number or known.is_running:
        return False
    marked = 0
    remaining = noted.event_ids()
    is_first = True
    while (page := list(islice(remaining, PAGE_EVENTS))) or is_first:
        names = list(_stored(reader, page))
        writer.ask(pb.Command(mark_events=pb.MarkEvents(afresh=is_first, events=names)))
        writer.ask(pb.Command(refuse_events=pb.RefuseEvents(event_ids=page)))
        marked += len(names)
        is_first = False
    sessions = [pb.ForgottenSession(session_id=name, until_ms=until_ms) for name, until_ms in noted.sessions()]
    begun = ErasureState(number=last + 1, events=marked, started_ms=now_ms)
    writer.ask(pb.Command(begin_erasure=pb.BeginErasure(value=codec.to_json(begun), sessions=sessions)))
    log.warning(line("the store is older than its last erasure, erasing again", events=marked, erasure=last))
    return True


def _stored(reader: Reader, event_ids: list[str]) -> Iterator[pb.EventName]:
    """Those of the events that are stored."""
    stamps = reader.get_many(schema.EVENTS, [keys.event_id(event_id) for event_id in event_ids])
    for event_id, stamp in zip(event_ids, stamps, strict=True):
        content = None if stamp is None else reader.get(schema.EVENTS, keys.event(int(stamp), event_id))
        if content is not None:
            event = event_from_bytes(content)
            yield pb.EventName(session_id=event.session_id, timestamp_ms=event.timestamp_ms, event_id=event_id)
