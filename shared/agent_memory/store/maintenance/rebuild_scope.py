"""The events that a rebuild of the table of contents would read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from agent_memory.errors import UsageError
from agent_memory.model import TocLevel
from agent_memory.periods import Period, day_of
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import keys, records, schema
from agent_memory.store.reader import Reader, open_snapshot


def rebuild_scope(reader: Reader, from_date: str, session_ids: Sequence[str] = ()) -> pb.RebuildTocResponse:
    """The events from that day on, `YYYY-MM-DD` in the store's time zone, of these sessions, or of all without any.

    They are counted one by one unless all of the store's are meant. Raises UsageError for anything but a day.
    """
    info = records.store_info(reader)
    zone = ZoneInfo(info.timezone if info else "UTC")
    from_ms = _day(from_date).span_ms(zone)[0] if from_date else 0
    if session_ids:
        count, first_ms, last_ms = _summed_up(_session_stamps(reader, session_ids, from_ms))
    else:
        first_ms, last_ms = _stamp(reader, from_ms), _stamp(reader, from_ms, last=True)
        count = records.counters(reader).events if not from_date else _count(reader, from_ms)
    if not count:
        return pb.RebuildTocResponse(from_ms=from_ms, to_ms=from_ms)
    return pb.RebuildTocResponse(
        events=count,
        from_ms=from_ms or day_of(first_ms, zone).span_ms(zone)[0],
        to_ms=day_of(last_ms, zone).span_ms(zone)[1],
        first_event_ms=first_ms,
        last_event_ms=last_ms,
    )


def read_rebuild_scope(db_path: Path, from_date: str) -> pb.RebuildTocResponse:
    """The same for a store that no daemon serves; raises StoreError, StoreMissing, UsageError."""
    with open_snapshot(db_path) as reader:
        return rebuild_scope(reader, from_date)


def _day(text: str) -> Period:
    try:
        return Period(TocLevel.DAY, date.fromisoformat(text))
    except ValueError:
        raise UsageError(f"{text!r} is not a day; write it as YYYY-MM-DD, for example 2026-01-30") from None


def _stamp(reader: Reader, from_ms: int, *, last: bool = False) -> int:
    """The time of the first event, or of the last; 0 without any."""
    rows = reader.scan(schema.EVENTS, keys.event(from_ms, ""), keys.after(keys.EVENT_PREFIX), backwards=last)
    return next((keys.position(key)[0] for key, _ in rows), 0)


def _count(reader: Reader, from_ms: int) -> int:
    rows = reader.scan(schema.EVENTS, keys.event(from_ms, ""), keys.after(keys.EVENT_PREFIX))
    return sum(1 for _ in rows)


def _session_stamps(reader: Reader, session_ids: Iterable[str], from_ms: int) -> Iterator[int]:
    for session_id in session_ids:
        start, stop = keys.session_event(session_id, from_ms, ""), keys.after(keys.session(session_id))
        for key, _ in reader.scan(schema.EVENTS, start, stop):
            yield keys.position(keys.event_of_session_row(key))[0]


def _summed_up(stamps: Iterable[int]) -> tuple[int, int, int]:
    """Their number, the least and the greatest."""
    count, first_ms, last_ms = 0, keys.TIMESTAMP_MAX_MS, 0
    for stamp in stamps:
        count, first_ms, last_ms = count + 1, min(first_ms, stamp), max(last_ms, stamp)
    return count, first_ms, last_ms
