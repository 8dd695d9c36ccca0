"""The store's rows as records: the look-ups that several processes make."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice, takewhile
from typing import Final
from zoneinfo import ZoneInfo

from agent_memory.messages import event_from_bytes
from agent_memory.model import Event, Grip, TocLevel, TocNode
from agent_memory.periods import Period, parse_period
from agent_memory.process.logs import line
from agent_memory.store import codec, keys, schema
from agent_memory.store.codec import (
    ConsumerState,
    Counters,
    JobRun,
    JobState,
    ProjectRow,
    RebuildState,
    SegmentRow,
    Spending,
    StoreInfo,
)
from agent_memory.store.reader import Reader
from agent_memory.store.rows import Rows

log = logging.getLogger(__name__)

# Events are fetched together, at a third of the cost of fetching each; fewer when they are large, to bound memory.
FETCH_MAX_EVENTS = 64
FETCH_BYTES = 1 << 20
# Events of other sessions that are passed over before each event is looked up by itself.
SKIP_EVENTS = 64

# The consumer of the outbox that makes the table of contents.
TOC: Final = "toc"
# Where schema version 1 kept its state; the row is not read any more once a commit has written the new one.
_TOC_OF_VERSION_1: Final = b"checkpoint:toc"

Position = tuple[int, str]


def store_info(reader: Reader) -> StoreInfo | None:
    """What the store says of itself; None while the writer has not yet written it."""
    value = reader.get(schema.CHECKPOINTS, keys.STORE)
    return codec.store_info(value) if value else None


def time_zone(reader: Reader) -> ZoneInfo:
    """The time zone in which the store's days begin at midnight."""
    info = store_info(reader)
    return ZoneInfo(info.timezone if info else "UTC")


def counters(reader: Reader) -> Counters:
    return codec.counters(reader.get(schema.CHECKPOINTS, keys.COUNTERS))


def consumers(rows: Rows) -> dict[str, ConsumerState]:
    """How far each consumer of the outbox has come, by name; the table of contents is always among them."""
    return {TOC: consumer(rows, TOC)} | {
        keys.consumer_name(key): codec.consumer_state(value)
        for key, value in rows.scan(schema.CHECKPOINTS, keys.CONSUMER_PREFIX, keys.after(keys.CONSUMER_PREFIX))
    }


def waiting(reader: Reader) -> dict[str, int]:
    """How many events each consumer of the outbox has not come to yet, by its name."""
    sequence = counters(reader).sequence
    return {name: sequence - state.cursor for name, state in consumers(reader).items()}


def consumer(rows: Rows, name: str) -> ConsumerState:
    """How far that consumer has come; not at all while the store does not know it."""
    value = rows.get(schema.CHECKPOINTS, keys.consumer(name))
    if value is None and name == TOC:
        value = rows.get(schema.CHECKPOINTS, _TOC_OF_VERSION_1)
    return codec.consumer_state(value)


def job_state(reader: Reader, name: str) -> JobState:
    return codec.job_state(reader.get(schema.CHECKPOINTS, keys.job(name)))


def spending(reader: Reader) -> Spending:
    """What summaries have cost."""
    return codec.spending(reader.get(schema.CHECKPOINTS, keys.job(keys.SUMMARIES)))


def job_runs(reader: Reader, name: str) -> tuple[JobRun, ...]:
    """The job's last runs, the newest last."""
    return codec.job_runs(reader.get(schema.CHECKPOINTS, keys.job_runs(name)))


def run_asked_ms(reader: Reader, name: str) -> int:
    """When the run of the job that is waited for was requested, in milliseconds; 0 without one."""
    return int(reader.get(schema.CHECKPOINTS, keys.run_asked_for(name)) or 0)


def job_paused(reader: Reader, name: str) -> bool:
    return reader.get(schema.CHECKPOINTS, keys.paused(name)) is not None


def rebuild_state(reader: Reader) -> RebuildState:
    return codec.rebuild_state(reader.get(schema.CHECKPOINTS, keys.REBUILD))


def index_rebuild_asked_ms(reader: Reader) -> int:
    """When the last rebuild of the search index was asked for, in milliseconds; 0 for never."""
    return int(reader.get(schema.CHECKPOINTS, keys.INDEX_REBUILD) or 0)


def redaction_rules(rows: Rows) -> list[tuple[int, int]]:
    """The versions of the rules for secrets that have looked at this store's events, each with its first time in ms."""
    row = rows.get(schema.CHECKPOINTS, keys.REDACTION_RULES) or b""
    return [(int(version), int(since_ms)) for version, since_ms in (line.split() for line in row.splitlines())]


def summary_rules(rows: Rows) -> int:
    """The version of the rules that every summary is by; 0 where some may be older than this was kept."""
    return int(rows.get(schema.CHECKPOINTS, keys.SUMMARY_RULES) or 0)


def redaction_key(reader: Reader) -> bytes:
    """The key of the markers for redacted secrets: the same secret has the same marker, and only in this store."""
    return reader.get(schema.CHECKPOINTS, keys.REDACTION_KEY) or b""


def redacted(reader: Reader) -> Counter[str]:
    """The number of redacted secrets, by kind."""
    return codec.counts(reader.get(schema.CHECKPOINTS, keys.REDACTED))


def event_rows(reader: Reader, rows: Iterable[bytes]) -> Iterator[bytes]:
    """The values of those rows of `events`, in that order, fetched a few at a time."""
    remaining = iter(rows)
    at_once = FETCH_MAX_EVENTS // 8
    while page := list(islice(remaining, at_once)):
        values = [value for value in reader.get_many(schema.EVENTS, page) if value is not None]
        yield from values
        mean_bytes = sum(map(len, values)) // (len(values) or 1) + 1
        at_once = max(1, min(FETCH_MAX_EVENTS, FETCH_BYTES // mean_bytes))


def event_rows_by_id(reader: Reader, event_ids: Sequence[str]) -> Iterator[bytes]:
    """The values of the rows of those of the events that are stored, in that order."""
    stamps = reader.get_many(schema.EVENTS, [keys.event_id(event_id) for event_id in event_ids])
    named = zip(stamps, event_ids, strict=True)
    return event_rows(reader, (keys.event(int(stamp), event_id) for stamp, event_id in named if stamp is not None))


def session_events(
    reader: Reader, session_id: str, start: Position = (0, ""), *, backwards: bool = False
) -> Iterator[Event]:
    """A session's events from `start` on, in order; `backwards`, those before `start`, latest first."""
    at = keys.session_event(session_id, *start)
    prefix = keys.session(session_id)
    first, stop = (prefix, at) if backwards else (at, keys.after(prefix))
    rows = reader.scan(schema.EVENTS, first, stop, backwards=backwards)
    return map(event_from_bytes, event_rows(reader, (keys.event_of_session_row(key) for key, _ in rows)))


def events_of(reader: Reader, session_id: str, from_ms: int, to_ms: int, event_ids: Collection[str]) -> list[Event]:
    """Those of the session's events of that time, half-open, that have one of the ids, in order.

    Events of one session mostly stand side by side, and reading on is ten times as fast as looking each up.
    """
    found: list[bytes] = []
    others_left = SKIP_EVENTS + len(event_ids)
    for key, value in reader.scan(schema.EVENTS, *keys.events_between(from_ms, to_ms)):
        if keys.position(key)[1] in event_ids:
            found.append(value)
            if len(found) == len(event_ids):
                break
        elif not (others_left := others_left - 1):
            own = takewhile(lambda event: event.timestamp_ms < to_ms, session_events(reader, session_id, (from_ms, "")))
            return [event for event in own if event.event_id in event_ids]
    return list(map(event_from_bytes, found))


def node(reader: Reader, node_id: str, as_of_ms: int | None = None) -> TocNode | None:
    """The latest version of a node, now or at that time."""
    return next(iter(nodes(reader, [node_id], as_of_ms)), None)


def nodes(reader: Reader, node_ids: list[str], as_of_ms: int | None = None) -> list[TocNode]:
    """The latest versions, now or at that time, of the nodes that exist, in the order asked for."""
    if as_of_ms is not None:
        then = (_node_as_of(reader, node_id, as_of_ms) for node_id in node_ids)
        return [found for found in then if found is not None]
    versions = reader.get_many(schema.TOC_LATEST, [keys.latest(node_id) for node_id in node_ids])
    rows = [
        keys.node(node_id, int.from_bytes(version, "big"))
        for node_id, version in zip(node_ids, versions, strict=True)
        if version is not None
    ]
    values = reader.get_many(schema.TOC_NODES, rows)
    found = (_readable(row, value) for row, value in zip(rows, values, strict=True) if value is not None)
    return [node for node in found if node is not None]


def latest_version(reader: Reader, node_id: str) -> int:
    """The number of a node's latest version, 0 without a node."""
    return int.from_bytes(reader.get(schema.TOC_LATEST, keys.latest(node_id)) or b"", "big")


def node_version(reader: Reader, node_id: str, version: int) -> TocNode | None:
    """That version of a node, None where it is not kept."""
    value = reader.get(schema.TOC_NODES, keys.node(node_id, version))
    return codec.node_from_json(value) if value else None


def node_versions(reader: Reader, node_id: str) -> Iterator[TocNode]:
    """The versions of a node that are kept, newest first."""
    for row, value in reader.scan(schema.TOC_NODES, *keys.node_versions(node_id), backwards=True):
        if (found := _readable(row, value)) is not None:
            yield found


def versions(reader: Reader, node_id: str) -> list[tuple[int, int]]:
    """The versions of a node that are kept, in order: the number, and when it was written, in milliseconds."""
    return [(found.version, found.written_ms) for found in node_versions(reader, node_id)][::-1]


def year_ids(reader: Reader) -> list[str]:
    """The years that have a node, oldest first."""
    return list(_latest_ids(reader, "toc:year:", ""))


def days(reader: Reader) -> list[Period]:
    """Every day that has a node or a segment, in order."""
    named = {node_id.removeprefix("toc:day:") for node_id in _latest_ids(reader, "toc:day:", "")}
    after = ""
    # One seek a day: a day may have thousands of segments.
    while (found := next(_latest_ids(reader, "toc:segment:", after), None)) is not None:
        date = found.removeprefix("toc:segment:").partition(":")[0]
        named.add(date)
        after = f"toc:segment:{date};"
    return [day for text in sorted(named) if (day := parse_period(text)) is not None]


def period_ids(reader: Reader, level: TocLevel) -> Iterator[str]:
    """The nodes of that level, years to days, in order."""
    return _latest_ids(reader, f"toc:{level.name.lower()}:", "")


def child_ids(reader: Reader, parent: Period, after: str = "") -> Iterator[str]:
    """The ids of a period's children after the child `after`, in order of time."""
    if parent.level == TocLevel.DAY:
        # A segment's id begins with the day and the time of its first event: key order is order of time.
        yield from _latest_ids(reader, segment_prefix(parent), after)
    elif parent.level == TocLevel.YEAR:
        yield from _latest_ids(reader, f"toc:month:{parent.first.year:04}:", after)
    else:
        # Their ids are neighbours, too, but share no prefix.
        children = list(parent.children())
        yield from _ids_between(reader, children[0].node_id, keys.latest(children[-1].node_id) + b"\0", after)


def newest_ids(reader: Reader, prefix: str, until: str, limit: int) -> list[str]:
    """The last `limit` ids with that prefix up to `until`, newest first."""
    stop = keys.after(keys.latest(until))
    rows = reader.scan(schema.TOC_LATEST, keys.latest(prefix), stop, backwards=True)
    return [keys.node_id_of_latest(key) for key, _ in islice(rows, limit)]


def segment_prefix(day: Period) -> str:
    """What the ids of a day's segments begin with."""
    return f"toc:segment:{day.first.isoformat()}:"


def grip(reader: Reader, grip_id: str) -> Grip | None:
    value = reader.get(schema.GRIPS, keys.grip(grip_id))
    return codec.grip_from_json(value) if value else None


def grips(reader: Reader, grip_ids: Sequence[str]) -> list[Grip]:
    """Those of the grips that exist, in the order asked for."""
    values = reader.get_many(schema.GRIPS, [keys.grip(grip_id) for grip_id in grip_ids])
    return [codec.grip_from_json(value) for value in values if value]


def segment_before(reader: Reader, session_id: str, at: Position) -> tuple[Position, SegmentRow] | None:
    """The last segment of the session that begins at `at` or before, with its first event's position."""
    prefix = keys.segments(session_id)
    stop = keys.segment(session_id, *at) + b"\0"
    for key, value in reader.scan(schema.CHECKPOINTS, prefix, stop, backwards=True):
        return keys.segment_first(key), codec.segment_row(value)
    return None


def segments_from(reader: Reader, session_id: str, at: Position) -> Iterator[tuple[Position, SegmentRow]]:
    """The session's segments that begin at `at` or later, in order, with their first events' positions."""
    start = keys.segment(session_id, *at)
    for key, value in reader.scan(schema.CHECKPOINTS, start, keys.after(keys.segments(session_id))):
        yield keys.segment_first(key), codec.segment_row(value)


def session_segments(
    reader: Reader, session_id: str, from_ms: int, to_ms: int, *, oldest_first: bool = False
) -> Iterator[tuple[Position, SegmentRow]]:
    """The session's segments that begin at `from_ms <= t < to_ms`, newest first, with their first events' positions."""
    start, stop = (keys.segment(session_id, at_ms, "") for at_ms in (from_ms, to_ms))
    for key, value in reader.scan(schema.CHECKPOINTS, start, stop, backwards=not oldest_first):
        yield keys.segment_first(key), codec.segment_row(value)


def project_segments(
    reader: Reader, project: str, from_ms: int, to_ms: int, *, oldest_first: bool = False
) -> Iterator[tuple[Position, ProjectRow]]:
    """The project's segments that begin at `from_ms <= t < to_ms`, newest first, with their first events' positions."""
    start, stop = (keys.project_segment(project, at_ms, "") for at_ms in (from_ms, to_ms))
    for key, value in reader.scan(schema.CHECKPOINTS, start, stop, backwards=not oldest_first):
        yield keys.project_segment_first(key), codec.project_row(value)


def projects(reader: Reader) -> Iterator[str]:
    """The names of the projects that have segments, in no particular order; one seek each."""
    start, stop = keys.PROJECT_PREFIX, keys.after(keys.PROJECT_PREFIX)
    return names(reader, schema.CHECKPOINTS, start, stop, lambda row: codec.project_row(row[1]).project, keys.project)


def segment_at(reader: Reader, session_id: str, first: Position) -> SegmentRow | None:
    """The session's segment that begins at that position."""
    value = reader.get(schema.CHECKPOINTS, keys.segment(session_id, *first))
    return codec.segment_row(value) if value else None


def is_filed(reader: Reader, row: ProjectRow, first: Position) -> bool:
    """Whether the row of a project leads to one of its segments."""
    segment = segment_at(reader, row.session_id, first)
    return segment is not None and (segment.project, segment.node_id) == (row.project, row.node_id)


def segment_of(reader: Reader, node: TocNode) -> tuple[Position, SegmentRow] | None:
    """The segment of that node: its first event's position, and its row."""
    for position, row in segments_from(reader, node.session_id, (node.start_ms, "")):
        if position[0] > node.start_ms:
            return None
        if row.node_id == node.node_id:
            return position, row
    return None


def open_segments(reader: Reader) -> Iterator[tuple[str, Position, int]]:
    """Segments that can still grow: the session, the first event's position, the last event's time in milliseconds."""
    for key, value in reader.scan(schema.CHECKPOINTS, keys.OPEN_PREFIX, keys.after(keys.OPEN_PREFIX)):
        yield keys.open_session(key), keys.segment_first(key), int(value)


def outbox(reader: Reader, after: int) -> Iterator[tuple[int, str, Position]]:
    """Outbox entries after that sequence number: the number, the event's session and its position."""
    for key, value in reader.scan(schema.OUTBOX, keys.outbox(after + 1), keys.after(keys.OUTBOX_PREFIX)):
        yield keys.outbox_sequence(key), *keys.named_event(value)


def is_segment(reader: Reader, node: TocNode) -> bool:
    """Whether the node of level SEGMENT belongs to one of its session's segments, or is what is kept of one."""
    return node.events_gone or segment_of(reader, node) is not None


def sessions(reader: Reader, after: str = "") -> Iterator[str]:
    """Every session after `after`, by name; one seek each."""
    start = keys.after(keys.session(after)) if after else keys.SESSION_PREFIX
    return _sessions_between(reader, start, keys.after(keys.SESSION_PREFIX))


def sessions_named(reader: Reader, beginning: str, limit: int) -> list[str]:
    """The first sessions whose ids begin so, or the one that is called so; one seek each."""
    whole = keys.session(beginning)
    if any(True for _ in reader.scan(schema.EVENTS, whole, keys.after(whole))):
        return [beginning]
    prefix = keys.SESSION_PREFIX + beginning.encode()
    return list(islice(_sessions_between(reader, prefix, keys.after(prefix)), limit))


def _sessions_between(reader: Reader, start: bytes, stop: bytes) -> Iterator[str]:
    return names(reader, schema.EVENTS, start, stop, lambda row: keys.session_of(row[0]), keys.session)


def names(
    reader: Reader,
    family: str,
    start: bytes,
    stop: bytes,
    name_of: Callable[[tuple[bytes, bytes]], str],
    prefix_of: Callable[[str], bytes],
) -> Iterator[str]:
    """What the rows from `start` to `stop` are named after, each name once, in order of keys; one seek each.

    `prefix_of` gives what the keys of all rows of a name begin with.
    """
    while (row := next(reader.scan(family, start, stop), None)) is not None:
        name = name_of(row)
        yield name
        start = keys.after(prefix_of(name))


def event(reader: Reader, event_id: str) -> Event | None:
    """The event of that id."""
    return next(map(event_from_bytes, event_rows_by_id(reader, [event_id])), None)


def sessions_since(reader: Reader, from_ms: int, after: str = "") -> Iterator[str]:
    """The sessions after `after` that have events from that time on, by name."""
    for session_id in sessions(reader, after):
        since = keys.session_event(session_id, from_ms, "")
        if any(True for _ in reader.scan(schema.EVENTS, since, keys.after(keys.session(session_id)))):
            yield session_id


def _readable(row: bytes, value: bytes) -> TocNode | None:
    """The node; None for an unreadable one, which must neither hide its neighbours nor prevent its repair."""
    try:
        return codec.node_from_json(value)
    except (ValueError, KeyError, TypeError) as error:
        log.error(line("node can't be read, run: memory-daemon admin verify --repair", row=row.decode(), error=error))
        return None


def _node_as_of(reader: Reader, node_id: str, as_of_ms: int) -> TocNode | None:
    return next((found for found in node_versions(reader, node_id) if found.written_ms <= as_of_ms), None)


def _latest_ids(reader: Reader, prefix: str, after: str) -> Iterator[str]:
    return _ids_between(reader, prefix, keys.after(keys.latest(prefix)), after)


def _ids_between(reader: Reader, first: str, stop: bytes, after: str) -> Iterator[str]:
    """The ids from `first` on that come after `after`, in order."""
    for key, _ in reader.scan(schema.TOC_LATEST, keys.latest(max(first, after)), stop):
        if (node_id := keys.node_id_of_latest(key)) != after:
            yield node_id
