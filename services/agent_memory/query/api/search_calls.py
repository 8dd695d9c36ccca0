"""The calls of search: our own, and those that other programs of this kind know, under their names and numbers.

Episodes and topics by query are not served: gRPC answers them with UNIMPLEMENTED.
"""

from __future__ import annotations

import time
from typing import Final

from agent_memory.capture.spool import Spool
from agent_memory.errors import UnknownNode, UsageError
from agent_memory.query.api.calls import on_store
from agent_memory.query.store_context import StoreContext, Stores
from agent_memory.query.views import agents, index_status, scope
from agent_memory.query.views.search import node_words, retrieval
from agent_memory.query.views.search.answer import search
from agent_memory.query.views.search.asked import project_names, with_named
from agent_memory.rpc import bus_pb2 as bus
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import records

_NOTHING_PRUNED = "Nothing is pruned here: the index holds what the store holds, and grows with it."

# Envelopes in the spool are counted up to here.
SPOOLED_MAX: Final = 1000


class SearchCalls:
    """The part of the service that searches."""

    stores: Stores

    @on_store
    def Search(self, request: pb.SearchRequest, store: StoreContext) -> pb.SearchResponse:
        return _search(store, request)

    @on_store
    def RebuildIndex(self, request: pb.RebuildIndexRequest, store: StoreContext) -> pb.RebuildIndexResponse:
        found = _index_status(store)
        if found.is_rebuilding:
            return pb.RebuildIndexResponse(asked_ms=found.rebuild_asked_ms)
        asked_ms = max(_now_ms(), found.rebuild_asked_ms + 1)
        store.writer.ask(bus.Command(begin_index_rebuild=bus.BeginIndexRebuild(asked_ms=asked_ms)))
        return pb.RebuildIndexResponse(asked_ms=asked_ms)

    @on_store
    def GetIndexStatus(self, request: pb.GetIndexStatusRequest, store: StoreContext) -> pb.GetIndexStatusResponse:
        return _index_status(store)

    @on_store
    def SearchNode(self, request: pb.SearchNodeRequest, store: StoreContext) -> pb.SearchNodeResponse:
        if not request.node_id:
            raise UsageError("node_id is empty", "Name a node.")
        node = records.node(store.toc_reader(), request.node_id)
        if node is None:
            raise UnknownNode(f"There is no node {request.node_id!r}.")
        return node_words.search_node(node, request)

    @on_store
    def SearchChildren(self, request: pb.SearchChildrenRequest, store: StoreContext) -> pb.SearchChildrenResponse:
        return node_words.search_children(store.toc_reader(), request)

    @on_store
    def TeleportSearch(self, request: pb.TeleportSearchRequest, store: StoreContext) -> pb.TeleportSearchResponse:
        segments = _index_status(store).segments
        return retrieval.teleport(lambda wanted: _search(store, wanted), request, segments)

    @on_store
    def VectorTeleport(self, request: pb.VectorTeleportRequest, store: StoreContext) -> pb.VectorTeleportResponse:
        return pb.VectorTeleportResponse(index_status=pb.VectorIndexStatus())

    @on_store
    def HybridSearch(self, request: pb.HybridSearchRequest, store: StoreContext) -> pb.HybridSearchResponse:
        available = _index_status(store).available
        return retrieval.hybrid(lambda wanted: _search(store, wanted), request, available=available)

    @on_store
    def GetVectorIndexStatus(
        self, request: pb.GetVectorIndexStatusRequest, store: StoreContext
    ) -> pb.VectorIndexStatus:
        return pb.VectorIndexStatus()

    @on_store
    def GetRetrievalCapabilities(
        self, request: pb.GetRetrievalCapabilitiesRequest, store: StoreContext
    ) -> pb.GetRetrievalCapabilitiesResponse:
        began_ms = _now_ms()
        found = retrieval.capabilities(_index_status(store), records.counters(store.reader).toc_nodes)
        found.detection_time_ms = max(0, _now_ms() - began_ms)
        return found

    @on_store
    def ClassifyQueryIntent(
        self, request: pb.ClassifyQueryIntentRequest, store: StoreContext
    ) -> pb.ClassifyQueryIntentResponse:
        return retrieval.classify(request.query, _now_ms(), records.time_zone(store.caught_up()))

    @on_store
    def RouteQuery(self, request: pb.RouteQueryRequest, store: StoreContext) -> pb.RouteQueryResponse:
        began_ms = _now_ms()
        intent = request.intent_override
        if not intent:
            intent = retrieval.classify(request.query, began_ms, records.time_zone(store.caught_up())).intent
        return retrieval.route(
            lambda wanted: _search(store, wanted), request, intent, lambda: max(0, _now_ms() - began_ms)
        )

    @on_store
    def ListAgents(self, request: pb.ListAgentsRequest, store: StoreContext) -> pb.ListAgentsResponse:
        return agents.list_agents(store.caught_up(), store.index)

    @on_store
    def GetAgentActivity(self, request: pb.GetAgentActivityRequest, store: StoreContext) -> pb.GetAgentActivityResponse:
        return agents.activity(store.caught_up(), request, _now_ms())

    @on_store
    def GetTopicGraphStatus(
        self, request: pb.GetTopicGraphStatusRequest, store: StoreContext
    ) -> pb.GetTopicGraphStatusResponse:
        return pb.GetTopicGraphStatusResponse()

    @on_store
    def PruneVectorIndex(self, request: pb.PruneVectorIndexRequest, store: StoreContext) -> pb.PruneVectorIndexResponse:
        return pb.PruneVectorIndexResponse(success=True, message="No vectors are kept.")

    @on_store
    def PruneBm25Index(self, request: pb.PruneBm25IndexRequest, store: StoreContext) -> pb.PruneBm25IndexResponse:
        return pb.PruneBm25IndexResponse(success=True, message=_NOTHING_PRUNED)

    @on_store
    def GetRankingStatus(self, request: pb.GetRankingStatusRequest, store: StoreContext) -> pb.GetRankingStatusResponse:
        return pb.GetRankingStatusResponse()

    @on_store
    def GetDedupStatus(self, request: pb.GetDedupStatusRequest, store: StoreContext) -> pb.GetDedupStatusResponse:
        return pb.GetDedupStatusResponse()


def _search(store: StoreContext, request: pb.SearchRequest) -> pb.SearchResponse:
    wanted = with_named(request)
    names = store.projects.names(wanted.project) if "/" in wanted.project else ()
    reader = store.caught_up()
    asked = scope.scope_of(reader, wanted, store.projects.names)
    wanted.session_id = asked.session_id
    reply = search(reader, store.toc_reader(), store.index, wanted, _now_ms(), project_names(wanted.project, names))
    if not reply.hits and not reply.has_more and not reply.note:
        reply.note = scope.unknown(reader, asked, wanted)
    reply.spooled = Spool(store.settings.db_path).on_its_way(SPOOLED_MAX)
    return reply


def _index_status(store: StoreContext) -> pb.GetIndexStatusResponse:
    return index_status.status(store.caught_up(), store.index, store.settings.db_path)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
