"""Periods summarized from what a filter leaves of them: "what did I do on atlas last week".

Such a node is made when it is asked for, from the segments of its scope, and is never stored. A stored node is short
and changes seldom; this one need not be either, so it may say more and says it whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from itertools import chain, islice, zip_longest
from typing import Final

from agent_memory.messages import node_to_pb
from agent_memory.model import Bullet, TocLevel, TocNode
from agent_memory.periods import Period
from agent_memory.query.views.scope import Scope
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import records
from agent_memory.store.keys import TIMESTAMP_MAX_MS
from agent_memory.store.reader import Reader

# Of a longer period's segments so many are read, spread evenly over it.
SEGMENTS_MAX: Final = 200
# Rows of segments that are looked through for them.
_ROWS_MAX: Final = 10_000
_LINES_MAX: Final = 8
_KEYWORDS_MAX: Final = 16
# What a day names of its segments; the rest is found by browsing.
_CHILD_IDS_MAX: Final = 1000


def node(reader: Reader, period: Period, scope: Scope, as_of_ms: int | None = None) -> pb.TocNode | None:
    """The period's node, summarized from the scope's segments; None where it has none there."""
    ids = _segment_ids(reader, period, scope)
    found = records.nodes(reader, _spread(ids, SEGMENTS_MAX), as_of_ms)
    if not found:
        return None
    children = list(islice(child_ids(reader, period, scope), _CHILD_IDS_MAX))
    message = node_to_pb(_summarized(period, found, *period.span_ms(records.time_zone(reader))), children)
    # Of a sample nothing can be counted.
    message.event_count = sum(segment.event_count for segment in found) if len(ids) == len(found) else 0
    return message


def child_ids(reader: Reader, period: Period, scope: Scope, after: str = "") -> Iterator[str]:
    """The children that have something of the scope, those after the child `after`, in order of time."""
    if period.level == TocLevel.DAY:
        # A segment's id begins with the day and the time of its first event.
        return (node_id for node_id in sorted(_segment_ids(reader, period, scope)) if node_id > after)
    return (child.node_id for child in _periods_below(reader, period, scope) if child.node_id > after)


def _periods_below(reader: Reader, period: Period, scope: Scope) -> Iterator[Period]:
    """The periods one level below that have something of the scope, in order; one look-up each."""
    zone = records.time_zone(reader)
    for child in period.children():
        if any(True for _ in scope.segments(reader, *_span_ms(child, zone), oldest_first=True)):
            yield child


def _segment_ids(reader: Reader, period: Period, scope: Scope) -> list[str]:
    """The scope's segments in the period, oldest first; of very many the last ones."""
    rows = scope.segments(reader, *_span_ms(period, records.time_zone(reader)))
    return [filed.node_id for filed in islice(rows, _ROWS_MAX)][::-1]


def _span_ms(period: Period, zone: tzinfo) -> tuple[int, int]:
    first_ms, after_ms = period.filed_ms(zone)
    return max(0, first_ms), min(max(0, after_ms), TIMESTAMP_MAX_MS)


def _spread(ids: Sequence[str], most: int) -> list[str]:
    """So many of the ids, at even distances."""
    if len(ids) <= most:
        return list(ids)
    return [ids[place * len(ids) // most] for place in range(most)]


def _summarized(period: Period, segments: Sequence[TocNode], start_ms: int, end_ms: int) -> TocNode:
    chosen = _lines(segments)
    from_them = [segments[place] for place in dict.fromkeys(place for place, _ in chosen)]
    return TocNode(
        node_id=period.node_id,
        level=period.level,
        title=period.title,
        bullets=tuple(bullet for _, bullet in chosen),
        keywords=_keywords(from_them or segments),
        start_ms=start_ms,
        end_ms=end_ms,
        is_open=all(segment.is_open for segment in segments),
        agents=tuple(sorted({agent for segment in segments for agent in segment.agents})),
        written_ms=max(segment.written_ms for segment in segments),
    )


def _lines(segments: Sequence[TocNode]) -> list[tuple[int, Bullet]]:
    """The weightiest lines, one of each segment before a second of any, none twice; in order of time.

    Each with the place of its segment.
    """
    ranked: list[tuple[int, float, int, int, Bullet]] = []
    for place, segment in enumerate(segments):
        order = sorted(range(len(segment.bullets)), key=lambda at: -segment.bullets[at].weight)
        ranked += [(rank, -segment.bullets[at].weight, place, at, segment.bullets[at]) for rank, at in enumerate(order)]
    ranked.sort(key=lambda line: line[:4])
    distinct: dict[str, tuple[int, int, Bullet]] = {}
    for _, _, place, at, bullet in ranked:
        distinct.setdefault(" ".join(bullet.text.casefold().split()), (place, at, bullet))
        if len(distinct) == _LINES_MAX:
            break
    return [(place, bullet) for place, _, bullet in sorted(distinct.values(), key=lambda line: line[:2])]


def _keywords(segments: Sequence[TocNode]) -> tuple[str, ...]:
    """The first keyword of each, then the second of each, and so on."""
    words = chain.from_iterable(zip_longest(*(segment.keywords for segment in segments)))
    found: dict[str, str] = {}
    for word in filter(None, words):
        found.setdefault(word.casefold(), word)
    return tuple(found.values())[:_KEYWORDS_MAX]
