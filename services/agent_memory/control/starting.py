"""Starting the stack: checks, supervisord, and the wait until its processes say that they are ready."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Mapping

from agent_memory.control import preflight, stack_lock
from agent_memory.control.launch import launch
from agent_memory.control.runtime_files import clear
from agent_memory.control.stack_lock import StackHolder
from agent_memory.errors import AgentMemoryError, AlreadyRunning, NotRunning, StoreError
from agent_memory.files import atomic_link, make_private_dir
from agent_memory.process.readiness import Readiness
from agent_memory.settings import Settings

# A large store replays its log when it is opened; a start that takes longer than this is stuck.
READY_S = 60.0
# Those who report when they are ready; they wait for the writer.
_REPORTING = frozenset({"query", "worker"})
# `stop` takes the lock briefly; a `start` at the same time waits this long before it fails.
_LOCK_S = 0.5
# A process that can't start dies within this time.
_LIVED_S = 1.0
# A hundred times as long as a process takes from the fork to its own first instruction.
_BORN_S = 0.1
# Most starts are over by then; looking for what went wrong would only take time from them.
_FIRST_LOOK_S = 0.5
_LOOK_S = 0.05
_SHOWN_LINES = 10


def start(settings: Settings, given: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start the stack and return its supervisord once it serves; a restart keeps the settings `given`.

    Raises AgentMemoryError with a remedy if it can't, and then leaves nothing running.
    """
    runtime = settings.runtime
    try:
        make_private_dir(runtime.folder)
        lock = stack_lock.take(runtime, _LOCK_S)
        if lock is None:
            raise _taken(settings)
        with lock:
            # A PID file without a holder of the lock: the last stack was killed, and its children may still be ending.
            killed = runtime.pid_file.exists()
            preflight.check(settings, patience_s=preflight.ORPHANS_GO_S if killed else 0)
            make_private_dir(runtime.logs)
            clear(runtime)
            atomic_link(runtime.link, runtime.folder)
            readiness = Readiness(runtime)
            daemon = launch(settings, lock)
            stack_lock.write(lock, _holder(settings, given or {}))
    except OSError as error:
        raise StoreError(
            f"The daemon's folders can't be made: {error}.",
            "Choose others with --db-path, and with XDG_RUNTIME_DIR for the sockets.",
        ) from error
    try:
        with readiness:
            _wait_until_ready(daemon, settings, readiness)
    except BaseException:  # including an interrupt: half a stack must not stay behind
        _end_young(daemon, settings)
        raise
    return daemon


def _wait_until_ready(daemon: subprocess.Popen[bytes], settings: Settings, readiness: Readiness) -> None:
    """Return when all processes are ready; raises AgentMemoryError as soon as it is clear that they won't be."""
    deadline = time.monotonic() + READY_S
    if readiness.wait(_REPORTING, _FIRST_LOOK_S):
        return
    from agent_memory.control import stack
    from agent_memory.control.supervisor import Supervisor

    supervisor = Supervisor(settings.runtime.supervisor_socket)
    pids: list[int | None] = []
    since = time.monotonic()
    while time.monotonic() < deadline:
        if daemon.poll() is not None:
            raise AgentMemoryError(with_log("The supervisor ended before the stack was ready.", settings, "supervisor"))
        with contextlib.suppress(NotRunning):
            processes = supervisor.processes()
            if failed := [process.name for process in processes if not process.alive and process.state != "STOPPED"]:
                raise AgentMemoryError(with_log(f"The process {failed[0]} does not start.", settings, failed[0]))
            if pids != [process.pid for process in processes]:
                pids, since = [process.pid for process in processes], time.monotonic()
            elif all(pids) and time.monotonic() - since >= _LIVED_S and (error := stack.store_error(settings.runtime)):
                raise AgentMemoryError(
                    f"{error.message} What was started was stopped again.", error.remedy, reason=error.reason
                )
        if readiness.wait(_REPORTING, _LOOK_S):
            return
    late = "ingest" if stack.health(settings.runtime) == "NOT_SERVING" else "query"
    raise AgentMemoryError(with_log(f"The process {late} is not ready after {READY_S:.0f} s.", settings, late))


def _holder(settings: Settings, given: Mapping[str, str]) -> StackHolder:
    from importlib.metadata import version  # takes 20 ms, which `status` need not wait for

    return StackHolder(
        db_path=str(settings.db_path),
        address=settings.address,
        version=version("agent-memory"),
        started_ms=time.time_ns() // 1_000_000,
        given=given,
    )


def _end_young(daemon: subprocess.Popen[bytes], settings: Settings) -> None:
    """Stop a stack that may be half started, and wait until it is gone."""
    from agent_memory.control import stack

    try:
        # A supervisord that is stopped before it has forked its processes forks them and signals them at once. A child
        # that is not yet its own program loses the signal, and supervisord waits for it until stopwaitsecs are over.
        deadline = time.monotonic() + _LIVED_S
        while daemon.poll() is None and time.monotonic() < deadline and not _has_forked(settings):
            time.sleep(_LOOK_S)
        time.sleep(_BORN_S)
    finally:
        daemon.terminate()
    deadline = time.monotonic() + stack.STOP_S
    while daemon.poll() is None and time.monotonic() < deadline:
        stack.hurry(settings)
        time.sleep(_LOOK_S)


def _has_forked(settings: Settings) -> bool:
    from agent_memory.control.supervisor import Supervisor

    try:
        processes = Supervisor(settings.runtime.supervisor_socket).processes()
    except AgentMemoryError:
        return False
    return all(process.state != "STOPPED" for process in processes)


def with_log(
    what: str, settings: Settings, process: str, after: str = "Everything that was started has been stopped."
) -> str:
    """What happened, with the last lines of the process's log."""
    from agent_memory.control import log_files
    from agent_memory.present.text import printable

    path = settings.runtime.log(process)
    lines = "".join(f"  {printable(line)}\n" for line in log_files.tail(path, _SHOWN_LINES)) or "  (nothing)\n"
    return f"{what} Its last log lines:\n\n{lines}\nThe whole log: {path}\n{after}"


def _taken(settings: Settings) -> AlreadyRunning:
    """Why the lock is held by somebody else."""
    from agent_memory.control import stack

    stack.check_ours(settings)
    found = stack.status(settings)
    if found.pid is None:
        return stack.under_way()
    return AlreadyRunning(
        f"Memory daemon is running (PID {found.pid}) already; it serves {found.db_path} at {found.address}."
    )
