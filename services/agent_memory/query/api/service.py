"""memory.MemoryService: each RPC checks its request and asks the writer or a view of the store that the call names."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from agent_memory import locks, project_stores
from agent_memory.capture.trials import is_trial
from agent_memory.errors import InvalidEvent, UsageError
from agent_memory.jobs import NEEDS
from agent_memory.model import DEFAULT_STORE
from agent_memory.query import erasing
from agent_memory.query.api.calls import on_store
from agent_memory.query.api.search_calls import SearchCalls
from agent_memory.query.call_figures import CallFigures
from agent_memory.query.erasing import Erasing
from agent_memory.query.inbound.append_batcher import Appended
from agent_memory.query.inbound.intake import BATCH_MAX_EVENTS, Admitted
from agent_memory.query.store_context import StoreContext, Stores
from agent_memory.query.views import (
    events,
    habits,
    index_status,
    metrics,
    operations,
    project_list,
    scope,
    sessions,
    stores_list,
    time_map,
    toc,
    when,
)
from agent_memory.query.views.search import guide
from agent_memory.rpc import bus_pb2 as bus
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import codec
from agent_memory.store.codec import RebuildStage, RebuildState
from agent_memory.store.maintenance import stats
from agent_memory.store.maintenance.rebuild_scope import rebuild_scope

COMPACTION_TIMEOUT_S: Final = 3600.0
CHECKPOINT_TIMEOUT_S: Final = 300.0
CLOSE_TIMEOUT_S: Final = 60.0


class MemoryService(SearchCalls):
    """The service over the stores of this process."""

    def __init__(self, stores: Stores, calls: CallFigures) -> None:
        self.stores = stores
        self.calls = calls
        # One batch at a time: threads that interrupt each other every few milliseconds all get slower.
        self._admitting = threading.Lock()
        self._erasing = Erasing()

    @on_store
    def IngestEvent(self, request: pb.IngestEventRequest, store: StoreContext) -> pb.IngestEventResponse:
        if not request.HasField("event"):
            raise InvalidEvent("event is missing")
        with self.stores.using_made(self.stores.owner_of(request.event, store)) as own:
            admitted = own.intake.admit(request.event)
            if admitted is None:
                forgotten = Appended.FORGOTTEN if own.intake.is_forgotten(request.event) else None
                return ingested(request.event.event_id, forgotten)
            return ingested(request.event.event_id, own.batcher.append(admitted))

    @on_store
    def IngestEvents(self, request: pb.IngestEventsRequest, store: StoreContext) -> pb.IngestEventsResponse:
        if len(request.events) > BATCH_MAX_EVENTS:
            raise UsageError(
                f"events holds {len(request.events)}; a call takes {BATCH_MAX_EVENTS} at most", "Send fewer at once."
            )
        results = [pb.IngestResult(event_id=event.event_id) for event in request.events]
        pairs = zip(request.events, results, strict=True)
        for owner, theirs in groupby(pairs, lambda pair: self.stores.owner_of(pair[0], store)):
            with self.stores.using_made(owner) as own:
                self._ingest(own, list(theirs))
        return pb.IngestEventsResponse(results=results)

    def _ingest(self, store: StoreContext, pairs: Sequence[tuple[pb.Event, pb.IngestResult]]) -> None:
        """Store the store's events, and note beside each what became of it."""
        with self._admitting:
            outcomes = store.intake.admit_all([event for event, _ in pairs])
        admitted = [outcome for outcome in outcomes if isinstance(outcome, Admitted)]
        appended = iter(store.batcher.append_all(admitted) if admitted else ())
        for (event, result), outcome in zip(pairs, outcomes, strict=True):
            if isinstance(outcome, InvalidEvent):
                result.error = str(outcome)
                continue
            if outcome is None:
                result.ignored, result.forgotten = True, store.intake.is_forgotten(event)
                continue
            match next(appended):
                case Appended.CREATED:
                    result.created = True
                case Appended.KNOWN:
                    result.deduplicated = True
                case Appended.FORGOTTEN:
                    result.ignored = result.forgotten = True

    @on_store
    def GetTocRoot(self, request: pb.GetTocRootRequest, store: StoreContext) -> pb.GetTocRootResponse:
        return toc.toc_root(store.toc_reader(), request)

    @on_store
    def GetNode(self, request: pb.GetNodeRequest, store: StoreContext) -> pb.GetNodeResponse:
        reader = store.toc_reader()
        meant = when.node_meant(reader, request.node_id, _now_ms(), toc.as_of_ms_of(request))
        if meant.span:
            return pb.GetNodeResponse(span=meant.span)
        asked = scope.scope_of(reader, request, store.projects.names)
        found = toc.node(reader, request, meant.node_id, asked)
        if not found.HasField("node"):
            found.note = scope.note(reader, asked, request)
            if not asked and not request.HasField("version"):
                elsewhere = when.filed_elsewhere(reader, request.node_id, toc.as_of_ms_of(request))
                found.MergeFrom(pb.GetNodeResponse(span=elsewhere))
        return found

    @on_store
    def RebuildToc(self, request: pb.RebuildTocRequest, store: StoreContext) -> pb.RebuildTocResponse:
        if request.timezone and (request.from_date or request.session_ids or request.keep_sessions):
            raise UsageError("Another time zone is for all days: name no date and no sessions with it.")
        found = rebuild_scope(store.caught_up(), request.from_date, request.session_ids)
        found.summarized_by = store.settings.summarized_by
        if not request.dry_run:
            state = RebuildState(
                from_ms=found.from_ms if request.from_date else 0,
                sessions=tuple(request.session_ids),
                mend=request.mend or bool(request.timezone),
                events=0 if request.keep_sessions else found.events,
                stage=RebuildStage.DAYS if request.keep_sessions else RebuildStage.SESSIONS,
                started_ms=_now_ms(),
            )
            with store.snapshot.begin():
                asked = bus.BeginRebuild(value=codec.to_json(state), timezone=request.timezone)
                store.writer.ask(bus.Command(begin_rebuild=asked))
        return found

    @on_store
    def GetMetrics(self, request: pb.GetMetricsRequest, store: StoreContext) -> pb.GetMetricsResponse:
        return metrics.metrics(store, self.calls)

    @on_store
    def GetRebuildStatus(self, request: pb.GetRebuildStatusRequest, store: StoreContext) -> pb.GetRebuildStatusResponse:
        return operations.rebuild_status(store.caught_up())

    @on_store
    def Erase(self, request: pb.EraseRequest, store: StoreContext) -> pb.EraseResponse:
        # Whatever snapshot of a rebuild is left lets go of its files.
        store.toc_reader()
        return self._erasing.erase(store, request)

    @on_store
    def GetErasureStatus(self, request: pb.GetErasureStatusRequest, store: StoreContext) -> pb.GetErasureStatusResponse:
        return erasing.status(store)

    @on_store
    def ResetCheckpoint(self, request: pb.ResetCheckpointRequest, store: StoreContext) -> pb.ResetCheckpointResponse:
        if request.job_name not in store.jobs:
            return pb.ResetCheckpointResponse(error=_no_job(store, request.job_name))
        store.writer.ask(bus.Command(reset_job=bus.ResetJob(job_name=request.job_name)))
        return pb.ResetCheckpointResponse(success=True)

    @on_store
    def GetNodeVersions(self, request: pb.GetNodeVersionsRequest, store: StoreContext) -> pb.GetNodeVersionsResponse:
        reader = store.toc_reader()
        meant = when.node_meant(reader, request.node_id, _now_ms())
        return pb.GetNodeVersionsResponse(span=meant.span) if meant.span else toc.node_versions(reader, meant.node_id)

    @on_store
    def ResolveTime(self, request: pb.ResolveTimeRequest, store: StoreContext) -> pb.ResolveTimeResponse:
        reader = store.toc_reader()
        asked = scope.scope_of(reader, request, store.projects.names)
        found = when.resolve(reader, request, _now_ms(), asked)
        if not any(span.nodes for span in (found.span, *found.alternatives)):
            found.note = scope.note(reader, asked, request)
        return found

    @on_store
    def BrowseToc(self, request: pb.BrowseTocRequest, store: StoreContext) -> pb.BrowseTocResponse:
        reader = store.toc_reader()
        meant = when.node_meant(reader, request.parent_id, _now_ms(), toc.as_of_ms_of(request))
        if meant.span:
            return pb.BrowseTocResponse(span=meant.span)
        asked = scope.scope_of(reader, request, store.projects.names)
        if request.about.strip():
            found = guide.browse(store.caught_up(), reader, store.index, request, meant.node_id, asked, _now_ms())
        else:
            found = toc.browse(reader, request, meant.node_id, asked)
        if not found.children:
            found.note = scope.note(reader, asked, request)
            if not asked and not found.parent_id:
                elsewhere = when.filed_elsewhere(reader, request.parent_id, toc.as_of_ms_of(request))
                found.MergeFrom(pb.BrowseTocResponse(span=elsewhere))
        return found

    @on_store
    def GetTocMap(self, request: pb.GetTocMapRequest, store: StoreContext) -> pb.GetTocMapResponse:
        reader = store.toc_reader()
        asked = scope.scope_of(reader, request, store.projects.names)
        found = time_map.toc_map(reader, request, _now_ms(), asked)
        if not found.sections and not found.has_more:
            found.note = scope.note(reader, asked, request)
        return found

    @on_store
    def GetProjects(self, request: pb.GetProjectsRequest, store: StoreContext) -> pb.GetProjectsResponse:
        return project_list.projects(store.caught_up(), store.settings.project_names)

    @on_store
    def GetEvents(self, request: pb.GetEventsRequest, store: StoreContext) -> pb.GetEventsResponse:
        if is_trial(request.session_id) and (tried := store.intake.trials.of(request.session_id)):
            return pb.GetEventsResponse(events=tried)
        reader = store.caught_up()
        asked = scope.scope_of(reader, request, store.projects.names)
        found = events.events(reader, request, asked)
        if not found.events and not found.has_more:
            found.note = scope.note(reader, asked, request)
        return found

    @on_store
    def GetEvent(self, request: pb.GetEventRequest, store: StoreContext) -> pb.GetEventResponse:
        return events.event(store.caught_up(), request.event_id)

    @on_store
    def GetSession(self, request: pb.GetSessionRequest, store: StoreContext) -> pb.GetSessionResponse:
        return sessions.session(store.toc_reader(), request)

    @on_store
    def GetHabits(self, request: pb.GetHabitsRequest, store: StoreContext) -> pb.GetHabitsResponse:
        return habits.habits(store.toc_reader(), request, _now_ms(), store.settings.project_names)

    @on_store
    def ExpandGrip(self, request: pb.ExpandGripRequest, store: StoreContext) -> pb.ExpandGripResponse:
        return events.expand(store.toc_reader(), request)

    @on_store
    def GetSchedulerStatus(
        self, request: pb.GetSchedulerStatusRequest, store: StoreContext
    ) -> pb.GetSchedulerStatusResponse:
        # The worker holds this lock while it lives, which saves a heartbeat row every second.
        running = locks.is_taken(store.settings.runtime.worker_lock)
        return operations.scheduler_status(store.caught_up(), store.jobs, running)

    @on_store
    def RunJob(self, request: pb.RunJobRequest, store: StoreContext) -> pb.RunJobResponse:
        if request.job_name not in store.jobs:
            return pb.RunJobResponse(error=_no_job(store, request.job_name))
        ask = bus.AskForRun(job_name=request.job_name, asked_ms=_now_ms())
        reply = store.writer.ask(bus.Command(ask_for_run=ask))
        return pb.RunJobResponse(success=True, asked_ms=reply.run_asked_for.asked_ms)

    @on_store
    def GetJobRuns(self, request: pb.GetJobRunsRequest, store: StoreContext) -> pb.GetJobRunsResponse:
        if request.job_name and request.job_name not in store.jobs:
            return pb.GetJobRunsResponse(error=_no_job(store, request.job_name))
        return operations.job_history(store.caught_up(), [request.job_name] if request.job_name else store.jobs)

    @on_store
    def PauseJob(self, request: pb.PauseJobRequest, store: StoreContext) -> pb.PauseJobResponse:
        error = _set_paused(store, request.job_name, paused=True)
        return pb.PauseJobResponse(success=error is None, error=error)

    @on_store
    def ResumeJob(self, request: pb.ResumeJobRequest, store: StoreContext) -> pb.ResumeJobResponse:
        error = _set_paused(store, request.job_name, paused=False)
        return pb.ResumeJobResponse(success=error is None, error=error)

    @on_store
    def GetStats(self, request: pb.GetStatsRequest, store: StoreContext) -> pb.GetStatsResponse:
        found = stats.stats(store.caught_up(), Path(store.settings.db_path))
        found.search_index.CopyFrom(index_status.status(store.reader, store.index, store.settings.db_path))
        return found

    @on_store
    def GetLedger(self, request: pb.GetLedgerRequest, store: StoreContext) -> pb.GetLedgerResponse:
        return operations.ledger(store.caught_up(), request)

    @on_store
    def Compact(self, request: pb.CompactRequest, store: StoreContext) -> pb.CompactResponse:
        command = bus.Command(compact=bus.Compact(column_family=request.column_family))
        reply = store.writer.ask(command, COMPACTION_TIMEOUT_S)
        return pb.CompactResponse(column_families=reply.compacted.column_families)

    @on_store
    def CreateCheckpoint(self, request: pb.CreateCheckpointRequest, store: StoreContext) -> pb.CreateCheckpointResponse:
        reply = store.writer.ask(bus.Command(create_checkpoint=bus.CreateCheckpoint()), CHECKPOINT_TIMEOUT_S)
        return pb.CreateCheckpointResponse(path=reply.checkpoint_created.path)

    @on_store
    def ListStores(self, request: pb.ListStoresRequest, store: StoreContext) -> pb.ListStoresResponse:
        return stores_list.stores(store)

    @on_store
    def ReleaseStore(self, request: pb.ReleaseStoreRequest, store: StoreContext) -> pb.ReleaseStoreResponse:
        # Asked of any store but that one, which may be damaged: it must not be opened for this.
        name = project_stores.require(store.settings.main_path, request.name)
        if name == DEFAULT_STORE:
            raise UsageError("The default store is always open.", "Name a project store.")
        self.stores.release(name)
        store.writer.ask(bus.Command(close_store=bus.CloseStore(name=name)), CLOSE_TIMEOUT_S)
        return pb.ReleaseStoreResponse()


def ingested(event_id: str, appended: Appended | None) -> pb.IngestEventResponse:
    """The answer to a call with one event; None where the user does not want it stored."""
    return pb.IngestEventResponse(
        event_id=event_id,
        created=appended == Appended.CREATED,
        deduplicated=appended == Appended.KNOWN,
        ignored=appended in (None, Appended.FORGOTTEN),
        forgotten=appended == Appended.FORGOTTEN,
    )


def _set_paused(store: StoreContext, job_name: str, *, paused: bool) -> str | None:
    """None when done, else why not."""
    if job_name not in store.jobs:
        return _no_job(store, job_name)
    store.writer.ask(bus.Command(set_job_paused=bus.SetJobPaused(job_name=job_name, paused=paused)))
    return None


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _no_job(store: StoreContext, job_name: str) -> str:
    if setting := NEEDS.get(job_name):
        return f"The job {job_name!r} is there once {setting} is set: memory-daemon config set {setting}."
    return f"There is no job {job_name!r}; there are {', '.join(store.jobs)}."
