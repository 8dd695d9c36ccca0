"""The calls that other programs of this kind know: exact names and numbers, real answers or honest zeros."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from agent_memory.client import Client
from agent_memory.model import Event, EventRole, EventType
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.rpc.memory_pb2_grpc import MemoryServiceStub
from support.stack import Stack, wait_until

AT_MS = 1_767_225_600_000  # 1 January 2026


@pytest.fixture(scope="module")
def stub(shared_stack: Stack) -> Iterator[Any]:
    with shared_stack.client() as client:
        client.ingest_many(
            [
                _said(1, "We decided to use Postgres for the queue of the shop."),
                _said(2, "The deploy takes forty minutes because of the cache."),
                _said(3, "We keep Redis for sessions.", session="s2", agent="codex"),
            ]
        )
        wait_until(lambda: _is_searchable(client))
    with grpc.insecure_channel(f"127.0.0.1:{shared_stack.port}", [("grpc.enable_http_proxy", 0)]) as channel:
        yield MemoryServiceStub(channel)


def _said(number: int, text: str, session: str = "s1", agent: str = "claude-code") -> Event:
    at_ms = AT_MS + number * 1000
    return Event(f"e{number}", session, at_ms, EventType.USER_MESSAGE, EventRole.USER, text, {}, agent)


def _is_searchable(client: Client) -> bool:
    status = client.index_status()
    return status.available and not status.behind and not status.is_partial and not client.stats().outbox


def _refusal(call: Any, request: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as caught:
        call(request, timeout=10)
    return caught.value.code()


def test_nodes_are_searched_by_their_words(stub: Any) -> None:
    """A node's fields, the children of one, the years of none; unknown nodes and empty queries are refused."""
    years = stub.SearchChildren(pb.SearchChildrenRequest(query="postgres"))
    assert [each.level for each in years.results] == [pb.TOC_LEVEL_YEAR]
    day = stub.SearchChildren(pb.SearchChildrenRequest(parent_id="toc:day:2026-01-01", query="postgres"))
    assert [each.level for each in day.results] == [pb.TOC_LEVEL_SEGMENT]

    found = stub.SearchNode(pb.SearchNodeRequest(node_id=day.results[0].node_id, query="postgres queue"))

    assert found.matched
    assert found.matches[0].score == 1
    assert any(match.grip_ids for match in found.matches)
    assert _refusal(stub.SearchNode, pb.SearchNodeRequest(node_id="toc:day:1999-01-01", query="x")) == (
        grpc.StatusCode.NOT_FOUND
    )
    assert _refusal(stub.SearchNode, pb.SearchNodeRequest(query="x")) == grpc.StatusCode.INVALID_ARGUMENT
    assert _refusal(stub.SearchChildren, pb.SearchChildrenRequest()) == grpc.StatusCode.INVALID_ARGUMENT


def test_teleports_and_hybrid_search_answer_by_words(stub: Any) -> None:
    """Best first, the best 1; of vectors nothing, and said so."""
    found = stub.TeleportSearch(pb.TeleportSearchRequest(query="postgres queue"))
    assert found.results[0].doc_type == pb.TELEPORT_DOC_TYPE_TOC_NODE
    assert found.results[0].score == 1
    assert found.total_docs == 2
    grips = stub.TeleportSearch(pb.TeleportSearchRequest(query="postgres", doc_type=pb.TELEPORT_DOC_TYPE_GRIP))
    assert all(each.doc_id.startswith("grip:") for each in grips.results)
    only = stub.TeleportSearch(pb.TeleportSearchRequest(query="redis postgres", agent_filter="codex"))
    assert {each.agent for each in only.results} == {"codex"}

    mixed = stub.HybridSearch(pb.HybridSearchRequest(query="postgres", mode=pb.HYBRID_MODE_HYBRID))

    assert mixed.mode_used == pb.HYBRID_MODE_BM25_ONLY
    assert mixed.bm25_available
    assert not mixed.vector_available
    assert "Postgres" in mixed.matches[0].text_preview
    before = pb.TimeRange(start_ms=0, end_ms=AT_MS)
    assert not stub.HybridSearch(pb.HybridSearchRequest(query="postgres", time_filter=before)).matches
    assert not stub.GetVectorIndexStatus(pb.GetVectorIndexStatusRequest()).available
    assert not stub.VectorTeleport(pb.VectorTeleportRequest(query="postgres")).matches
    assert _refusal(stub.TeleportSearch, pb.TeleportSearchRequest()) == grpc.StatusCode.INVALID_ARGUMENT


def test_questions_are_classified_and_routed(stub: Any) -> None:
    """By their words, with the hits' proof, within the stop conditions."""
    timed = stub.ClassifyQueryIntent(pb.ClassifyQueryIntentRequest(query="what broke last week"))
    assert timed.intent == pb.QUERY_INTENT_TIME_BOXED
    assert timed.lookback_ms > 7 * 86_400_000 - 1
    assert stub.ClassifyQueryIntent(pb.ClassifyQueryIntentRequest(query="where is getUserName")).intent == (
        pb.QUERY_INTENT_LOCATE
    )
    tier = stub.GetRetrievalCapabilities(pb.GetRetrievalCapabilitiesRequest())
    assert tier.tier == pb.CAPABILITY_TIER_KEYWORD
    assert tier.bm25_status.doc_count == 2

    stop = pb.StopConditions(max_nodes=1)
    found = stub.RouteQuery(pb.RouteQueryRequest(query="why postgres", stop_conditions=stop))

    assert found.has_results
    assert len(found.results) == 1
    assert found.results[0].metadata["session_id"] == "s1"
    assert list(found.layers_attempted) == [pb.RETRIEVAL_LAYER_BM25]
    assert found.explanation.intent == pb.QUERY_INTENT_ANSWER


def test_agents_are_listed_with_their_activity(stub: Any) -> None:
    """Events, sessions and times per agent; buckets of days and weeks."""
    agents = {each.agent_id: each for each in stub.ListAgents(pb.ListAgentsRequest()).agents}

    assert (agents["claude-code"].event_count, agents["claude-code"].session_count) == (2, 1)
    assert agents["codex"].first_seen_ms == agents["codex"].last_seen_ms == AT_MS + 3000
    asked = pb.GetAgentActivityRequest(from_ms=AT_MS, to_ms=AT_MS + 1, bucket="week")
    assert {(each.agent_id, each.event_count) for each in stub.GetAgentActivity(asked).buckets} == {
        ("claude-code", 2),
        ("codex", 1),
    }
    assert _refusal(stub.GetAgentActivity, pb.GetAgentActivityRequest(bucket="hour")) == (
        grpc.StatusCode.INVALID_ARGUMENT
    )


def test_what_there_is_not_is_zero(stub: Any) -> None:
    """Pruning, ranking by use, deduplication and topics have no meaning here."""
    assert stub.PruneBm25Index(pb.PruneBm25IndexRequest()).segments_pruned == 0
    assert stub.PruneVectorIndex(pb.PruneVectorIndexRequest()).segments_pruned == 0
    assert stub.GetRankingStatus(pb.GetRankingStatusRequest()) == pb.GetRankingStatusResponse()
    assert stub.GetDedupStatus(pb.GetDedupStatusRequest()) == pb.GetDedupStatusResponse()
    assert not stub.GetTopicGraphStatus(pb.GetTopicGraphStatusRequest()).available


@pytest.mark.parametrize("at_ms", [2**63 - 1, -(2**63), 253_402_300_800_000])
def test_numbers_beyond_all_sense_are_brought_within_it(stub: Any, at_ms: int) -> None:
    """As many hits as there are, and times from the first to the last that an event may have."""
    found = stub.TeleportSearch(pb.TeleportSearchRequest(query="queue", limit=2**31 - 1))
    hybrid = stub.HybridSearch(pb.HybridSearchRequest(query="queue", top_k=2**31 - 1))
    activity = stub.GetAgentActivity(pb.GetAgentActivityRequest(from_ms=AT_MS, to_ms=at_ms))

    assert found.results
    assert hybrid.matches
    assert bool(activity.buckets) == (at_ms > AT_MS)
