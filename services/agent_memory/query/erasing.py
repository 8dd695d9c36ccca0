"""Erasing, as it is asked for: which events it is about, and its beginning. The worker does it.

What is selected is marked in the store first, a page at a time, and the erasure begins with one more command. So the
selection may be of any size, what is looked for is never written down, and whoever is killed before that command has
changed nothing.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Final, TypeVar

from agent_memory.capture.spool import Spool
from agent_memory.erasure import inputs
from agent_memory.erasure.passages import PASSAGES_MAX, passage_of, taken_out
from agent_memory.erasure.receipts import Receipts
from agent_memory.erasure.selection import FOREVER_MS, Selection
from agent_memory.errors import UsageError
from agent_memory.messages import event_from_bytes
from agent_memory.query.store_context import StoreContext
from agent_memory.redaction.event_redactor import EventRedactor
from agent_memory.redaction.prefilter import candidates
from agent_memory.rpc import bus_pb2 as bus
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import codec, erasures, keys, records, schema
from agent_memory.store.codec import ErasureKind, ErasureState
from agent_memory.store.reader import Reader

MARKS_A_COMMAND: Final = 1000
# Events that are looked at together.
PAGE_EVENTS: Final = 256
SAMPLES: Final = 5
SAMPLE_CHARACTERS: Final = 200

_KINDS: Final = {pb.ERASURE_KIND_FORGET: ErasureKind.FORGET, pb.ERASURE_KIND_REDACT: ErasureKind.REDACT}
_WIRE: Final = {kind: number for number, kind in _KINDS.items()}
_Item = TypeVar("_Item")


@dataclass(slots=True)
class _Found:
    """What the selected events are, as far as they were looked at."""

    response: pb.EraseResponse = field(default_factory=pb.EraseResponse)
    sessions: set[str] = field(default_factory=set)
    passages: list[str] = field(default_factory=list)
    # Each of all passages is as likely to be among those that are kept.
    passages_seen: int = 0
    chance: Random = field(default_factory=lambda: Random(0))
    redacted: Counter[str] = field(default_factory=Counter)

    def add(self, event: pb.Event, passages: Iterable[str]) -> None:
        response = self.response
        response.first_ms = min(response.first_ms or event.timestamp_ms, event.timestamp_ms)
        response.last_ms = max(response.last_ms, event.timestamp_ms)
        response.events += 1
        self.sessions.add(event.session_id)
        if len(response.samples) < SAMPLES:
            sample = response.samples.add()
            sample.CopyFrom(event)
            sample.text = event.text[:SAMPLE_CHARACTERS]
            sample.metadata.clear()
        for passage in filter(None, passages):
            self.passages_seen += 1
            if len(self.passages) < PASSAGES_MAX:
                self.passages.append(passage)
            elif (place := self.chance.randrange(self.passages_seen)) < PASSAGES_MAX:
                self.passages[place] = passage

    def reply(self) -> pb.EraseResponse:
        self.response.sessions = len(self.sessions)
        self.response.passages.extend(dict.fromkeys(self.passages))
        self.response.redacted.update(self.redacted)
        return self.response


class Erasing:
    """Selects and begins erasures, one at a time. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def erase(self, store: StoreContext, request: pb.EraseRequest) -> pb.EraseResponse:
        """Select the events and, unless it is a dry run, begin to erase them; raises UsageError, CommandRefused."""
        kind = _KINDS.get(request.kind)
        if kind is None:
            raise UsageError("kind is not given; it must say what to do with the events")
        selection = _selection_of(store, request.selection)
        if kind == ErasureKind.FORGET and selection.is_empty:
            raise UsageError("selection is empty", "Say which events to forget.")
        if request.keep_summaries and (kind, selection) != (ErasureKind.FORGET, Selection(to_ms=selection.to_ms)):
            raise UsageError("keep_summaries is about all that is older than a time", "Name only the time.")
        reader = store.caught_up()
        if request.dry_run:
            found = _Found()
            for _ in _selected(store, reader, kind, selection, found, whole_segments=request.keep_summaries):
                pass
            if kind == ErasureKind.FORGET:
                found.response.inputs = sum(1 for _ in inputs.about(Spool(store.settings.main_path), selection))
            return found.reply()
        with self._lock:
            return _begin(store, reader, kind, selection, request)


def status(store: StoreContext) -> pb.GetErasureStatusResponse:
    """How far the erasure is that was begun last."""
    state = erasures.let_go_of_erased(store.caught_up())
    if not state.is_running:
        # It may have another file open than the one in use, and remembers words.
        store.index.close()
    return pb.GetErasureStatusResponse(
        is_running=state.is_running,
        number=state.number,
        kind=_WIRE[state.kind] if state.number else pb.ERASURE_KIND_UNSPECIFIED,
        stage=state.stage,
        events=state.events,
        events_done=state.events_done,
        started_ms=state.started_ms,
        finished_ms=state.finished_ms,
    )


def _selection_of(store: StoreContext, asked: pb.EventSelection) -> Selection:
    """The selection that a request names; a project's folder stands for all names of the project."""
    projects = {asked.project} if asked.project else set()
    if asked.project.startswith("/"):
        projects.update(store.projects.names(asked.project))
    return Selection(
        event_ids=frozenset(asked.event_ids),
        session_ids=frozenset(asked.session_ids),
        from_ms=asked.from_ms if asked.HasField("from_ms") else 0,
        to_ms=asked.to_ms if asked.HasField("to_ms") else FOREVER_MS,
        text=asked.text,
        agent=asked.agent,
        projects=frozenset(filter(None, projects)),
        file=asked.file,
    )


def _begin(
    store: StoreContext, reader: Reader, kind: ErasureKind, selection: Selection, request: pb.EraseRequest
) -> pb.EraseResponse:
    state = erasures.state(reader)
    found = _Found()
    names = (
        bus.EventName(session_id=event.session_id, timestamp_ms=event.timestamp_ms, event_id=event.event_id)
        for event in _selected(store, reader, kind, selection, found, whole_segments=request.keep_summaries)
    )
    # First without any: an erasure that is under way refuses it before all is looked through.
    store.writer.ask(bus.Command(mark_events=bus.MarkEvents(afresh=True)))
    for page in _pages(names, MARKS_A_COMMAND):
        store.writer.ask(bus.Command(mark_events=bus.MarkEvents(events=page, keep_summaries=request.keep_summaries)))
    reply = found.reply()
    if request.HasField("expected_events") and reply.events != request.expected_events:
        raise UsageError(
            f"{reply.events} events are selected now, and not {request.expected_events}; nothing was erased.",
            "Look at them again.",
            reason="SELECTION_CHANGED",
        )
    now_ms = time.time_ns() // 1_000_000
    if kind == ErasureKind.FORGET:
        reply.inputs = inputs.remove(Spool(store.settings.main_path), selection)
    if not reply.events:
        return reply
    sessions = [
        bus.ForgottenSession(session_id=session_id, until_ms=max(now_ms, reply.last_ms))
        for session_id in selection.session_ids
        if kind == ErasureKind.FORGET and selection.is_of_sessions
    ]
    begun = ErasureState(number=state.number + 1, kind=kind, events=reply.events, started_ms=now_ms)
    reply.number = begun.number
    # First: whoever proves the erasure needs it, also after a power cut.
    Receipts(store.settings.db_path).begin(_receipt(reply, request), reply.passages)
    store.writer.ask(bus.Command(begin_erasure=bus.BeginErasure(value=codec.to_json(begun), sessions=sessions)))
    return reply


def _receipt(begun: pb.EraseResponse, request: pb.EraseRequest) -> pb.ErasureReceipt:
    """What is known of the receipt when the erasure begins."""
    return pb.ErasureReceipt(
        number=begun.number,
        kind=request.kind,
        keep_summaries=request.keep_summaries,
        events=begun.events,
        sessions=begun.sessions,
        inputs=begun.inputs,
        redacted=begun.redacted,
    )


def _selected(
    store: StoreContext,
    reader: Reader,
    kind: ErasureKind,
    selection: Selection,
    found: _Found,
    *,
    whole_segments: bool,
) -> Iterator[pb.Event]:
    """The events that it is about; `found` is told of each."""
    rows = _rows(reader, selection)
    if whole_segments:
        rows = records.event_rows(reader, _rows_of_whole_segments(reader, selection.to_ms))
    if kind == ErasureKind.REDACT:
        yield from _redactable(store, reader, rows, selection, found)
        return
    for content in rows:
        event = event_from_bytes(content)
        if selection.fits(event):
            message = pb.Event.FromString(content)
            found.add(message, [passage_of(event, selection.text)])
            yield message


def _redactable(
    store: StoreContext, reader: Reader, rows: Iterator[bytes], selection: Selection, found: _Found
) -> Iterator[pb.Event]:
    """The events that the rules for secrets, as they are now, would change."""
    settings = store.settings
    if not settings.redaction:
        raise UsageError("Redaction is switched off (redaction = false).", "Switch it on to look for secrets.")
    redactor = EventRedactor(records.redaction_key(reader), redaction=True, payment_data=settings.redact_payment_data)
    for page in _pages(rows, PAGE_EVENTS):
        for place in candidates(iter(page), payment_data=settings.redact_payment_data):
            before = pb.Event.FromString(page[place])
            if not selection.is_empty and not selection.fits(event_from_bytes(page[place])):
                continue
            after = pb.Event()
            after.CopyFrom(before)
            counts = redactor.take_out(after)
            if after == before:
                continue
            found.redacted.update(counts)
            passages = [*taken_out(before.text, after.text)]
            for name, value in before.metadata.items():
                passages += taken_out(value, after.metadata[name])
            found.add(after, passages)
            yield after


def _rows(reader: Reader, selection: Selection) -> Iterator[bytes]:
    """The stored events that may be meant: as few as the criteria lead to without reading all."""
    if selection.event_ids:
        return records.event_rows_by_id(reader, sorted(selection.event_ids))
    if selection.session_ids:
        return records.event_rows(reader, _session_rows(reader, selection.session_ids))
    span = keys.events_between(selection.from_ms, selection.to_ms)
    return (value for _, value in reader.scan(schema.EVENTS, *span))


def _session_rows(reader: Reader, session_ids: Iterable[str]) -> Iterator[bytes]:
    for session_id in sorted(session_ids):
        prefix = keys.session(session_id)
        for key, _ in reader.scan(schema.EVENTS, prefix, keys.after(prefix)):
            yield keys.event_of_session_row(key)


def _rows_of_whole_segments(reader: Reader, to_ms: int) -> Iterator[bytes]:
    """The events of all closed segments that ended before that time."""
    for session_id in records.sessions(reader):
        for first, row in records.segments_from(reader, session_id, (0, "")):
            if row.is_open or row.last_ms >= to_ms:
                break
            start = keys.session_event(session_id, *first)
            stop = keys.session_event(session_id, row.last_ms, row.last_event_id) + b"\0"
            for key, _ in reader.scan(schema.EVENTS, start, stop):
                yield keys.event_of_session_row(key)


def _pages(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    remaining = iter(items)
    while page := list(islice(remaining, size)):
        yield page
