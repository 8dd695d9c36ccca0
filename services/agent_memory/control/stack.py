"""The stack of one store: supervisord and its three processes, stopped and observed as one; `starting` starts it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent_memory import project_stores
from agent_memory.backup.places import Places
from agent_memory.capture.privacy.pauses import Pauses
from agent_memory.capture.spool import Spool, SpoolState
from agent_memory.control import preflight, stack_lock, store_lock
from agent_memory.control.process_usage import resident_bytes
from agent_memory.control.runtime_files import clear
from agent_memory.control.supervisor import Process, ShuttingDown, Supervisor
from agent_memory.errors import (
    AgentMemoryError,
    AlreadyRunning,
    NotRunning,
    StoreUnavailable,
    WriterSilent,
    WriterUnavailable,
    joined,
)
from agent_memory.locks import is_taken
from agent_memory.model import DEFAULT_STORE
from agent_memory.paths import RuntimePaths
from agent_memory.settings import Settings
from agent_memory.store import directory

# The longest that supervisord may take: three processes, one after another, each with its stopwaitsecs.
STOP_S = 75.0
# `stop` takes the lock briefly; a `start` at the same time waits this long before it fails.
_LOCK_S = 0.5
_LOOK_S = 0.05
# What the writer may take to say whether its store is open; it answers in a millisecond unless it is opening it.
_PING_S = 1.0


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """One process, as `status` shows it."""

    name: str
    state: str
    pid: int | None
    uptime_s: int
    rss_bytes: int | None
    # Why it could not be started, if so.
    problem: str


@dataclass(frozen=True, slots=True)
class ErasureStatus:
    """The last erasure, as `status` shows it; `stage` is "erasing", "proved" or "not proved"."""

    number: int
    events: int
    stage: str
    # When the proof was made, in milliseconds; 0 before.
    proved_ms: int
    # Backups that held some of it then, and are still there.
    backups: list[str]


@dataclass(frozen=True, slots=True)
class Status:
    """The whole stack, as `status` shows it."""

    running: bool
    pid: int | None
    pid_file: str
    uptime_s: int
    # The running daemon's version, which may be older than this program's.
    version: str | None
    address: str
    socket: str
    db_path: str
    # SERVING, NOT_SERVING, STOPPING, UNREACHABLE when the query service does not answer, None when nothing runs.
    health: str | None
    # Why the writer can't open the store; None where it can, or where that is not known.
    store_error: str | None
    logs: str
    processes: list[ProcessStatus]
    # What hooks left for the daemon, whether it runs or not.
    spool: SpoolState
    # Until when capture is paused; None if it is not.
    capture_paused_until_ms: int | None
    # Why nothing can be captured, and what to do; empty if it can.
    capture_problem: str = ""
    # None where nothing was ever erased, and where that can't be read.
    erasure: ErasureStatus | None = None
    # The last backup that was made on this machine, and when; none where none is known of.
    backup: str | None = None
    backup_ms: int | None = None
    # Why project stores can't be opened, by their names.
    store_errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """True when it serves and no process has failed for good."""
        return self.health == "SERVING" and all(process.state != "fatal" for process in self.processes)


def stop(settings: Settings) -> int | None:
    """Stop the stack and wait until all of it is gone; its PID, or None if there was none.

    Raises AgentMemoryError if something still runs after the longest time that an orderly stop can take.
    """
    runtime = settings.runtime
    supervisor = Supervisor(runtime.supervisor_socket)
    try:
        pid = supervisor.pid()
        check_ours(settings)
        supervisor.shut_down()
    except ShuttingDown:
        pid = _pid_in(runtime) or 0
    except NotRunning:
        unreachable = store_lock.stack_of(settings.main_path)
        if unreachable:
            _end(settings, unreachable)
        else:
            _clean_up(settings)
        return unreachable
    deadline = time.monotonic() + STOP_S
    while (lock := stack_lock.take(runtime, _LOOK_S)) is None:
        if time.monotonic() >= deadline:
            raise _still_stopping(pid)
        hurry(settings)
    with lock:
        clear(runtime)
    return pid


def is_running(settings: Settings) -> bool:
    """Whether a supervisor answers for the store, and is not about to end."""
    try:
        return Supervisor(settings.runtime.supervisor_socket).pid() > 0
    except AgentMemoryError:
        return False


def hurry(settings: Settings) -> None:
    """Make a stopping supervisor notice at once which of its processes have ended.

    By itself it looks once a second; but it also looks whenever it is asked something, so asking often stops it in a
    tenth of the time.
    """
    with contextlib.suppress(AgentMemoryError):
        Supervisor(settings.runtime.supervisor_socket).pid()


def status(settings: Settings) -> Status:
    """The stack's state, now."""
    runtime = settings.runtime
    supervisor = Supervisor(runtime.supervisor_socket)
    try:
        pid, processes = supervisor.pid(), supervisor.processes()
    except ShuttingDown:
        return _status(settings, _pid_in(runtime), [], "STOPPING")
    except NotRunning:
        unreachable = store_lock.stack_of(settings.main_path)
        return _status(settings, unreachable, [], "UNREACHABLE" if unreachable else None)
    check_ours(settings)
    return _status(settings, pid, processes, health(runtime))


def health(runtime: RuntimePaths) -> str:
    """The stack's health by the query service: SERVING, NOT_SERVING, or UNREACHABLE when it does not answer."""
    if not _answers(runtime.grpc_socket):
        return "UNREACHABLE"
    from agent_memory.control.connection import at_socket

    try:
        with at_socket(runtime) as client:
            return client.health()
    except AgentMemoryError:
        return "UNREACHABLE"


def store_error(runtime: RuntimePaths) -> StoreUnavailable | None:
    """What keeps the writer from opening its store; None where it is open, and where no writer says anything."""
    error = _writer_error(runtime)
    return error if isinstance(error, StoreUnavailable) else None


def _store_errors(settings: Settings) -> dict[str, str]:
    """What keeps project stores from being opened, by their names; nothing where nobody tells."""
    if not project_stores.names(settings.main_path):
        return {}
    from agent_memory.control.connection import at_socket

    try:
        with at_socket(settings.runtime) as client:
            stores = [store for store in client.stores().stores if store.error and store.name != DEFAULT_STORE]
    except AgentMemoryError:
        return {}
    return {store.name: joined(store.error, store.remedy) for store in stores}


def _writer_error(runtime: RuntimePaths) -> AgentMemoryError | None:
    """What keeps the writer from writing, a full disk for one; None where nothing does, and where none answers."""
    if not _answers(runtime.ingest_socket):
        return None
    # 100 ms that a look at a healthy stack need not wait for.
    from agent_memory.bus.client import Bus
    from agent_memory.rpc import bus_pb2 as bus

    writer = Bus(runtime.ingest_socket)
    try:
        writer.ask(bus.Command(ping=bus.Ping()), _PING_S)
    except WriterSilent:
        return None
    except (StoreUnavailable, WriterUnavailable) as error:
        return error
    finally:
        writer.close()
    return None


def under_way() -> AlreadyRunning:
    return AlreadyRunning("Another start or stop of the memory daemon is under way for this store.", reason="UNDER_WAY")


def check_ours(settings: Settings) -> None:
    """Raise AlreadyRunning if the stack of this runtime folder serves another store, and so must not be touched."""
    runtime = settings.runtime
    holder = stack_lock.read(runtime)
    if holder and Path(holder.db_path).resolve() != settings.main_path.resolve():
        raise AlreadyRunning(
            f"The daemon of {runtime.folder} serves another store, {holder.db_path}.",
            "Give this one a runtime folder of its own with XDG_RUNTIME_DIR.",
            reason="OTHER_STORE",
        )


def _end(settings: Settings, pid: int) -> None:
    """End a stack whose runtime folder a log-out or a cleaner of caches removed, and wait until it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_S
    while store_lock.is_open(settings.main_path) or store_lock.is_alive(pid):
        if time.monotonic() >= deadline:
            raise _still_stopping(pid)
        time.sleep(_LOOK_S)
    clear(settings.runtime)


def _still_stopping(pid: int) -> AgentMemoryError:
    return AgentMemoryError(
        f"The memory daemon (PID {pid}) is still stopping after {STOP_S:.0f} s.", reason="STILL_STOPPING"
    )


def _clean_up(settings: Settings) -> None:
    """Wait until the orphans of a killed supervisor are gone, and remove the files it left."""
    runtime = settings.runtime
    if not runtime.lock_file.exists():
        return
    lock = stack_lock.take(runtime, _LOCK_S)
    if lock is None:
        raise under_way()
    with lock:
        deadline = time.monotonic() + preflight.ORPHANS_GO_S
        while store_lock.is_open(settings.main_path) or _answers(runtime.grpc_socket) or is_taken(runtime.worker_lock):
            if time.monotonic() >= deadline:
                raise AgentMemoryError(
                    f"The supervisor was killed, and one of its processes still has {settings.main_path} open.",
                    "Find it with: ps -ef | grep agent_memory",
                )
            time.sleep(_LOOK_S)
        clear(runtime)


def _status(settings: Settings, pid: int | None, processes: list[Process], found_health: str | None) -> Status:
    runtime = settings.runtime
    holder = stack_lock.read(runtime) if found_health else None
    error = None if found_health in (None, "SERVING") else _writer_error(runtime)
    paused_until_ms, problem = None, ""
    try:
        pause = Pauses(settings.main_path).current(time.time_ns() // 1_000_000)
        paused_until_ms = pause.to_ms if pause else None
    except AgentMemoryError as damage:
        problem = str(damage)
    backed_up = None
    with contextlib.suppress(OSError):
        backed_up = Places(settings.main_path).last()
    return Status(
        running=found_health is not None,
        pid=pid,
        pid_file=str(runtime.pid_file),
        uptime_s=max(0, int(time.time() - holder.started_ms / 1000)) if holder else 0,
        version=holder.version if holder else None,
        address=holder.address if holder else settings.address,
        socket=runtime.grpc_target,
        db_path=str(settings.main_path),
        health=found_health,
        store_error=str(error) if error else None,
        logs=str(runtime.logs),
        processes=[_process_status(process, found_health) for process in processes],
        spool=Spool(settings.main_path).state(),
        capture_paused_until_ms=paused_until_ms,
        capture_problem=problem,
        erasure=_erasure(settings.main_path),
        backup=str(backed_up.parent / backed_up.name) if backed_up else None,
        backup_ms=backed_up.made_ms if backed_up else None,
        store_errors=_store_errors(settings) if found_health in ("SERVING", "NOT_SERVING") else {},
    )


def _erasure(db_path: Path) -> ErasureStatus | None:
    # protobuf costs 50 ms that most looks need not wait for.
    if not any(path.exists() for path in (directory.passages_of(db_path), directory.receipts_of(db_path))):
        return None
    from agent_memory.erasure.receipts import Receipts

    receipts = Receipts(db_path)
    with contextlib.suppress(OSError):
        pending, last = receipts.pending(), receipts.last()
        if pending and not (last and last.number == pending.receipt.number):
            return ErasureStatus(pending.receipt.number, pending.receipt.events, "erasing", 0, [])
        if last:
            stage = "proved" if last.proved else "not proved"
            left = [folder for folder in last.backups if Path(folder).exists()]
            return ErasureStatus(last.number, last.events, stage, last.proved_ms, left)
    return None


def _process_status(process: Process, found_health: str | None) -> ProcessStatus:
    # STARTING only means that it is younger than `startsecs`; a process that serves is running.
    runs = process.state == "STARTING" and found_health == "SERVING"
    return ProcessStatus(
        name=process.name,
        state="running" if runs else process.state.lower(),
        pid=process.pid,
        uptime_s=process.uptime_s,
        rss_bytes=resident_bytes(process.pid) if process.pid else None,
        problem=process.problem,
    )


def _pid_in(runtime: RuntimePaths) -> int | None:
    try:
        return int(runtime.pid_file.read_text())
    except (OSError, ValueError):
        return None


def _answers(path: Path) -> bool:
    """True when somebody listens on the Unix socket. Cheaper than a gRPC channel, and never waits for a retry."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(str(path)) == 0
