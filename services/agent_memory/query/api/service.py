"""memory.MemoryService: each RPC checks what came, asks the writer or a view, and tells in gRPC terms what is wrong."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Final

import grpc

from agent_memory import locks
from agent_memory.bus.client import Bus
from agent_memory.capture.project.projects import Projects
from agent_memory.errors import InvalidEvent, UsageError
from agent_memory.jobs import JOBS
from agent_memory.query.api.errors import translating_errors
from agent_memory.query.inbound.append_batcher import AppendBatcher
from agent_memory.query.inbound.intake import BATCH_MAX_EVENTS, Admitted, Intake
from agent_memory.query.rebuild_snapshot import RebuildSnapshot
from agent_memory.query.views import project_list, time_map, toc, when
from agent_memory.rpc import bus_pb2 as bus
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.rpc.memory_pb2_grpc import MemoryServiceServicer
from agent_memory.settings import Settings
from agent_memory.store import codec
from agent_memory.store.codec import RebuildStage, RebuildState
from agent_memory.store.maintenance import stats
from agent_memory.store.maintenance.rebuild_scope import rebuild_scope
from agent_memory.store.reader import Reader

COMPACTION_TIMEOUT_S: Final = 3600.0


class MemoryService(MemoryServiceServicer):
    """The service over one store's reader and writer."""

    def __init__(
        self,
        settings: Settings,
        reader: Reader,
        snapshot: RebuildSnapshot,
        writer: Bus,
        projects: Projects,
        intake: Intake,
        batcher: AppendBatcher,
    ) -> None:
        self._settings = settings
        self._reader = reader
        self._snapshot = snapshot
        self._writer = writer
        self._intake = intake
        self._batcher = batcher
        # One batch at a time: threads that take the interpreter from each other every few milliseconds all get slower.
        self._admitting = threading.Lock()
        self._projects = projects

    @translating_errors
    def IngestEvent(self, request: pb.IngestEventRequest, context: grpc.ServicerContext) -> pb.IngestEventResponse:  # noqa: N802
        if not request.HasField("event"):
            raise InvalidEvent("event is missing")
        admitted = self._intake.admit(request.event)
        if admitted is None:
            return pb.IngestEventResponse(event_id=request.event.event_id, ignored=True)
        created = self._batcher.append(admitted)
        return pb.IngestEventResponse(event_id=request.event.event_id, created=created, deduplicated=not created)

    @translating_errors
    def IngestEvents(self, request: pb.IngestEventsRequest, context: grpc.ServicerContext) -> pb.IngestEventsResponse:  # noqa: N802
        if len(request.events) > BATCH_MAX_EVENTS:
            raise UsageError(
                f"events holds {len(request.events)}; a call takes {BATCH_MAX_EVENTS} at most", "Send fewer at once."
            )
        with self._admitting:
            outcomes = self._intake.admit_all(request.events)
        admitted = [outcome for outcome in outcomes if isinstance(outcome, Admitted)]
        created = iter(self._batcher.append_all(admitted) if admitted else ())
        response = pb.IngestEventsResponse()
        for event, outcome in zip(request.events, outcomes, strict=True):
            result = response.results.add(event_id=event.event_id)
            if isinstance(outcome, InvalidEvent):
                result.error = str(outcome)
            elif outcome is None:
                result.ignored = True
            elif next(created):
                result.created = True
            else:
                result.deduplicated = True
        return response

    @translating_errors
    def GetTocRoot(self, request: pb.GetTocRootRequest, context: grpc.ServicerContext) -> pb.GetTocRootResponse:  # noqa: N802
        return toc.toc_root(self._tree(), request)

    @translating_errors
    def GetNode(self, request: pb.GetNodeRequest, context: grpc.ServicerContext) -> pb.GetNodeResponse:  # noqa: N802
        tree = self._tree()
        meant = when.node_meant(tree, request.node_id, _now_ms(), toc.as_of_ms_of(request))
        return pb.GetNodeResponse(span=meant.span) if meant.span else toc.node(tree, request, meant.node_id)

    @translating_errors
    def RebuildToc(self, request: pb.RebuildTocRequest, context: grpc.ServicerContext) -> pb.RebuildTocResponse:  # noqa: N802
        found = rebuild_scope(self._caught_up(), request.from_date, request.session_ids)
        found.summarized_by = self._settings.summarized_by
        if not request.dry_run:
            state = RebuildState(
                from_ms=found.from_ms if request.from_date else 0,
                sessions=tuple(request.session_ids),
                mend=request.mend,
                events=0 if request.keep_sessions else found.events,
                stage=RebuildStage.DAYS if request.keep_sessions else RebuildStage.SESSIONS,
                started_ms=_now_ms(),
            )
            with self._snapshot.begin():
                self._writer.ask(bus.Command(begin_rebuild=bus.BeginRebuild(value=codec.to_json(state))))
        return found

    @translating_errors
    def GetRebuildStatus(  # noqa: N802
        self, request: pb.GetRebuildStatusRequest, context: grpc.ServicerContext
    ) -> pb.GetRebuildStatusResponse:
        return toc.rebuild_status(self._caught_up())

    @translating_errors
    def ResetCheckpoint(  # noqa: N802
        self, request: pb.ResetCheckpointRequest, context: grpc.ServicerContext
    ) -> pb.ResetCheckpointResponse:
        if request.job_name not in JOBS:
            return pb.ResetCheckpointResponse(error=_no_job(request.job_name))
        self._writer.ask(bus.Command(reset_job=bus.ResetJob(job_name=request.job_name)))
        return pb.ResetCheckpointResponse(success=True)

    @translating_errors
    def GetNodeVersions(  # noqa: N802
        self, request: pb.GetNodeVersionsRequest, context: grpc.ServicerContext
    ) -> pb.GetNodeVersionsResponse:
        tree = self._tree()
        meant = when.node_meant(tree, request.node_id, _now_ms())
        return pb.GetNodeVersionsResponse(span=meant.span) if meant.span else toc.node_versions(tree, meant.node_id)

    @translating_errors
    def ResolveTime(self, request: pb.ResolveTimeRequest, context: grpc.ServicerContext) -> pb.ResolveTimeResponse:  # noqa: N802
        return when.resolve(self._tree(), request, _now_ms())

    @translating_errors
    def BrowseToc(self, request: pb.BrowseTocRequest, context: grpc.ServicerContext) -> pb.BrowseTocResponse:  # noqa: N802
        tree = self._tree()
        meant = when.node_meant(tree, request.parent_id, _now_ms(), toc.as_of_ms_of(request))
        return pb.BrowseTocResponse(span=meant.span) if meant.span else toc.browse(tree, request, meant.node_id)

    @translating_errors
    def GetTocMap(self, request: pb.GetTocMapRequest, context: grpc.ServicerContext) -> pb.GetTocMapResponse:  # noqa: N802
        names = self._projects.names(request.project) if request.project else ()
        return time_map.toc_map(self._tree(), request, _now_ms(), names)

    @translating_errors
    def GetProjects(self, request: pb.GetProjectsRequest, context: grpc.ServicerContext) -> pb.GetProjectsResponse:  # noqa: N802
        return project_list.projects(self._caught_up(), self._settings.project_names)

    @translating_errors
    def GetEvents(self, request: pb.GetEventsRequest, context: grpc.ServicerContext) -> pb.GetEventsResponse:  # noqa: N802
        return toc.events(self._caught_up(), request)

    @translating_errors
    def ExpandGrip(self, request: pb.ExpandGripRequest, context: grpc.ServicerContext) -> pb.ExpandGripResponse:  # noqa: N802
        return toc.expand(self._tree(), request)

    @translating_errors
    def GetSchedulerStatus(  # noqa: N802
        self, request: pb.GetSchedulerStatusRequest, context: grpc.ServicerContext
    ) -> pb.GetSchedulerStatusResponse:
        # The worker holds this lock for as long as it lives: no row has to be beaten every second to tell so.
        running = locks.is_taken(self._settings.runtime.worker_lock)
        return toc.scheduler_status(self._caught_up(), running)

    @translating_errors
    def RunJob(self, request: pb.RunJobRequest, context: grpc.ServicerContext) -> pb.RunJobResponse:  # noqa: N802
        if request.job_name not in JOBS:
            return pb.RunJobResponse(error=_no_job(request.job_name))
        ask = bus.AskForRun(job_name=request.job_name, asked_ms=_now_ms())
        reply = self._writer.ask(bus.Command(ask_for_run=ask))
        return pb.RunJobResponse(success=True, asked_ms=reply.run_asked_for.asked_ms)

    @translating_errors
    def GetJobRuns(  # noqa: N802
        self, request: pb.GetJobRunsRequest, context: grpc.ServicerContext
    ) -> pb.GetJobRunsResponse:
        if request.job_name and request.job_name not in JOBS:
            return pb.GetJobRunsResponse(error=_no_job(request.job_name))
        return toc.job_history(self._caught_up(), request.job_name)

    @translating_errors
    def PauseJob(self, request: pb.PauseJobRequest, context: grpc.ServicerContext) -> pb.PauseJobResponse:  # noqa: N802
        error = self._set_paused(request.job_name, paused=True)
        return pb.PauseJobResponse(success=error is None, error=error)

    @translating_errors
    def ResumeJob(self, request: pb.ResumeJobRequest, context: grpc.ServicerContext) -> pb.ResumeJobResponse:  # noqa: N802
        error = self._set_paused(request.job_name, paused=False)
        return pb.ResumeJobResponse(success=error is None, error=error)

    @translating_errors
    def GetStats(self, request: pb.GetStatsRequest, context: grpc.ServicerContext) -> pb.GetStatsResponse:  # noqa: N802
        return stats.stats(self._caught_up(), Path(self._settings.db_path))

    @translating_errors
    def GetLedger(self, request: pb.GetLedgerRequest, context: grpc.ServicerContext) -> pb.GetLedgerResponse:  # noqa: N802
        return toc.ledger(self._caught_up(), request)

    @translating_errors
    def Compact(self, request: pb.CompactRequest, context: grpc.ServicerContext) -> pb.CompactResponse:  # noqa: N802
        command = bus.Command(compact=bus.Compact(column_family=request.column_family))
        reply = self._writer.ask(command, COMPACTION_TIMEOUT_S)
        return pb.CompactResponse(column_families=reply.compacted.column_families)

    def _caught_up(self) -> Reader:
        self._reader.catch_up()
        return self._reader

    def _tree(self) -> Reader:
        """The reader of the table of contents, which is not shown half rebuilt."""
        return self._snapshot.reader()

    def _set_paused(self, job_name: str, *, paused: bool) -> str | None:
        """None when done, else why not."""
        if job_name not in JOBS:
            return _no_job(job_name)
        self._writer.ask(bus.Command(set_job_paused=bus.SetJobPaused(job_name=job_name, paused=paused)))
        return None


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _no_job(job_name: str) -> str:
    return f"There is no job {job_name!r}; there are {', '.join(JOBS)}."
