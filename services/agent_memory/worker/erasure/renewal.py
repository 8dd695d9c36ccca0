"""Erasing again what a backup brought back, by what is noted beside the store."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import islice
from typing import Final

from agent_memory.bus.client import Bus
from agent_memory.erasure.passages import PASSAGES_MAX, passage_of
from agent_memory.erasure.receipts import Receipts
from agent_memory.messages import event_from_bytes
from agent_memory.process.logs import line
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.rpc import memory_pb2 as memory
from agent_memory.store import codec, erasures, records
from agent_memory.store.codec import ErasureState
from agent_memory.store.forgotten import ForgottenFile
from agent_memory.store.reader import Reader

log = logging.getLogger(__name__)

PAGE_EVENTS: Final = 500


def renew(reader: Reader, writer: Bus, noted: ForgottenFile, receipts: Receipts, now_ms: int) -> bool:
    """Begin to erase what was erased from a later state of this store; whether there was anything to do.

    Whoever is killed on the way does it again: the store's own number of erasures stays behind until it begins.
    Raises WriterUnavailable, CommandRefused while a rebuild is under way, OSError.
    """
    last = noted.last_erasure()
    known = erasures.state(reader)
    if last <= known.number or known.is_running:
        return False
    writer.ask(pb.Command(mark_events=pb.MarkEvents(afresh=True)))
    passages: list[str] = []
    summarized = _mark(reader, writer, noted.summarized_ids(), passages, keep_summaries=True)
    # After them: what was forgotten altogether goes altogether.
    marked = summarized + _mark(reader, writer, noted.event_ids(), passages, keep_summaries=False)
    sessions = [pb.ForgottenSession(session_id=name, until_ms=until_ms) for name, until_ms in noted.sessions()]
    begun = ErasureState(number=last + 1, events=marked, started_ms=now_ms)
    receipt = memory.ErasureReceipt(
        number=begun.number, kind=memory.ERASURE_KIND_FORGET, events=marked, keep_summaries=summarized > 0
    )
    receipts.begin(receipt, passages)
    writer.ask(pb.Command(begin_erasure=pb.BeginErasure(value=codec.to_json(begun), sessions=sessions)))
    log.warning(line("the store is older than its last erasure, erasing again", events=marked, erasure=last))
    return True


def _mark(reader: Reader, writer: Bus, event_ids: Iterator[str], passages: list[str], *, keep_summaries: bool) -> int:
    """Mark those of the events that are stored, and refuse the others; how many are marked. Adds to the passages."""
    marked = 0
    while page := list(islice(event_ids, PAGE_EVENTS)):
        stored = list(map(event_from_bytes, records.event_rows_by_id(reader, page)))
        passages += filter(None, map(passage_of, stored[: max(0, PASSAGES_MAX - len(passages))]))
        names = [
            pb.EventName(session_id=event.session_id, timestamp_ms=event.timestamp_ms, event_id=event.event_id)
            for event in stored
        ]
        writer.ask(pb.Command(mark_events=pb.MarkEvents(events=names, keep_summaries=keep_summaries)))
        writer.ask(pb.Command(refuse_events=pb.RefuseEvents(event_ids=page)))
        marked += len(names)
    return marked
