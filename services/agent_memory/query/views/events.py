"""Events: one of them, pages of them, and those around a grip."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice, takewhile, zip_longest
from typing import Final

from agent_memory.errors import UsageError
from agent_memory.messages import event_to_pb, grip_to_pb
from agent_memory.model import Event
from agent_memory.page_tokens import event_position, of_event
from agent_memory.periods import day_of, parse_period
from agent_memory.query.views.budget import Budget
from agent_memory.query.views.scope import LONGEST_MS, Scope
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import keys, ledger, records, schema
from agent_memory.store.reader import Reader
from agent_memory.store.records import Position

EVENTS_DEFAULT: Final = 50
EVENTS_MAX: Final = 1000
# A page of events ends here too, unless its first event alone is larger: gRPC clients accept 4 MiB by default.
PAGE_MAX_BYTES: Final = 3584 << 10
# A filter that matches nothing must not walk the whole store; the caller continues from the cursor.
EXAMINED_MAX: Final = 5000
NEIGHBOURS_DEFAULT: Final = 3
NEIGHBOURS_MAX: Final = 100
EXCERPT_EVENTS_MAX: Final = 200


def event(reader: Reader, event_id: str) -> pb.GetEventResponse:
    """The event of that id, and the segment that it lies in; absent where there is none."""
    if not event_id:
        raise UsageError("event_id is empty", "GetEvents names events.")
    found = records.event(reader, event_id)
    if found is None:
        return pb.GetEventResponse()
    segment = records.segment_before(reader, found.session_id, found.position)
    is_in_it = segment is not None and found.position <= (segment[1].last_ms, segment[1].last_event_id)
    return pb.GetEventResponse(
        event=event_to_pb(found), node_id=segment[1].node_id if segment is not None and is_in_it else ""
    )


def events(reader: Reader, request: pb.GetEventsRequest, scope: Scope | None = None) -> pb.GetEventsResponse:
    """A page of events between two instants, both inclusive; a `to` of 0 leaves the end open.

    The events of a project, which the `scope` then has, are those of its segments.
    """
    limit = min(request.limit, EVENTS_MAX) if request.limit > 0 else EVENTS_DEFAULT
    budget = Budget(request.max_tokens)
    agent = request.agent.lower()
    page: list[pb.Event] = []
    last: pb.Event | None = None
    for examined, content in enumerate(_contents_in(reader, request, scope or Scope())):
        event = pb.Event.FromString(content)
        is_asked_for = not agent or event.agent == agent
        is_full = len(page) == limit or examined >= EXAMINED_MAX
        is_full |= bool(page) and budget.size_bytes + len(content) > PAGE_MAX_BYTES
        if is_full or (is_asked_for and not budget.takes(event)):
            cursor = of_event(last.timestamp_ms, last.event_id) if last else request.cursor
            return pb.GetEventsResponse(events=page, has_more=True, cursor=cursor or None, **budget.price)
        last = event
        if is_asked_for:
            page.append(event)
    return pb.GetEventsResponse(events=page, **budget.price)


def expand(reader: Reader, request: pb.ExpandGripRequest) -> pb.ExpandGripResponse:
    """A grip, the events it quotes, and their neighbours in the same session."""
    if not request.grip_id:
        raise UsageError("grip_id is empty", "The bullets of a node name their grips.")
    grip = records.grip(reader, request.grip_id)
    if grip is None or grip.end_timestamp_ms > _until_ms(request):
        return pb.ExpandGripResponse()
    before = _neighbours(request.events_before) if request.HasField("events_before") else NEIGHBOURS_DEFAULT
    after = _neighbours(request.events_after) if request.HasField("events_after") else NEIGHBOURS_DEFAULT
    first: Position = (grip.timestamp_ms, grip.event_id_start)
    last: Position = (grip.end_timestamp_ms, grip.event_id_end)
    budget = Budget(request.max_tokens)
    message = grip_to_pb(grip)
    budget.charge(message)
    until_ms = _until_ms(request)
    onwards = records.session_events(reader, grip.session_id, first)
    quoted = takewhile(lambda event: event.position <= last, onwards)
    preceding = records.session_events(reader, grip.session_id, first, backwards=True)
    following = records.session_events(reader, grip.session_id, (last[0], last[1] + "\0"))
    later = takewhile(lambda event: event.timestamp_ms <= until_ms, following)
    evidence: list[pb.Event] = []
    sides: tuple[list[pb.Event], list[pb.Event]] = ([], [])
    around = _nearest_first(sides, islice(preceding, before), islice(later, after))
    has_more = False
    for place, event in chain(((evidence, event) for event in quoted), around):
        found = event_to_pb(event)
        is_full = len(place) == EXCERPT_EVENTS_MAX or budget.size_bytes + found.ByteSize() > PAGE_MAX_BYTES
        if (is_full and any((evidence, *sides))) or not budget.takes(found):
            has_more = True
            break
        place.append(found)
    return pb.ExpandGripResponse(
        grip=message,
        events_before=reversed(sides[0]),
        excerpt_events=evidence,
        events_after=sides[1],
        has_more=has_more,
        **budget.price,
    )


def _until_ms(request: pb.GetEventsRequest | pb.ExpandGripRequest) -> int:
    """The time of the last events wanted: by their own time, since they do not record when they arrived."""
    return min(request.as_of_ms, keys.TIMESTAMP_MAX_MS) if request.HasField("as_of_ms") else keys.TIMESTAMP_MAX_MS


def _contents_in(reader: Reader, request: pb.GetEventsRequest, scope: Scope) -> Iterator[bytes]:
    first = max(request.from_timestamp_ms, 0)
    last = min(request.to_timestamp_ms or keys.TIMESTAMP_MAX_MS, _until_ms(request))
    after: Position | None = event_position(request.cursor) if request.HasField("cursor") else None
    if after is not None:
        first, last = (first, min(last, after[0])) if request.newest_first else (max(first, after[0]), last)
    # A timestamp of 14 digits would sort among those of this century.
    if first > last:
        return iter(())
    if scope.projects:
        return _of_segments(reader, scope, first, last, after, newest_first=request.newest_first)
    if request.HasField("session_id"):
        rows = _rows(reader, keys.session(request.session_id), first, last, after, newest_first=request.newest_first)
        return records.event_rows(reader, (keys.event_of_session_row(key) for key, _ in rows))
    spans = [(first, last)] if not request.agent else _days_of(reader, request.agent.lower(), first, last)
    each = (
        _rows(reader, keys.EVENT_PREFIX, begin, end, after, newest_first=request.newest_first)
        for begin, end in (reversed(spans) if request.newest_first else spans)
    )
    return (content for _, content in chain.from_iterable(each))


def _rows(
    reader: Reader, prefix: bytes, first: int, last: int, after: Position | None, *, newest_first: bool
) -> Iterator[tuple[bytes, bytes]]:
    """The rows of events from `first` to `last`, of those beyond the event `after`."""
    start, stop = prefix + b"%013d:" % first, keys.after(prefix + b"%013d:" % last)
    if after is not None:
        at = prefix + b"%013d:%s" % (after[0], after[1].encode())
        start, stop = (start, min(stop, at)) if newest_first else (max(start, at + b"\0"), stop)
    return reader.scan(schema.EVENTS, start, stop, backwards=newest_first)


def _days_of(reader: Reader, agent: str, first: int, last: int) -> list[tuple[int, int]]:
    """The parts of a span on whose days that agent has events, in order, both ends inclusive."""
    zone = records.time_zone(reader)
    first_day, last_day = (f"{day_of(at_ms, zone).first}" for at_ms in (first, last))
    days = map(parse_period, ledger.days_of(reader, agent, first_day, last_day))
    spans = (day.span_ms(zone) for day in days if day is not None)
    return [(max(first, begin), min(last, end - 1)) for begin, end in spans]


def _of_segments(
    reader: Reader, scope: Scope, first: int, last: int, after: Position | None, *, newest_first: bool
) -> Iterator[bytes]:
    """The events of the scope's segments, in order; a day at a time, since segments of a day overlap."""
    at_ms = last if newest_first else first
    while (day := _day_with_segments(reader, scope, at_ms, newest_first=newest_first)) is not None:
        begin, end = max(day[0], first), min(day[1] - 1, last)
        if begin > last or end < first:
            return
        positions = sorted(_positions(reader, scope, begin, end), reverse=newest_first)
        if after is not None:
            positions = [each for each in positions if (each < after if newest_first else each > after)]
        yield from records.event_rows(reader, (keys.event(*each) for each in positions))
        at_ms = day[0] - 1 if newest_first else day[1]


def _day_with_segments(reader: Reader, scope: Scope, at_ms: int, *, newest_first: bool) -> tuple[int, int] | None:
    """The span of the next day, from the one of `at_ms` on, on which one of the segments may have events."""
    zone = records.time_zone(reader)
    if not 0 <= at_ms <= keys.TIMESTAMP_MAX_MS:
        return None
    if newest_first:
        found = next(scope.segments(reader, 0, at_ms + 1), None)
        latest = None if found is None else min(at_ms, found.first_ms + LONGEST_MS)
        return None if latest is None else day_of(latest, zone).span_ms(zone)
    begin_ms = max(0, at_ms - LONGEST_MS)
    found = next(scope.segments(reader, begin_ms, keys.TIMESTAMP_MAX_MS, oldest_first=True), None)
    return None if found is None else day_of(max(at_ms, found.first_ms), zone).span_ms(zone)


def _positions(reader: Reader, scope: Scope, first: int, last: int) -> Iterator[Position]:
    """Where the segments' events are, from `first` to `last`, in no particular order."""
    for filed in scope.segments(reader, max(0, first - LONGEST_MS), last + 1):
        row = records.segment_at(reader, filed.session_id, (filed.first_ms, filed.first_event_id))
        if row is None or row.last_ms < first:
            continue
        prefix = keys.session(filed.session_id)
        began = keys.session_event(filed.session_id, filed.first_ms, filed.first_event_id)
        start = max(began, prefix + b"%013d:" % first)
        stop = min(
            keys.session_event(filed.session_id, row.last_ms, row.last_event_id) + b"\0",
            keys.after(prefix + b"%013d:" % last),
        )
        for key, _ in reader.scan(schema.EVENTS, start, stop):
            yield keys.position(keys.event_of_session_row(key))


def _neighbours(wanted: int) -> int:
    return max(0, min(wanted, NEIGHBOURS_MAX))


def _nearest_first(
    sides: tuple[list[pb.Event], list[pb.Event]], earlier: Iterator[Event], later: Iterator[Event]
) -> Iterator[tuple[list[pb.Event], Event]]:
    """The neighbours on both sides in turns, each with the side that it belongs to."""
    for pair in zip_longest(earlier, later):
        yield from ((side, event) for side, event in zip(sides, pair, strict=True) if event is not None)
