"""Search in the shapes that other programs know: teleports, hybrid search, capabilities, intents, routed queries.

There are words and no vectors here, and no graph of topics: what would need them says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from agent_memory.query.views.search.asked import required
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.search import question
from agent_memory.search.limits import LIMIT_MAX

LIMIT_DEFAULT: Final = 10
Search = Callable[[pb.SearchRequest], pb.SearchResponse]

_NO_VECTORS: Final = "No vectors are kept; words are ranked by BM25."
_NO_TOPICS: Final = "No topics are kept."
_IDENTIFIER: Final = re.compile(r"[\w-]+[./_][\w./-]+|[a-z]+[A-Z]\w+|\b[A-Z]+\d{2,}\b|\"[^\"]+\"")
_LOCATING: Final = (
    "where",
    "find",
    "which file",
    "locate",
    "show me",
    "wo ",
    "finde",
    "où ",
    "dónde",
    "dove ",
    "onde ",
)
_EXPLORING: Final = ("overview", "topics", "themes", "everything", "what have we", "explore", "summarize", "überblick")


def teleport(search: Search, request: pb.TeleportSearchRequest, total_docs: int) -> pb.TeleportSearchResponse:
    """The segments that answer, or the grips that do; the best score is 1. Raises UsageError."""
    wants_grips = request.doc_type == pb.TELEPORT_DOC_TYPE_GRIP
    limit = request.limit if request.limit > 0 else LIMIT_DEFAULT
    response = pb.TeleportSearchResponse(total_docs=total_docs)
    seen: set[str] = set()
    for hit in _hits(search, request.query, request.agent_filter, None, limit):
        doc_id = next(iter(hit.grip_ids), "") if wants_grips else hit.node_id
        if doc_id and doc_id not in seen and len(seen) < limit:
            seen.add(doc_id)
            response.results.add(
                doc_id=doc_id,
                doc_type=pb.TELEPORT_DOC_TYPE_GRIP if wants_grips else pb.TELEPORT_DOC_TYPE_TOC_NODE,
                score=hit.score,
                timestamp_ms=hit.timestamp_ms,
                agent=hit.agent or None,
            )
    return response


def hybrid(search: Search, request: pb.HybridSearchRequest, *, available: bool) -> pb.HybridSearchResponse:
    """The hits by words; by vectors alone, none. Raises UsageError."""
    required(request.query)
    response = pb.HybridSearchResponse(mode_used=pb.HYBRID_MODE_BM25_ONLY, bm25_available=available)
    if request.mode == pb.HYBRID_MODE_VECTOR_ONLY:
        response.mode_used = pb.HYBRID_MODE_VECTOR_ONLY
        return response
    limit = request.top_k if request.top_k > 0 else LIMIT_DEFAULT
    span = request.time_filter if request.HasField("time_filter") else None
    seen: set[str] = set()
    for hit in _hits(search, request.query, request.agent_filter, span, limit):
        doc_id, doc_type = _document(hit, request.target)
        if doc_id and doc_id not in seen and len(seen) < limit:
            seen.add(doc_id)
            response.matches.add(
                doc_id=doc_id,
                doc_type=doc_type,
                score=hit.score,
                text_preview=hit.snippet,
                timestamp_ms=hit.timestamp_ms,
                agent=hit.agent or None,
            )
    return response


def capabilities(status: pb.GetIndexStatusResponse, nodes: int) -> pb.GetRetrievalCapabilitiesResponse:
    """What can be asked, honestly."""
    words = pb.LayerStatus(
        layer=pb.RETRIEVAL_LAYER_BM25, enabled=True, healthy=status.available, doc_count=status.segments
    )
    if status.problem:
        words.message = status.problem
    return pb.GetRetrievalCapabilitiesResponse(
        tier=pb.CAPABILITY_TIER_KEYWORD if status.available else pb.CAPABILITY_TIER_AGENTIC,
        bm25_status=words,
        vector_status=pb.LayerStatus(layer=pb.RETRIEVAL_LAYER_VECTOR, message=_NO_VECTORS),
        topics_status=pb.LayerStatus(layer=pb.RETRIEVAL_LAYER_TOPICS, message=_NO_TOPICS),
        agentic_status=pb.LayerStatus(
            layer=pb.RETRIEVAL_LAYER_AGENTIC, enabled=True, healthy=True, doc_count=max(0, nodes)
        ),
        warnings=[] if status.available else ["There is no search index at the moment; titles and lines answer."],
    )


def classify(query: str, now_ms: int, zone: ZoneInfo) -> pb.ClassifyQueryIntentResponse:
    """What kind of question it is, by its words; raises UsageError for none."""
    required(query)
    found = question.parse(query, datetime.fromtimestamp(now_ms // 1000, zone))
    if found.window is not None:
        return pb.ClassifyQueryIntentResponse(
            intent=pb.QUERY_INTENT_TIME_BOXED,
            confidence=0.9,
            reason=f'"{found.time_text}" is {found.window.text}',
            matched_keywords=[found.time_text],
            lookback_ms=max(0, now_ms - found.window.start_ms),
        )
    plain = query.lower()
    for intent, words, reason in (
        (pb.QUERY_INTENT_LOCATE, [match[0] for match in _IDENTIFIER.finditer(query)], "it names a thing exactly"),
        (pb.QUERY_INTENT_LOCATE, [word.strip() for word in _LOCATING if word in plain], "it asks for a place"),
        (pb.QUERY_INTENT_EXPLORE, [word for word in _EXPLORING if word in plain], "it asks for an overview"),
    ):
        if words:
            return pb.ClassifyQueryIntentResponse(intent=intent, confidence=0.7, reason=reason, matched_keywords=words)
    return pb.ClassifyQueryIntentResponse(
        intent=pb.QUERY_INTENT_ANSWER, confidence=0.5, reason="nothing says otherwise", matched_keywords=found.terms
    )


def route(
    search: Search, request: pb.RouteQueryRequest, intent: pb.QueryIntent.ValueType, took_ms: Callable[[], int]
) -> pb.RouteQueryResponse:
    """The hits with what proves them, within the stop conditions. Raises UsageError."""
    required(request.query)
    stop = request.stop_conditions
    limit = request.limit if request.limit > 0 else LIMIT_DEFAULT
    limit = min(limit, stop.max_nodes) if stop.max_nodes else limit
    reply = search(
        pb.SearchRequest(
            query=request.query,
            limit=limit,
            agent=request.agent_filter,
            max_tokens=min(stop.max_tokens, (1 << 31) - 1),
        )
    )
    layer = pb.RETRIEVAL_LAYER_AGENTIC if reply.index_missing and reply.note else pb.RETRIEVAL_LAYER_BM25
    response = pb.RouteQueryResponse(layers_attempted=[layer])
    for hit in _scaled(reply.hits):
        if hit.score < stop.min_confidence:
            continue
        response.results.add(
            doc_id=next(iter(hit.grip_ids), hit.node_id),
            doc_type="grip" if hit.grip_ids else "toc_node",
            score=hit.score,
            text_preview=hit.snippet,
            source_layer=layer,
            metadata={"node_id": hit.node_id, "event_id": hit.event_id, "session_id": hit.session_id},
            agent=hit.agent or None,
            project=hit.project or None,
        )
    response.has_results = bool(response.results)
    fell_back = layer == pb.RETRIEVAL_LAYER_AGENTIC
    response.explanation.CopyFrom(
        pb.ExplainabilityPayload(
            intent=intent,
            tier=pb.CAPABILITY_TIER_AGENTIC if fell_back else pb.CAPABILITY_TIER_KEYWORD,
            mode=pb.EXECUTION_MODE_SEQUENTIAL,
            candidates_considered=[layer],
            winner=layer,
            why_winner=reply.note or "words find it",
            fallback_occurred=fell_back,
            fallback_reason=reply.note or None,
            total_time_ms=took_ms(),
            grip_ids=[grip_id for hit in reply.hits for grip_id in hit.grip_ids],
        )
    )
    return response


def _hits(search: Search, query: str, agent: str, span: pb.TimeRange | None, limit: int) -> Sequence[pb.SearchHit]:
    """The hits, several times as many as documents are wanted: several turns may stand for one."""
    request = pb.SearchRequest(query=required(query), limit=min(4 * limit, LIMIT_MAX), agent=agent)
    if span is not None:
        request.from_timestamp_ms, request.to_timestamp_ms = max(0, span.start_ms), max(0, span.end_ms - 1)
    return _scaled(search(request).hits)


def _scaled(hits: Sequence[pb.SearchHit]) -> Sequence[pb.SearchHit]:
    """The hits best first, the best with a score of 1."""
    ordered = sorted(hits, key=lambda hit: -hit.score)
    best = ordered[0].score if ordered and ordered[0].score > 0 else 1.0
    for hit in ordered:
        hit.score /= best
    return ordered


def _document(hit: pb.SearchHit, target: pb.VectorTargetType.ValueType) -> tuple[str, str]:
    grip_id = next(iter(hit.grip_ids), "")
    if target == pb.VECTOR_TARGET_TYPE_GRIP or (target == pb.VECTOR_TARGET_TYPE_ALL and grip_id):
        return grip_id, "grip"
    return hit.node_id, "toc_node"
