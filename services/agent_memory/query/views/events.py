"""Events: pages of them, and those around a grip."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, takewhile, zip_longest
from typing import Final

from agent_memory.errors import UsageError
from agent_memory.messages import event_to_pb, grip_to_pb
from agent_memory.model import Event
from agent_memory.query.views.budget import Budget
from agent_memory.query.views.page_tokens import decoded, encoded, no_token
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import keys, records, schema
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


def events(reader: Reader, request: pb.GetEventsRequest) -> pb.GetEventsResponse:
    """A page of events between two instants, both inclusive; a `to` of 0 leaves the end open."""
    limit = min(request.limit, EVENTS_MAX) if request.limit > 0 else EVENTS_DEFAULT
    budget = Budget(request.max_tokens)
    agent = request.agent.lower() if request.HasField("agent") else None
    page: list[pb.Event] = []
    last: pb.Event | None = None
    for examined, content in enumerate(_contents_in(reader, request)):
        event = pb.Event.FromString(content)
        is_asked_for = agent is None or event.agent == agent
        is_full = len(page) == limit or examined >= EXAMINED_MAX
        is_full |= bool(page) and budget.size_bytes + len(content) > PAGE_MAX_BYTES
        if is_full or (is_asked_for and not budget.takes(event)):
            cursor = encoded(f"{last.timestamp_ms}:{last.event_id}") if last else request.cursor
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
    evidence = list(takewhile(budget.takes, _page(quoted, EXCERPT_EVENTS_MAX)))
    earlier = _page(records.session_events(reader, grip.session_id, first, backwards=True), before)
    following = records.session_events(reader, grip.session_id, (last[0], last[1] + "\0"))
    later = _page(takewhile(lambda event: event.timestamp_ms <= until_ms, following), after)
    sides: tuple[list[pb.Event], list[pb.Event]] = ([], [])
    has_more = False
    for side, event in _nearest_first(sides, earlier, later):
        if budget.size_bytes + event.ByteSize() > PAGE_MAX_BYTES or not budget.takes(event):
            has_more = True
            break
        side.append(event)
    return pb.ExpandGripResponse(
        grip=message,
        events_before=reversed(sides[0]),
        excerpt_events=evidence,
        events_after=sides[1],
        has_more=has_more or budget.has_more,
        **budget.price,
    )


def _until_ms(request: pb.GetEventsRequest | pb.ExpandGripRequest) -> int:
    """The time of the last events wanted: by their own time, since they do not record when they arrived."""
    return min(request.as_of_ms, keys.TIMESTAMP_MAX_MS) if request.HasField("as_of_ms") else keys.TIMESTAMP_MAX_MS


def _contents_in(reader: Reader, request: pb.GetEventsRequest) -> Iterator[bytes]:
    first = max(request.from_timestamp_ms, 0)
    last = min(request.to_timestamp_ms or keys.TIMESTAMP_MAX_MS, _until_ms(request))
    # A timestamp of 14 digits would sort among those of this century.
    if first > last:
        return iter(())
    of_session = request.HasField("session_id")
    prefix = keys.session(request.session_id) if of_session else keys.EVENT_PREFIX
    start = prefix + b"%013d:" % first
    stop = keys.after(prefix + b"%013d:" % last)
    if request.HasField("cursor"):
        at = prefix + b"%013d:%s" % _cursor(request.cursor)
        if request.newest_first:
            stop = min(stop, at)
        else:
            start = max(start, at + b"\0")
    rows = reader.scan(schema.EVENTS, start, stop, backwards=request.newest_first)
    if of_session:
        return records.event_rows(reader, (keys.event_of_session_row(key) for key, _ in rows))
    return (content for _, content in rows)


def _cursor(cursor: str) -> tuple[int, bytes]:
    stamp, _, event_id = decoded("cursor", cursor).partition(":")
    if not stamp.isdecimal():
        raise no_token(f"cursor {cursor!r} is not one of ours")
    return int(stamp), event_id.encode()


def _neighbours(wanted: int) -> int:
    return max(0, min(wanted, NEIGHBOURS_MAX))


def _page(events: Iterator[Event], limit: int) -> Iterator[pb.Event]:
    """The first events as messages: at least one, at most `limit`, and no more than fit into a page."""
    size = 0
    for number, message in enumerate(map(event_to_pb, islice(events, limit))):
        size += message.ByteSize()
        if number and size > PAGE_MAX_BYTES:
            return
        yield message


def _nearest_first(
    sides: tuple[list[pb.Event], list[pb.Event]], earlier: Iterator[pb.Event], later: Iterator[pb.Event]
) -> Iterator[tuple[list[pb.Event], pb.Event]]:
    """The neighbours on both sides in turns, each with the side that it belongs to."""
    for pair in zip_longest(earlier, later):
        yield from ((side, event) for side, event in zip(sides, pair, strict=True) if event is not None)
