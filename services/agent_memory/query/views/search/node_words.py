"""Words in one node, and in the nodes below one: what SearchNode and SearchChildren answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from agent_memory.model import TocNode
from agent_memory.periods import parse_period
from agent_memory.query.views.budget import Budget
from agent_memory.query.views.search.asked import required
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.search.tokens import tokens
from agent_memory.store import records
from agent_memory.store.reader import Reader

LIMIT_DEFAULT: Final = 10
CHILDREN_MAX: Final = 2000
_FIELDS: Final = (pb.SEARCH_FIELD_TITLE, pb.SEARCH_FIELD_BULLETS, pb.SEARCH_FIELD_KEYWORDS)


def search_node(node: TocNode, request: pb.SearchNodeRequest) -> pb.SearchNodeResponse:
    """Where the node holds words of the query, best first; raises UsageError for a query without any."""
    terms = _terms(request.query)
    matches = _within(_matches(node, terms, request.fields), request.limit, Budget(request.token_budget))
    return pb.SearchNodeResponse(
        matched=bool(matches), matches=matches, node_id=node.node_id, level=pb.TocLevel.ValueType(node.level)
    )


def search_children(reader: Reader, request: pb.SearchChildrenRequest) -> pb.SearchChildrenResponse:
    """The children that hold words of the query, best first; of no parent, the years. Raises UsageError."""
    terms = _terms(request.query)
    results = []
    for node in records.nodes(reader, list(islice(_child_ids(reader, request.parent_id), CHILDREN_MAX))):
        if request.child_level not in (pb.TOC_LEVEL_UNSPECIFIED, node.level):
            continue
        if matches := _matches(node, terms, request.fields):
            results.append(
                pb.SearchNodeResult(
                    node_id=node.node_id,
                    title=node.title,
                    level=pb.TocLevel.ValueType(node.level),
                    matches=matches,
                    relevance_score=sum(match.score for match in matches),
                )
            )
    results.sort(key=lambda result: -result.relevance_score)
    budget = Budget(request.token_budget)
    limit = request.limit if request.limit > 0 else LIMIT_DEFAULT
    taken = [result for result in results[:limit] if budget.takes(result)]
    return pb.SearchChildrenResponse(results=taken, has_more=len(taken) < len(results))


def _child_ids(reader: Reader, parent_id: str) -> Iterator[str]:
    if not parent_id:
        return iter(records.year_ids(reader))
    parent = parse_period(parent_id)
    return records.child_ids(reader, parent) if parent else iter(())


def _terms(query: str) -> frozenset[str]:
    return frozenset(tokens(required(query)))


def _matches(node: TocNode, terms: frozenset[str], wanted: Sequence[pb.SearchField.ValueType]) -> list[pb.SearchMatch]:
    """The texts of the node that hold terms, with the share of the terms that each holds, best first."""
    found = []
    for field, text, grip_ids in _texts(node, wanted or _FIELDS):
        if held := terms.intersection(tokens(text)):
            found.append(pb.SearchMatch(field=field, text=text, grip_ids=grip_ids, score=len(held) / len(terms)))
    return sorted(found, key=lambda match: -match.score)


def _texts(
    node: TocNode, wanted: Sequence[pb.SearchField.ValueType]
) -> Iterator[tuple[pb.SearchField.ValueType, str, Sequence[str]]]:
    if pb.SEARCH_FIELD_TITLE in wanted:
        yield pb.SEARCH_FIELD_TITLE, node.title, ()
    if pb.SEARCH_FIELD_SUMMARY in wanted:
        yield pb.SEARCH_FIELD_SUMMARY, " ".join(bullet.text for bullet in node.bullets), ()
    if pb.SEARCH_FIELD_BULLETS in wanted:
        yield from ((pb.SEARCH_FIELD_BULLETS, bullet.text, bullet.grip_ids) for bullet in node.bullets)
    if pb.SEARCH_FIELD_KEYWORDS in wanted:
        yield from ((pb.SEARCH_FIELD_KEYWORDS, keyword, ()) for keyword in node.keywords)


def _within(matches: Sequence[pb.SearchMatch], limit: int, budget: Budget) -> list[pb.SearchMatch]:
    wanted = matches[: limit if limit > 0 else LIMIT_DEFAULT]
    return [match for match in wanted if budget.takes(match)]
