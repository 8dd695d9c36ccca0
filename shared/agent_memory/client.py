"""The daemon as a Python object: every RPC is a method, every failure an AgentMemoryError."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeVar

import grpc

from agent_memory import credentials
from agent_memory.errors import AgentMemoryError, NotRunning, UsageError, WriterBusy, WriterUnavailable
from agent_memory.messages import ERROR_KEY, error_from_bytes, event_to_pb
from agent_memory.model import DEFAULT_STORE, Event
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.rpc_methods import stub
from agent_memory.settings import Settings

# An event may hold ten megabytes of text. The query service cuts a page of such events; the channel must not.
MESSAGE_MAX_BYTES = 64 << 20
CONNECT_MS = 5000
TIMEOUT_S = 30.0
# The metadata that names the store which a call is about.
STORE_KEY = "store"

Reply = TypeVar("Reply")
# How long a daemon that has answered is asked again where nobody answers, and how often.
REPLACED_S: Final = 2.0
REPLACED_LOOK_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Filters:
    """What an answer is to be made from: the segments of a project, an agent, a session. Empty: of all."""

    project: str = ""
    agent: str = ""
    session_id: str = ""

    def __bool__(self) -> bool:
        return bool(self.project or self.agent or self.session_id)


NO_FILTERS = Filters()


class Client:
    """A connection to one store of a daemon. `target` is a gRPC target: `127.0.0.1:50051` or `unix:/path`.

    `remedy` is what to do where none answers; without one, it has to be started. An empty `store` is the default
    one.
    """

    def __init__(
        self,
        target: str,
        timeout_s: float = TIMEOUT_S,
        remedy: str = "",
        store: str = "",
        token: str = "",
        secured_by: grpc.ChannelCredentials | None = None,
    ) -> None:
        self.target = target
        self._metadata = (*(((STORE_KEY, store),) if store else ()), *credentials.metadata(token))
        self._remedy = remedy
        self._token = token
        self._secured_by = secured_by
        self.timeout_s = timeout_s
        self._has_answered = False
        options = [
            ("grpc.max_receive_message_length", MESSAGE_MAX_BYTES),
            ("grpc.max_send_message_length", MESSAGE_MAX_BYTES),
            # How long a daemon that hangs is waited for, where its socket still takes connections.
            ("grpc.min_reconnect_backoff_ms", CONNECT_MS),
            # A proxy set for the web must not see what is meant for this machine.
            ("grpc.enable_http_proxy", 0),
        ]
        if secured_by is None:
            self._channel = grpc.insecure_channel(target, options)
        else:
            self._channel = grpc.secure_channel(target, secured_by, options)
        self._stub = stub(self._channel)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._channel.close()

    def of_store(self, name: str) -> Client:
        """A client of another of the daemon's stores; the default one for an empty name."""
        named = "" if name == DEFAULT_STORE else name
        return Client(self.target, self.timeout_s, self._remedy, named, self._token, self._secured_by)

    def ingest(self, event: Event) -> pb.IngestEventResponse:
        """Store one event; returns once it is on disk."""
        return self._call(self._stub.IngestEvent, pb.IngestEventRequest(event=event_to_pb(event)))

    def ingest_many(self, events: Iterable[Event]) -> list[pb.IngestResult]:
        """Store up to 500 events with one call; one result each, in order. Returns once they are on disk."""
        request = pb.IngestEventsRequest(events=[event_to_pb(event) for event in events])
        return list(self._call(self._stub.IngestEvents, request).results)

    # `max_tokens` is an answer's budget; 0 is no limit.

    def root(self, as_of_ms: int | None = None, max_tokens: int = 0) -> pb.GetTocRootResponse:
        return self._call(self._stub.GetTocRoot, pb.GetTocRootRequest(as_of_ms=as_of_ms, max_tokens=max_tokens))

    def node(
        self,
        node_id: str,
        *,
        version: int | None = None,
        as_of_ms: int | None = None,
        max_tokens: int = 0,
        filters: Filters = NO_FILTERS,
    ) -> pb.GetNodeResponse:
        """The node as it is, in one of its versions, or as it was at that time."""
        request = pb.GetNodeRequest(
            node_id=node_id, version=version, as_of_ms=as_of_ms, max_tokens=max_tokens, **asdict(filters)
        )
        return self._call(self._stub.GetNode, request)

    def history(self, node_id: str) -> pb.GetNodeVersionsResponse:
        return self._call(self._stub.GetNodeVersions, pb.GetNodeVersionsRequest(node_id=node_id))

    def toc_map(
        self,
        max_tokens: int = 0,
        project: str = "",
        *,
        as_of_ms: int | None = None,
        agent: str = "",
        session_id: str = "",
    ) -> pb.GetTocMapResponse:
        """The map within a budget: of everything, or of one project, named by its folder or its id."""
        request = pb.GetTocMapRequest(
            max_tokens=max_tokens, project=project, as_of_ms=as_of_ms, agent=agent, session_id=session_id
        )
        return self._call(self._stub.GetTocMap, request)

    def projects(self) -> pb.GetProjectsResponse:
        return self._call(self._stub.GetProjects, pb.GetProjectsRequest())

    def agents(self) -> pb.ListAgentsResponse:
        """Every agent, how much it has said, and when."""
        return self._call(self._stub.ListAgents, pb.ListAgentsRequest())

    def agent_activity(self, request: pb.GetAgentActivityRequest) -> pb.GetAgentActivityResponse:
        """How much each agent has said, by day or by week."""
        return self._call(self._stub.GetAgentActivity, request)

    def resolve_time(
        self, phrase: str, as_of_ms: int | None = None, *, max_tokens: int = 0, filters: Filters = NO_FILTERS
    ) -> pb.ResolveTimeResponse:
        """What a time in words means, or meant at `as_of_ms`; raises UsageError for a text that is no time."""
        request = pb.ResolveTimeRequest(phrase=phrase, as_of_ms=as_of_ms, max_tokens=max_tokens, **asdict(filters))
        return self._call(self._stub.ResolveTime, request)

    def browse(
        self,
        parent_id: str,
        limit: int = 0,
        token: str | None = None,
        *,
        as_of_ms: int | None = None,
        max_tokens: int = 0,
        filters: Filters = NO_FILTERS,
        about: str = "",
    ) -> pb.BrowseTocResponse:
        request = pb.BrowseTocRequest(
            parent_id=parent_id,
            limit=limit,
            continuation_token=token,
            as_of_ms=as_of_ms,
            max_tokens=max_tokens,
            about=about,
            **asdict(filters),
        )
        return self._call(self._stub.BrowseToc, request)

    def events(self, request: pb.GetEventsRequest) -> pb.GetEventsResponse:
        return self._call(self._stub.GetEvents, request)

    def event(self, event_id: str) -> pb.GetEventResponse:
        """One event in full, and the segment that it lies in."""
        return self._call(self._stub.GetEvent, pb.GetEventRequest(event_id=event_id))

    def session(self, session_id: str) -> pb.GetSessionResponse:
        """What a session is about, by its id or by a beginning of it."""
        return self._call(self._stub.GetSession, pb.GetSessionRequest(session_id=session_id))

    def habits(self, days: int = 0, now_ms: int | None = None) -> pb.GetHabitsResponse:
        """How much was said on the days up to that of `now_ms`, by default today, by day, agent, project and hour."""
        return self._call(self._stub.GetHabits, pb.GetHabitsRequest(days=days, now_ms=now_ms))

    def expand(
        self,
        grip_id: str,
        before: int | None = None,
        after: int | None = None,
        *,
        as_of_ms: int | None = None,
        max_tokens: int = 0,
    ) -> pb.ExpandGripResponse:
        request = pb.ExpandGripRequest(
            grip_id=grip_id, events_before=before, events_after=after, as_of_ms=as_of_ms, max_tokens=max_tokens
        )
        return self._call(self._stub.ExpandGrip, request)

    def search(self, request: pb.SearchRequest) -> pb.SearchResponse:
        """What was said about something, by its words."""
        return self._call(self._stub.Search, request)

    def rebuild_index(self) -> pb.RebuildIndexResponse:
        """Have the search index made again; returns at once."""
        return self._call(self._stub.RebuildIndex, pb.RebuildIndexRequest())

    def index_status(self) -> pb.GetIndexStatusResponse:
        """How the search index is, and whether a rebuild of it is under way."""
        return self._call(self._stub.GetIndexStatus, pb.GetIndexStatusRequest())

    def stats(self) -> pb.GetStatsResponse:
        return self._call(self._stub.GetStats, pb.GetStatsRequest())

    def metrics(self) -> pb.GetMetricsResponse:
        """What the running processes have counted since they began."""
        return self._call(self._stub.GetMetrics, pb.GetMetricsRequest())

    def ledger(self, from_day: str = "") -> pb.GetLedgerResponse:
        """How many events of each day and agent are stored and reachable, from the day `YYYY-MM-DD` on."""
        return self._call(self._stub.GetLedger, pb.GetLedgerRequest(from_day=from_day))

    def compact(self, column_family: str = "") -> pb.CompactResponse:
        """Compact one column family, or all; returns when that is done."""
        return self._call(self._stub.Compact, pb.CompactRequest(column_family=column_family), timeout_s=3600)

    def stores(self) -> pb.ListStoresResponse:
        """The daemon's stores, and which of them are open or can't be opened."""
        return self._call(self._stub.ListStores, pb.ListStoresRequest())

    def release_store(self, name: str) -> pb.ReleaseStoreResponse:
        """Have the daemon close a project store."""
        return self._call(self._stub.ReleaseStore, pb.ReleaseStoreRequest(name=name), timeout_s=60)

    def create_checkpoint(self) -> pb.CreateCheckpointResponse:
        """Have a copy of the store made, of hard links, in a folder beside it; the caller removes it."""
        return self._call(self._stub.CreateCheckpoint, pb.CreateCheckpointRequest(), timeout_s=300)

    def rebuild_toc(self, request: pb.RebuildTocRequest) -> pb.RebuildTocResponse:
        """Start a rebuild of the table of contents; returns at once, with the size of the work."""
        return self._call(self._stub.RebuildToc, request, timeout_s=600)

    def rebuild_status(self) -> pb.GetRebuildStatusResponse:
        return self._call(self._stub.GetRebuildStatus, pb.GetRebuildStatusRequest())

    def erase(self, request: pb.EraseRequest) -> pb.EraseResponse:
        """Select events and, unless it is a dry run, begin to erase them; returns with what is selected."""
        return self._call(self._stub.Erase, request, timeout_s=600)

    def erasure_status(self) -> pb.GetErasureStatusResponse:
        return self._call(self._stub.GetErasureStatus, pb.GetErasureStatusRequest())

    def reset_checkpoint(self, job_name: str) -> pb.ResetCheckpointResponse:
        return self._call(self._stub.ResetCheckpoint, pb.ResetCheckpointRequest(job_name=job_name))

    def scheduler_status(self) -> pb.GetSchedulerStatusResponse:
        return self._call(self._stub.GetSchedulerStatus, pb.GetSchedulerStatusRequest())

    def run_job(self, name: str) -> pb.RunJobResponse:
        """Start a job; returns at once, with the `asked_ms` by which `job_history` has the run once it has ended."""
        return self._call(self._stub.RunJob, pb.RunJobRequest(job_name=name))

    def job_history(self, name: str = "") -> pb.GetJobRunsResponse:
        """The last runs of a job, or of all, newest first."""
        return self._call(self._stub.GetJobRuns, pb.GetJobRunsRequest(job_name=name))

    def pause_job(self, name: str) -> pb.PauseJobResponse:
        return self._call(self._stub.PauseJob, pb.PauseJobRequest(job_name=name))

    def resume_job(self, name: str) -> pb.ResumeJobResponse:
        return self._call(self._stub.ResumeJob, pb.ResumeJobRequest(job_name=name))

    def health(self, service: str = "") -> str:
        """SERVING, NOT_SERVING or SERVICE_UNKNOWN; raises NotRunning if nobody answers."""
        from grpc_health.v1 import health_pb2, health_pb2_grpc

        stub = health_pb2_grpc.HealthStub(self._channel)
        reply = self._call(stub.Check, health_pb2.HealthCheckRequest(service=service), timeout_s=2)
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status))

    def _call(self, method: Callable[..., Reply], request: Any, timeout_s: float | None = None) -> Reply:
        give_up_s = time.monotonic() + REPLACED_S
        while True:
            try:
                reply = method(request, timeout=timeout_s or self.timeout_s, metadata=self._metadata)
            except grpc.RpcError as error:
                translated = _translated(error, self.target, self._remedy)
                # A daemon that has answered is being replaced, or started again: it may be asked the same again.
                if not (self._has_answered and isinstance(translated, NotRunning) and time.monotonic() < give_up_s):
                    raise translated from error
                time.sleep(REPLACED_LOOK_S)
            else:
                self._has_answered = True
                return reply


def connect(settings: Settings) -> Client:
    """A client for the store of these settings and the daemon they name.

    That is `MEMORY_DAEMON_ADDR`'s, else the one at the runtime folder's Unix socket, else the one at their address.
    """
    store = named_store(settings)
    if named := os.environ.get("MEMORY_DAEMON_ADDR"):
        return _at(named, settings, store)
    runtime = settings.runtime
    if runtime.grpc_socket.exists():
        return Client(runtime.grpc_target, store=store)
    return _at(settings.address, settings, store)


def _at(named: str, settings: Settings, store: str) -> Client:
    """The daemon at that address, which may have a scheme; other machines' only by TLS.

    Raises SettingsError where the settings name a token or a certificate that can't be used.
    """
    target = named.removeprefix("https://").removeprefix("http://").rstrip("/")
    secured_by = None
    if named.startswith("https://") or not credentials.is_of_this_machine(target):
        secured_by = grpc.ssl_channel_credentials(credentials.authority(settings))
    is_named = named != settings.address
    return Client(
        target,
        remedy="MEMORY_DAEMON_ADDR names it: correct or unset that." if is_named else "",
        store=store,
        token=credentials.token(settings),
        secured_by=secured_by,
    )


def named_store(settings: Settings) -> str:
    """The store as calls name it: empty for the default one, which a daemon of any version has."""
    return "" if settings.store == DEFAULT_STORE else settings.store


def _translated(error: grpc.RpcError, target: str, remedy: str) -> AgentMemoryError:
    """Our error for gRPC's: the daemon's own where it sent one, else what the status code of gRPC itself means."""
    code, details = error.code(), error.details() or ""
    otherwise = UsageError if code == grpc.StatusCode.INVALID_ARGUMENT else AgentMemoryError
    for each in error.trailing_metadata() or ():
        if each.key == ERROR_KEY and isinstance(each.value, bytes):
            return error_from_bytes(each.value, otherwise) or otherwise(details)
    match code:
        case grpc.StatusCode.RESOURCE_EXHAUSTED if "larger than max" in details:
            return UsageError(f"{details}: more than one message may hold.", "Send, or ask for, fewer events at once.")
        case grpc.StatusCode.RESOURCE_EXHAUSTED:
            return WriterBusy(details)
        case grpc.StatusCode.UNAVAILABLE if "SETTINGS" in details:  # connected, and nobody took the connection
            return WriterUnavailable(
                f"The daemon at {target} runs and does not answer.", "Run: memory-daemon restart", reason="NO_ANSWER"
            )
        # Cancelled by a daemon that ends, as the call came: it has done nothing with it.
        case grpc.StatusCode.UNAVAILABLE | grpc.StatusCode.CANCELLED:
            return NotRunning(
                f"No memory daemon answers at {target}.", remedy, reason="WRONG_ADDRESS" if remedy else ""
            )
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return WriterUnavailable(f"The daemon at {target} did not answer in time.", reason="DEADLINE_EXCEEDED")
        case _:
            return AgentMemoryError(f"The daemon at {target} answered {code.name}: {details}")
