"""The answer to a search, as a message: turns with their neighbours, each text once, within a budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from math import inf
from typing import Final

from agent_memory.model import Event, TocNode
from agent_memory.query.views import toc
from agent_memory.query.views.search import nodes
from agent_memory.query.views.search.asked import Asked, asked
from agent_memory.query.views.search.turns import Answer, Turn, answer
from agent_memory.query.views.when import time_span
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.search import texts
from agent_memory.search.format import IndexUnusable
from agent_memory.search.reader import IndexReader, NoIndex
from agent_memory.search.snippets import matched, snippet
from agent_memory.search.tokens import written
from agent_memory.store import records
from agent_memory.store.reader import Reader
from agent_memory.text import tokens

# How much is shown of a hit and of a neighbour: in a budget a sentence, because more hits say more than longer ones.
SNIPPET_CHARACTERS: Final = 240
NEIGHBOUR_CHARACTERS: Final = 80
SNIPPET_CHARACTERS_BUDGETED: Final = 120
NEIGHBOUR_CHARACTERS_BUDGETED: Final = 50
# In a budget there is no room for a neighbour that says less of the question than this share of its turn.
ANSWERING_SHARE: Final = 0.5
# Hits that do not fit are passed over for smaller ones behind them, so many times.
PASSED_OVER_MAX: Final = 8
# An event may prove several excerpts; a reader needs one to go on from.
GRIPS_MAX: Final = 1
# What the message says of its own price, in bytes.
_PRICE_BYTES: Final = 24


def search(
    reader: Reader,
    toc_reader: Reader,
    index: IndexReader,
    request: pb.SearchRequest,
    now_ms: int,
    projects: Sequence[str] = (),
) -> pb.SearchResponse:
    """What was said about it; raises UsageError. `projects` are the names of the project that is asked about."""
    zone = records.time_zone(reader)
    wanted = asked(request, zone, now_ms, projects)
    response = pb.SearchResponse()
    found: Answer | None = None
    try:
        state = index.state()
        response.behind = max(0, records.counters(reader).sequence - state.cursor)
        response.index_missing = not state.is_complete
        found = answer(reader, index, wanted, response.behind)
    except IndexUnusable:
        # An empty store needs no index, and has none.
        response.behind = records.counters(reader).sequence
        response.index_missing = response.behind > 0
    window = wanted.question.window
    if window is not None:
        response.window.CopyFrom(time_span(window, zone))
        response.window_text = wanted.question.time_text
    if found is None and not response.index_missing:
        hits: Iterator[pb.SearchHit] = iter(())
    elif found is None:
        response.note = (
            "The search index is being made: this is from the newest events, and from titles, lines and keywords."
        )
        found = answer(reader, NoIndex(), wanted, response.behind)
        newest = _hits(toc_reader, found, wanted, explain=request.explain, is_budgeted=request.max_tokens > 0)
        hits = islice(_with_nodes(newest, nodes.hits(toc_reader, wanted)), wanted.limit)
    else:
        if response.index_missing:
            response.note = "The search index is still being made: older conversations may be missing."
        for typed, meant in found.corrections.items():
            said = (texts.text_of(turn.event) for turn in found.turns)
            response.corrections.add(typed=wanted.question.typed.get(typed, typed), meant=written(meant, said))
        hits = _hits(toc_reader, found, wanted, explain=request.explain, is_budgeted=request.max_tokens > 0)
    turns = found.turns if found else []
    of_segments = {turn.segment.node_id or turn.segment.session_id: turn.of_segment for turn in turns}
    _fill(response, hits, request.max_tokens, of_segments)
    return response


def _with_nodes(newest: Iterator[pb.SearchHit], of_nodes: Sequence[pb.SearchHit]) -> Iterator[pb.SearchHit]:
    """The hits among the newest events, and behind them those of nodes that none of these lies in."""
    node_ids = set()
    for hit in newest:
        node_ids.add(hit.node_id)
        yield hit
    yield from (hit for hit in of_nodes if hit.node_id not in node_ids)


def _fill(
    response: pb.SearchResponse, hits: Iterator[pb.SearchHit], max_tokens: int, of_segments: Mapping[str, float]
) -> None:
    """Give the answer the best hits that fit into the budget, counted to the byte as the message is sent."""
    room = tokens.bytes_within(max_tokens) - _PRICE_BYTES if max_tokens > 0 else inf
    size = response.ByteSize()
    taken: list[pb.SearchHit] = []
    passed_over = 0
    proofs: list[list[str]] = []
    for hit in hits:
        # What proves a line of the segment has what room is left: another hit says more.
        grip_ids = list(hit.grip_ids)
        hit.ClearField("grip_ids")
        needed = size + _size(hit)
        if needed > room:
            # The turn itself may still fit.
            hit.ClearField("before")
            hit.ClearField("after")
        if (grown := size + _size(hit)) > room:
            response.needed_tokens = response.needed_tokens or tokens.of_bytes(needed + _PRICE_BYTES)
            passed_over += 1
            if passed_over > PASSED_OVER_MAX:
                break
            continue
        taken.append(hit)
        proofs.append(grip_ids)
        size = grown
    for hit, grip_ids in zip(taken, proofs, strict=True):
        without = _size(hit)
        hit.grip_ids.extend(grip_ids)
        if size - without + _size(hit) > room:
            hit.ClearField("grip_ids")
        size += _size(hit) - without
    response.has_more = response.needed_tokens > 0
    response.hits.extend(_together(taken, of_segments))
    response.size_tokens = tokens.of_bytes(size + _PRICE_BYTES)


def _size(hit: pb.SearchHit) -> int:
    """What the hit adds to the message, in bytes."""
    return pb.SearchResponse(hits=[hit]).ByteSize()


def _together(hits: Sequence[pb.SearchHit], of_segments: Mapping[str, float]) -> list[pb.SearchHit]:
    """The hits of a segment one after another, the best segment first; what lies in the window before the rest."""
    order: dict[str, int] = {}
    for hit in hits:
        order.setdefault(hit.node_id or hit.session_id, len(order))

    def place(hit: pb.SearchHit) -> tuple[bool, float, int]:
        of = hit.node_id or hit.session_id
        return hit.outside_window, -of_segments.get(of, 0.0), order[of]

    return sorted(hits, key=place)


def _hits(
    toc_reader: Reader, found: Answer, wanted: Asked, *, explain: bool, is_budgeted: bool
) -> Iterator[pb.SearchHit]:
    """The turns as messages, best first. What stands beside one is not repeated beside another.

    In a budget it is no hit of its own any more, either: there is better use for the room.
    """
    has_window = wanted.question.window is not None
    of_hit = SNIPPET_CHARACTERS_BUDGETED if is_budgeted else SNIPPET_CHARACTERS
    beside_it = NEIGHBOUR_CHARACTERS_BUDGETED if is_budgeted else NEIGHBOUR_CHARACTERS
    hit_ids = set() if is_budgeted else {turn.event.event_id for turn in found.turns}
    said: set[str] = set()
    nodes_told: dict[str, TocNode | None] = {}
    for turn in found.turns:
        if turn.event.event_id in said:
            continue
        hit = _hit(turn, found, of_hit, has_window=has_window)
        said.add(hit.event_id)
        for name, neighbour in (("before", turn.before), ("after", turn.after)):
            if neighbour is None or (is_budgeted and neighbour.share < ANSWERING_SHARE):
                continue
            if (event_id := neighbour.event.event_id) not in said and event_id not in hit_ids:
                getattr(hit, name).CopyFrom(_neighbour(neighbour.event, found, beside_it))
                said.add(event_id)
        node_id = turn.segment.node_id
        if node_id not in nodes_told:
            node = nodes_told[node_id] = records.node(toc_reader, node_id, wanted.as_of_ms)
            if node is not None:
                hit.title = node.title
                hit.tokens = toc.line(toc_reader, node, wanted.as_of_ms).tokens
        hit.grip_ids.extend(_grips(toc_reader, turn, nodes_told[node_id]))
        if explain:
            hit.reason.CopyFrom(_reason(turn, found))
        yield hit


def _reason(turn: Turn, found: Answer) -> pb.SearchReason:
    parts = turn.parts
    return pb.SearchReason(
        words=matched(texts.text_of(turn.event), found.terms),
        of_segment=parts.segment,
        of_words=parts.words,
        of_meaning=parts.meaning,
        of_neighbours=parts.neighbours,
    )


def _hit(turn: Turn, found: Answer, length: int, *, has_window: bool) -> pb.SearchHit:
    event = turn.event
    return pb.SearchHit(
        event_id=event.event_id,
        node_id=turn.segment.node_id,
        session_id=event.session_id,
        timestamp_ms=event.timestamp_ms,
        role=pb.EventRole.ValueType(event.role),
        agent=event.agent or "",
        project=event.project,
        snippet=snippet(texts.text_of(event), found.weights, length),
        score=turn.score,
        outside_window=has_window and not turn.in_window,
    )


def _neighbour(event: Event, found: Answer, length: int) -> pb.SearchNeighbour:
    text = snippet(texts.text_of(event), found.weights, length)
    return pb.SearchNeighbour(event_id=event.event_id, role=pb.EventRole.ValueType(event.role), text=text)


def _grips(toc_reader: Reader, turn: Turn, node: TocNode | None) -> list[str]:
    """The segment's excerpts that the event proves."""
    named = [grip_id for bullet in node.bullets for grip_id in bullet.grip_ids] if node else []
    position = turn.event.position
    found: list[str] = []
    for grip in records.grips(toc_reader, list(dict.fromkeys(named))):
        first, last = (grip.timestamp_ms, grip.event_id_start), (grip.end_timestamp_ms, grip.event_id_end)
        if first <= position <= last and len(found) < GRIPS_MAX:
            found.append(grip.grip_id)
    return found
