"""Words in nodes: titles, lines and keywords. What search answers from while there is no index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Final

from agent_memory.model import TocNode
from agent_memory.query.views import toc
from agent_memory.query.views.search.asked import Asked
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.search import ranking
from agent_memory.search.ranking import Candidate, Document, Statistics
from agent_memory.search.tokens import tokens
from agent_memory.store import records
from agent_memory.store.keys import TIMESTAMP_MAX_MS
from agent_memory.store.reader import Reader

# The newest segments that are looked at: reading each costs a tenth of a millisecond.
NODES_MAX: Final = 2000
_SEGMENTS: Final = "toc:segment:"


def hits(reader: Reader, asked: Asked) -> list[pb.SearchHit]:
    """The segments whose words answer, best first; of each the line that does."""
    nodes = [node for node in _newest(reader, asked) if _is_asked_for(node, asked)]
    documents = [[Document.of(tokens(text), len(text)) for text in texts_of(node)] for node in nodes]
    frequencies = Counter(
        term for each in documents for term in {term for document in each for term in document.counts}
    )
    statistics = Statistics(len(nodes), frequencies)
    candidates = [Candidate(0.0, each) for each in documents]
    found = []
    for ranked in ranking.rank(asked.terms, candidates, statistics)[: asked.limit]:
        if ranked.score > 0 or not asked.terms:
            node = nodes[ranked.candidate]
            place = max(range(len(ranked.words)), key=ranked.words.__getitem__)
            found.append(_hit(reader, node, texts_of(node)[place], ranked.score, asked.as_of_ms))
    return found


def texts_of(node: TocNode) -> list[str]:
    """What a node says: its title, its lines, its keywords."""
    return [node.title, *(bullet.text for bullet in node.bullets), ", ".join(node.keywords)]


def _newest(reader: Reader, asked: Asked) -> Iterator[TocNode]:
    filters = asked.filters
    if filters.projects:
        to_ms = TIMESTAMP_MAX_MS if filters.to_ms is None else min(filters.to_ms, TIMESTAMP_MAX_MS)
        rows = (row for name in filters.projects for _, row in records.project_segments(reader, name, 0, to_ms))
        ids = [row.node_id for row in islice(rows, NODES_MAX)]
    else:
        ids = records.newest_ids(reader, _SEGMENTS, "toc:segment;", NODES_MAX)
    yield from records.nodes(reader, ids, asked.as_of_ms)


def _is_asked_for(node: TocNode, asked: Asked) -> bool:
    filters = asked.filters
    return (
        (not filters.session_id or node.session_id == filters.session_id)
        and (not filters.agent or filters.agent in node.agents)
        and (filters.from_ms is None or node.end_ms > filters.from_ms)
        and (filters.to_ms is None or node.start_ms < filters.to_ms)
    )


def _hit(reader: Reader, node: TocNode, text: str, score: float, as_of_ms: int | None) -> pb.SearchHit:
    bullet = next((bullet for bullet in node.bullets if bullet.text == text), None)
    grip = records.grip(reader, bullet.grip_ids[0]) if bullet and bullet.grip_ids else None
    return pb.SearchHit(
        event_id=grip.event_id_start if grip else "",
        node_id=node.node_id,
        session_id=node.session_id,
        timestamp_ms=grip.timestamp_ms if grip else node.start_ms,
        agent=node.agents[0] if node.agents else "",
        title=node.title,
        snippet=text,
        score=score,
        grip_ids=[grip.grip_id] if grip else [],
        tokens=toc.line(reader, node, as_of_ms).tokens,
    )
