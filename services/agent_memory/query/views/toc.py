"""What readers see: each function answers one RPC from the store. The reader has caught up when they are called."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from itertools import islice, takewhile, zip_longest
from typing import Final

from agent_memory.errors import UsageError
from agent_memory.jobs import JOBS
from agent_memory.messages import event_to_pb, grip_to_pb, node_to_pb
from agent_memory.model import Event, TocLevel, TocNode
from agent_memory.periods import Period
from agent_memory.query.views.budget import Budget, price
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import keys, records, schema
from agent_memory.store.ledger import day_and_agent, entries
from agent_memory.store.reader import Reader
from agent_memory.store.records import Position

BROWSE_DEFAULT: Final = 20
BROWSE_MAX: Final = 500
EVENTS_DEFAULT: Final = 50
EVENTS_MAX: Final = 1000
# A page of events ends here too, unless its first event alone is larger: what gRPC's clients take by default is 4 MiB.
PAGE_MAX_BYTES: Final = 3584 << 10
# A filter that nothing matches must not walk the whole store; the caller goes on from the cursor.
EXAMINED_MAX: Final = 5000
NEIGHBOURS_DEFAULT: Final = 3
NEIGHBOURS_MAX: Final = 100
EXCERPT_EVENTS_MAX: Final = 200
# What is asked of nodes, as they are or as they were.
AsOfRequest = (
    pb.GetTocRootRequest | pb.GetNodeRequest | pb.BrowseTocRequest | pb.GetTocMapRequest | pb.ResolveTimeRequest
)
# A node names so many children; BrowseToc pages through all of them.
CHILD_IDS_MAX: Final = 1000


def as_of_ms_of(request: AsOfRequest) -> int | None:
    """The time of which it is asked what was known then; None for now."""
    return request.as_of_ms if request.HasField("as_of_ms") else None


def asked_ms(request: pb.GetTocMapRequest | pb.ResolveTimeRequest, now_ms: int) -> int:
    """When it is asked: as it says, else at the time of which it is asked, else now; raises UsageError."""
    asked = request.now_ms if request.HasField("now_ms") else as_of_ms_of(request)
    if asked is not None and not 0 <= asked <= keys.TIMESTAMP_MAX_MS:
        raise UsageError(f"{asked} is not a time in milliseconds; it must be from 0 to {keys.TIMESTAMP_MAX_MS}")
    return now_ms if asked is None else asked


def toc_root(reader: Reader, request: pb.GetTocRootRequest) -> pb.GetTocRootResponse:
    """The years, newest first."""
    as_of_ms = as_of_ms_of(request)
    budget = Budget(request.max_tokens)
    years = records.nodes(reader, records.year_ids(reader)[::-1], as_of_ms)
    nodes = _that_fit(reader, years, as_of_ms, budget)
    return pb.GetTocRootResponse(nodes=nodes, has_more=budget.has_more, **budget.price)


def node(reader: Reader, request: pb.GetNodeRequest, meant: str | None = None) -> pb.GetNodeResponse:
    """The node by any spelling of its id; absent where there is no such node or version, or was none then.

    `meant` is the id that the request's words mean, where it does not name one itself.
    """
    node_id = _canonical(_named(request.node_id if meant is None else meant))
    as_of_ms = as_of_ms_of(request)
    if request.HasField("version") and as_of_ms is not None:
        raise UsageError("version and as_of_ms each name a version; give one of them")
    if request.HasField("version"):
        found = records.node_version(reader, node_id, max(0, request.version))
    else:
        found = records.node(reader, node_id, as_of_ms)
    if found is None:
        return pb.GetNodeResponse()
    budget = Budget(request.max_tokens)
    message = _with_children(reader, found, as_of_ms, is_brief=budget.is_limited)
    if budget.is_limited:
        message = _shortened(message, budget)
    else:
        budget.charge(message)
    return pb.GetNodeResponse(node=message, has_more=budget.has_more, **budget.price)


def node_versions(reader: Reader, node_id: str) -> pb.GetNodeVersionsResponse:
    """The versions of a node that are kept, newest first; none when there is no such node."""
    found = records.node_versions(reader, _canonical(_named(node_id)))
    return pb.GetNodeVersionsResponse(versions=[node_to_pb(version, []) for version in found])


def browse(reader: Reader, request: pb.BrowseTocRequest, meant: str | None = None) -> pb.BrowseTocResponse:
    """A page of a node's children in order of time. A token names the last child seen, so pages stay true.

    `meant` is the id that the request's words mean, where it does not name one itself.
    """
    if not request.parent_id:
        raise UsageError("parent_id is empty", "GetTocRoot names the nodes to begin with.")
    as_of_ms = as_of_ms_of(request)
    parent_id = _canonical(request.parent_id if meant is None else meant)
    parent = records.period(parent_id)
    if parent is None:
        return pb.BrowseTocResponse(parent_id=_if_there(reader, parent_id, as_of_ms))
    limit = min(request.limit, BROWSE_MAX) if request.limit > 0 else BROWSE_DEFAULT
    after = _child_after(parent, request.continuation_token) if request.continuation_token else ""
    ids = list(islice(_child_ids(reader, parent, after, as_of_ms), limit + 1))
    budget = Budget(request.max_tokens)
    page = records.nodes(reader, ids[:limit], as_of_ms)
    children = _that_fit(reader, page, as_of_ms, budget)
    if budget.has_more:
        after = children[-1].node_id if children else after
    elif len(ids) > limit:
        after = ids[limit - 1]
    has_more = budget.has_more or len(ids) > limit
    return pb.BrowseTocResponse(
        children=children,
        continuation_token=_encoded(f"{parent.node_id} {after}") if has_more and after else None,
        has_more=has_more,
        parent_id=parent_id if ids else _if_there(reader, parent_id, as_of_ms),
        **budget.price,
    )


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
            cursor = _encoded(f"{last.timestamp_ms}:{last.event_id}") if last else request.cursor
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
    told = grip_to_pb(grip)
    budget.charge(told)
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
        grip=told,
        events_before=reversed(sides[0]),
        excerpt_events=evidence,
        events_after=sides[1],
        has_more=has_more or budget.has_more,
        **budget.price,
    )


def ledger(reader: Reader, request: pb.GetLedgerRequest) -> pb.GetLedgerResponse:
    """What there is of each day and agent."""
    response = pb.GetLedgerResponse()
    for name, entry in entries(reader, request.from_day):
        day, agent = day_and_agent(name)
        response.entries.add(day=day, agent=agent, stored=entry.stored, reachable=entry.reached)
    return response


def scheduler_status(reader: Reader, running: bool) -> pb.GetSchedulerStatusResponse:
    """Every job as its rows tell it."""
    response = pb.GetSchedulerStatusResponse(scheduler_running=running)
    for job in JOBS.values():
        state = records.job_state(reader, job.name)
        response.jobs.add(
            job_name=job.name,
            cron_expr=job.cron,
            last_run_ms=state.last_run_ms,
            last_duration_ms=state.last_duration_ms,
            last_result=pb.JobResultStatus.ValueType(state.last_result),
            last_error=state.last_error or None,
            next_run_ms=state.next_run_ms,
            run_count=state.run_count,
            error_count=state.error_count,
            is_running=state.is_running and running,
            is_paused=records.job_paused(reader, job.name),
        )
    return response


def job_history(reader: Reader, job_name: str) -> pb.GetJobRunsResponse:
    """The runs that are remembered, of one job or of all, newest first."""
    names = [job_name] if job_name else list(JOBS)
    runs = [(name, run) for name in names for run in records.job_runs(reader, name)]
    return pb.GetJobRunsResponse(
        runs=[
            pb.JobRun(
                job_name=name,
                began_ms=run.began_ms,
                duration_ms=run.duration_ms,
                result=pb.JobResultStatus.ValueType(run.result),
                error=run.error or None,
                asked_ms=run.asked_ms,
                counts=run.counts,
            )
            for name, run in sorted(runs, key=lambda each: each[1].began_ms, reverse=True)
        ]
    )


def rebuild_status(reader: Reader) -> pb.GetRebuildStatusResponse:
    """How far the rebuild is, or how the last one went."""
    state = records.rebuild_state(reader)
    return pb.GetRebuildStatusResponse(
        is_running=state.is_running,
        started_ms=state.started_ms,
        finished_ms=state.finished_ms,
        events=state.events,
        events_done=state.events_done,
        nodes_written=state.nodes_written,
    )


def line(reader: Reader, found: TocNode, as_of_ms: int | None = None) -> pb.TocLine:
    """A node in one line, with the price of reading it; with a time, what it would have been then."""
    return pb.TocLine(
        node_id=found.node_id,
        level=pb.TocLevel.ValueType(found.level),
        title=found.title,
        is_open=found.is_open,
        tokens=price(_with_children(reader, found, as_of_ms)),
    )


def _with_children(
    reader: Reader, found: TocNode, as_of_ms: int | None = None, *, is_brief: bool = False
) -> pb.TocNode:
    """The node as a message; a brief one does not repeat its bullets as a summary."""
    period = records.period(found.node_id) if found.level != TocLevel.SEGMENT else None
    children = islice(_child_ids(reader, period, "", as_of_ms), CHILD_IDS_MAX) if period else ()
    message = node_to_pb(found, list(children))
    if is_brief:
        message.ClearField("summary")
    return message


def _that_fit(reader: Reader, found: list[TocNode], as_of_ms: int | None, budget: Budget) -> list[pb.TocNode]:
    """The first of the nodes, as many as the budget takes."""
    messages = (_with_children(reader, each, as_of_ms, is_brief=budget.is_limited) for each in found)
    return list(takewhile(budget.takes, messages))


def _shortened(whole: pb.TocNode, budget: Budget) -> pb.TocNode:
    """The node with what fits: its heading whatever that costs, then bullets, keywords, children, in order."""
    cut = pb.TocNode()
    cut.CopyFrom(whole)
    for name in ("summary", "bullets", "keywords", "child_node_ids"):
        cut.ClearField(name)
    budget.charge(cut)
    cut.bullets.extend(takewhile(budget.takes, whole.bullets))
    cut.keywords.extend(takewhile(budget.takes, whole.keywords))
    cut.child_node_ids.extend(takewhile(budget.takes, whole.child_node_ids))
    return cut


def _child_ids(reader: Reader, parent: Period, after: str, as_of_ms: int | None) -> Iterator[str]:
    """The children behind that one; with a time, those that were there then."""
    ids = records.child_ids(reader, parent, after)
    return ids if as_of_ms is None else (each for each in ids if records.node(reader, each, as_of_ms) is not None)


def _until_ms(request: pb.GetEventsRequest | pb.ExpandGripRequest) -> int:
    """When the last events were said that are asked for. Events do not tell when they arrived."""
    return min(request.as_of_ms, keys.TIMESTAMP_MAX_MS) if request.HasField("as_of_ms") else keys.TIMESTAMP_MAX_MS


def _named(node_id: str) -> str:
    if not node_id:
        raise UsageError("node_id is empty", "GetTocRoot names the nodes to begin with.")
    return node_id


def _if_there(reader: Reader, node_id: str, as_of_ms: int | None) -> str:
    """The id of a node that exists, or existed then; empty for any other."""
    return node_id if records.node(reader, node_id, as_of_ms) is not None else ""


def _canonical(node_id: str) -> str:
    period = records.period(node_id)
    return period.node_id if period else node_id


def _contents_in(reader: Reader, request: pb.GetEventsRequest) -> Iterator[bytes]:
    first = max(request.from_timestamp_ms, 0)
    last = min(request.to_timestamp_ms or keys.TIMESTAMP_MAX_MS, _until_ms(request))
    # A key of 14 digits would sort among those of this century.
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


def _child_after(parent: Period, token: str) -> str:
    parent_id, _, child_id = _decoded("continuation_token", token).partition(" ")
    if parent_id != parent.node_id:
        raise _no_token(f"continuation_token {token!r} belongs to another parent than {parent.node_id}")
    return child_id


def _cursor(cursor: str) -> tuple[int, bytes]:
    stamp, _, event_id = _decoded("cursor", cursor).partition(":")
    if not stamp.isdecimal():
        raise _no_token(f"cursor {cursor!r} is none of ours")
    return int(stamp), event_id.encode()


def _neighbours(wanted: int) -> int:
    return max(0, min(wanted, NEIGHBOURS_MAX))


def _page(events: Iterator[Event], limit: int) -> Iterator[pb.Event]:
    """The first of the events, in messages: one at least, and no more than are wanted and fit into a page."""
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


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def _decoded(field: str, token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise _no_token(f"{field} {token!r} is none of ours") from error


def _no_token(what: str) -> UsageError:
    return UsageError(what, "Leave it out to begin at the first page.", reason="INVALID_TOKEN")
