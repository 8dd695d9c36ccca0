"""What times in words mean: the span of the store's calendar that a phrase names, and the nodes that cover it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import chain, islice, takewhile
from typing import Final
from zoneinfo import ZoneInfo

from agent_memory.errors import UsageError
from agent_memory.model import TocLevel, TocNode
from agent_memory.periods import Period, day_of, parse_period
from agent_memory.phrases.days import Days, Span
from agent_memory.phrases.spans import parse
from agent_memory.query.views import toc
from agent_memory.query.views.budget import Budget
from agent_memory.query.views.scope import Scope
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import records
from agent_memory.store.keys import TIMESTAMP_MAX_MS
from agent_memory.store.reader import Reader

# Of a span with more nodes than this, the first are named.
NODES_MAX: Final = 50
_ID_PREFIXES: Final = ("toc:", "grip:")
# A span shorter than this that begins or ends within a day is covered by segments.
SEGMENTS_MAX_MS: Final = 36 * 3_600_000
# Of a name that nothing is found by, so much is shown.
_NAME_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Meant:
    """What a request's words for a node mean: an id, or a time of which nothing is remembered."""

    node_id: str
    span: pb.TimeSpan | None = None


def resolve(
    reader: Reader, request: pb.ResolveTimeRequest, now_ms: int, scope: Scope = toc.EVERYTHING
) -> pb.ResolveTimeResponse:
    """What the phrase means, and what else it may mean; raises UsageError for a phrase that is no time."""
    asked_ms, as_of_ms = toc.asked_ms(request, now_ms), toc.as_of_ms_of(request)
    zone = records.time_zone(reader)
    spans = parse(request.phrase, datetime.fromtimestamp(asked_ms // 1000, zone), list(request.languages))
    messages = [time_span(span, zone) for span in spans]
    budget = Budget(request.max_tokens)
    for message in messages:
        budget.charge(message)
    for span, message in zip(spans, messages, strict=True):
        nodes = islice(_nodes(reader, span, zone, as_of_ms), NODES_MAX)
        lines = toc.lines(reader, nodes, as_of_ms, scope)
        message.nodes.extend(takewhile(budget.takes, lines))
    return pb.ResolveTimeResponse(span=messages[0], alternatives=messages[1:], has_more=budget.has_more, **budget.price)


def node_meant(reader: Reader, words: str, now_ms: int, as_of_ms: int | None = None) -> Meant:
    """The node that the words name: an id, another spelling of one, or a time as it is said at `as_of_ms`, else now.

    Words that are neither are returned as an id, which nothing is found by. Raises UsageError for a time that may be
    several nodes.
    """
    if words.startswith(_ID_PREFIXES) or parse_period(words) is not None:
        return Meant(words)
    zone = records.time_zone(reader)
    asked_ms = now_ms if as_of_ms is None else min(max(0, as_of_ms), TIMESTAMP_MAX_MS)
    try:
        spans = parse(words, datetime.fromtimestamp(asked_ms // 1000, zone))
    except UsageError:
        return Meant(words)
    found = [(span, list(islice(_nodes(reader, span, zone, as_of_ms), NODES_MAX))) for span in spans]
    if len(found) > 1:
        raise _ambiguous(f"{words[:_NAME_SHOWN]!r} can mean several times.", found, zone)
    span, nodes = found[0]
    if not nodes:
        return Meant("", time_span(span, zone))
    # A month with the few of its days that are filed under another month is the month.
    if len(nodes) > 1 and nodes[0].level == nodes[1].level:
        raise _ambiguous(f"{words[:_NAME_SHOWN]!r} is more than one node.", found, zone)
    return Meant(nodes[0].node_id)


def filed_elsewhere(reader: Reader, named: str, as_of_ms: int | None = None) -> pb.TimeSpan | None:
    """The nodes that hold what is remembered of a period that has no node of its own; None where nothing is.

    A year's last days may be filed under the next, with the Thursday of their week.
    """
    period = parse_period(named)
    if period is None:
        return None
    zone = records.time_zone(reader)
    start_ms, end_ms = period.span_ms(zone)
    span = pb.TimeSpan(start_time_ms=start_ms, end_time_ms=end_ms, text=f"{period.title}, {zone.key}")
    ids = [each.node_id for each in covering(Days(period.first, period.after, zone))]
    span.nodes.extend(toc.lines(reader, records.nodes(reader, ids, as_of_ms), as_of_ms, toc.EVERYTHING))
    return span if span.nodes else None


def covering(days: Days) -> list[Period]:
    """The fewest periods that together hold those days, coarsest first.

    A period is taken whole when it lies in the days by its dates or by what is filed under it: a month's weeks are
    those of its Thursdays, so "in May" may be the node of May and a few days that are filed under April.
    """
    return sorted(_covering(days.first, days.after, TocLevel.YEAR))


def time_span(span: Span, zone: ZoneInfo) -> pb.TimeSpan:
    """The span as a message."""
    return pb.TimeSpan(start_time_ms=span.start_ms, end_time_ms=span.end_ms, text=f"{span.text}, {zone.key}")


def _ambiguous(what: str, found: Sequence[tuple[Span, Sequence[TocNode]]], zone: ZoneInfo) -> UsageError:
    """Ask back, with each time that may be meant and its nodes."""
    choices = (
        f"{span.text}, {zone.key}: {', '.join(node.node_id for node in nodes) or 'nothing is remembered of it'}"
        for span, nodes in found
    )
    return UsageError(what, "\n  ".join(("Name one of them:", *choices)), reason="AMBIGUOUS_TIME")


def _nodes(reader: Reader, span: Span, zone: tzinfo, as_of_ms: int | None) -> Iterator[TocNode]:
    if span.days is None and span.end_ms - span.start_ms < SEGMENTS_MAX_MS:
        yield from _segments(reader, span, zone, as_of_ms)
        return
    first, last = (day_of(at_ms, zone).first for at_ms in (span.start_ms, span.end_ms - 1))
    periods = covering(Days(first, last + timedelta(days=1), zone))
    yield from records.nodes(reader, [period.node_id for period in periods], as_of_ms)


def _segments(reader: Reader, span: Span, zone: tzinfo, as_of_ms: int | None) -> Iterator[TocNode]:
    """The segments of the span's days in which something was said during the span."""
    days = dict.fromkeys(day_of(at_ms, zone) for at_ms in (span.start_ms, span.end_ms - 1))
    ids = chain.from_iterable(islice(records.child_ids(reader, day), toc.CHILD_IDS_MAX) for day in days)
    for segment in records.nodes(reader, list(ids), as_of_ms):
        if segment.start_ms < span.end_ms and span.start_ms < segment.end_ms:
            yield segment


def _covering(first: date, after: date, level: TocLevel) -> Iterator[Period]:
    """The periods of that level that lie within the days; for the days that are left, those of the levels below."""
    if first >= after:
        return
    taken = [period for period in _touching(first, after, level) if _lies_within(period, first, after)]
    if not taken:
        yield from _covering(first, after, TocLevel(level + 1))
        return
    yield from taken
    begin, end = taken[0].filed[0], taken[-1].filed[1]
    if level < TocLevel.DAY:
        yield from _covering(first, min(begin, after), TocLevel(level + 1))
        yield from _covering(max(end, first), after, TocLevel(level + 1))


def _touching(first: date, after: date, level: TocLevel) -> Iterator[Period]:
    period = _holding(first, level)
    while period.filed[0] < after:
        yield period
        period = _holding(period.filed[1], level)


def _lies_within(period: Period, first: date, after: date) -> bool:
    filed_first, filed_after = period.filed
    by_dates = first <= period.first and period.after <= after
    return by_dates or (first <= filed_first and filed_after <= after)


def _holding(day: date, level: TocLevel) -> Period:
    """The period of that level that the day is filed under."""
    period = Period(TocLevel.DAY, day)
    return next(each for each in (period, *period.ancestors()) if each.level == level)
