"""Walking down the table of contents with a question in mind: what below a node speaks of it, the most telling first.

A summary has room for a few words of what a month was about, and a question mostly asks for others. So the children are
ordered by what search finds in their segments, and each shows the words that were found. A child with a single child
that holds anything is passed over for that one: nobody has to read what offers no choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from agent_memory.model import TocLevel
from agent_memory.periods import Period, parse_period
from agent_memory.query.views import toc
from agent_memory.query.views.budget import Budget
from agent_memory.query.views.reading_cost import reading_tokens
from agent_memory.query.views.scope import Scope
from agent_memory.query.views.search.asked import asked
from agent_memory.query.views.search.turns import Turn, answer
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.search import texts
from agent_memory.search.format import IndexUnusable
from agent_memory.search.limits import LIMIT_MAX
from agent_memory.search.reader import IndexReader
from agent_memory.search.snippets import snippet
from agent_memory.store import records
from agent_memory.store.keys import TIMESTAMP_MAX_MS
from agent_memory.store.reader import Reader

LIMIT_DEFAULT: Final = 5
EXCERPT_CHARACTERS: Final = 150
_NO_INDEX: Final = "The search index is being made; ask again in a moment."
_DAY_AT: Final = slice(len("toc:segment:"), len("toc:segment:2026-01-30"))


@dataclass(slots=True)
class _Place:
    """A node below which something was found, the best of it first."""

    node_id: str
    turns: list[Turn]

    @property
    def relevance(self) -> float:
        return self.turns[0].of_segment


def browse(
    reader: Reader,
    toc_reader: Reader,
    index: IndexReader,
    request: pb.BrowseTocRequest,
    parent_id: str,
    scope: Scope,
    now_ms: int,
) -> pb.BrowseTocResponse:
    """The nodes below the parent that speak of what the request is about, below an empty one those of all years.

    Raises UsageError.
    """
    parent_id = toc.canonical(parent_id) if parent_id else ""
    parent = parse_period(parent_id)
    if parent_id and records.node(toc_reader, parent_id, toc.as_of_ms_of(request)) is None:
        return pb.BrowseTocResponse()
    if parent_id and parent is None:  # nothing is below a segment
        return pb.BrowseTocResponse(parent_id=parent_id)
    zone = records.time_zone(reader)
    search = pb.SearchRequest(
        query=request.about, agent=scope.agent, session_id=scope.session_id, limit=LIMIT_MAX, now_ms=now_ms
    )
    if request.HasField("as_of_ms"):
        search.as_of_ms = request.as_of_ms
    if parent is not None:
        first_ms, after_ms = parent.filed_ms(zone)
        search.from_timestamp_ms = max(0, first_ms)
        search.to_timestamp_ms = min(max(0, after_ms - 1), TIMESTAMP_MAX_MS)
    wanted = asked(search, zone, now_ms, scope.projects)
    try:
        found = answer(reader, index, wanted)
    except IndexUnusable:
        return pb.BrowseTocResponse(parent_id=parent_id, note=_NO_INDEX)
    places = _places(found.turns, parent)
    limit = min(request.limit, toc.BROWSE_MAX) if request.limit > 0 else LIMIT_DEFAULT
    budget = Budget(request.max_tokens)
    messages = (_message(toc_reader, place, wanted.as_of_ms, scope, found.weights) for place in places[:limit])
    children = [message for message in messages if message is not None and budget.takes(message)]
    return pb.BrowseTocResponse(
        children=children, parent_id=parent_id, has_more=len(children) < len(places), **budget.price
    )


def _places(turns: Sequence[Turn], parent: Period | None) -> list[_Place]:
    """The nodes to choose from, the most telling first."""
    best = sorted((turn for turn in turns if turn.segment.node_id), key=lambda turn: (-turn.of_segment, -turn.score))
    found: dict[str, list[Turn]] = {}
    for turn in best:
        if (below := _below(turn, parent)) is not None:
            found.setdefault(below, []).append(turn)
    return [_passed_over(node_id, below) for node_id, below in found.items()]


def _passed_over(node_id: str, turns: list[Turn]) -> _Place:
    """The node, or the one below it that holds all of it."""
    while (period := parse_period(node_id)) is not None:
        below = {_below(turn, period) for turn in turns}
        if len(below) > 1:
            break
        node_id = below.pop() or turns[0].segment.node_id
    return _Place(node_id, turns)


def _below(turn: Turn, parent: Period | None) -> str | None:
    """The parent's child that the turn lies below; None where it lies elsewhere."""
    segment_id = turn.segment.node_id
    child: Period = Period(TocLevel.DAY, date.fromisoformat(segment_id[_DAY_AT]))
    if child == parent:
        return segment_id
    for above in child.ancestors():
        if above == parent:
            return child.node_id
        child = above
    return child.node_id if parent is None else None


def _message(
    reader: Reader, place: _Place, as_of_ms: int | None, scope: Scope, weights: Mapping[str, float]
) -> pb.TocNode | None:
    """The node with the words that were found in place of its own."""
    message = toc.node_message(reader, place.node_id, as_of_ms, scope)
    if message is None:
        return None
    message.tokens = reading_tokens(message)
    for name in ("summary", "bullets", "keywords", "child_node_ids"):
        message.ClearField(name)
    message.relevance = place.relevance
    message.segments_found = len({turn.segment.node_id for turn in place.turns})
    best = texts.text_of(place.turns[0].event)
    message.bullets.add(text=snippet(best, weights, EXCERPT_CHARACTERS))
    return message
