"""Rolling: the processes are replaced one after another by this program's version, while the daemon goes on serving.

The query service first, by a second one beside it: sockets are links, which lead to the new one once it serves. Then
the worker, for which nobody waits. The writer last: the new one is loaded beside the old one, and takes over when that
has closed the store; until then commands wait in the query service. Readers know the rows of older writers, so in this
order each process finds a store that it can read.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Final

from agent_memory import locks
from agent_memory.bus.client import Bus
from agent_memory.control import launch, preflight, stack, stack_lock
from agent_memory.control.starting import READY_S, with_log
from agent_memory.control.supervisor import Supervisor
from agent_memory.errors import AgentMemoryError, AlreadyRunning, CommandRefused, NotRunning
from agent_memory.model import DEFAULT_STORE
from agent_memory.paths import RuntimePaths
from agent_memory.process.readiness import Readiness
from agent_memory.rpc import bus_pb2 as bus
from agent_memory.settings import Settings
from agent_memory.slots import SLOTS
from agent_memory.store import records
from agent_memory.store.reader import open_snapshot

# An orderly stop of a process; supervisord kills it after stopwaitsecs.
STOP_S: Final = 30.0
_LOOK_S: Final = 0.05
_INSTEAD: Final = "Run: memory-daemon restart"


def roll(settings: Settings, given: Mapping[str, str], replaced: Callable[[str], None]) -> None:
    """Replace the processes one by one; `replaced` gets each name once it is the new one. `given` as for a start.

    Raises AgentMemoryError where that can't be done, if possible before anything is changed.
    """
    runtime = settings.runtime
    stack.check_ours(settings)
    with _alone(runtime):
        supervisor = Supervisor(runtime.supervisor_socket)
        holder = stack_lock.read(runtime)
        if holder is None or not stack.is_running(settings):
            raise _nothing_to_replace()
        preflight.check_restart(settings, holder.address)
        _check_compatible(settings)
        if {slot for slots in SLOTS.values() for slot in slots} - set(supervisor.programs()):
            raise AgentMemoryError("The daemon that runs is too old to be replaced bit by bit.", _INSTEAD)
        before = launch.write_runner(settings)
        try:
            _replace_beside(settings, supervisor, "query", {"query"})
        except BaseException:
            launch.restore_runner(settings, before)
            raise
        replaced("query")
        _stop(supervisor, "worker")
        supervisor.start_process("worker")
        replaced("worker")
        _replace_beside(settings, supervisor, "ingest", set(SLOTS["ingest"]))
        _await_writer(settings)
        replaced("ingest")
        stack_lock.rewrite(runtime, settings.address, version("agent-memory"), given)


def _check_compatible(settings: Settings) -> None:
    """Raise AgentMemoryError unless this version speaks with the writer that runs, and can read its store."""
    writer = Bus(settings.runtime.ingest_socket, DEFAULT_STORE)
    try:
        writer.ask(bus.Command(ping=bus.Ping()))
    except CommandRefused as error:
        raise AgentMemoryError(
            f"This version can't be mixed with the one that runs. {error.message}", _INSTEAD
        ) from error
    finally:
        writer.close()
    with open_snapshot(settings.db_path) as reader:  # refuses what a newer version has written
        records.store_info(reader)


def _replace_beside(settings: Settings, supervisor: Supervisor, process: str, reports: Collection[str]) -> None:
    """Start a process in its other slot, wait until it reports by one of these names, and stop the one before."""
    running = supervisor.running()
    old = [slot for slot in SLOTS[process] if slot in running]
    new = next(slot for slot in reversed(SLOTS[process]) if slot not in old)
    with Readiness(settings.runtime) as readiness:
        supervisor.start_process(new)
        deadline = time.monotonic() + READY_S
        while not readiness.wait_for_one(reports, _LOOK_S):
            if new not in supervisor.running() or time.monotonic() >= deadline:
                supervisor.stop_process(new)
                raise AgentMemoryError(
                    with_log(f"The new {process} does not start.", settings, new, "The one before goes on.")
                )
        for slot in old:
            _stop(supervisor, slot)


def _await_writer(settings: Settings) -> None:
    writer, deadline = Bus(settings.runtime.ingest_socket, DEFAULT_STORE), time.monotonic() + READY_S
    try:
        while not writer.answers():
            if time.monotonic() >= deadline:
                raise AgentMemoryError("The new writer does not answer.", "See: memory-daemon logs")
    finally:
        writer.close()


def _stop(supervisor: Supervisor, name: str) -> None:
    supervisor.stop_process(name)
    deadline = time.monotonic() + STOP_S
    while name in supervisor.running():  # asking also makes supervisord look
        if time.monotonic() >= deadline:
            raise AgentMemoryError(f"The process {name} does not end.", _INSTEAD)
        time.sleep(_LOOK_S)


def _nothing_to_replace() -> NotRunning:
    return NotRunning("No memory daemon runs that could be replaced bit by bit.")


@contextmanager
def _alone(runtime: RuntimePaths) -> Iterator[None]:
    if not runtime.folder.is_dir():
        raise _nothing_to_replace()
    descriptor = locks.take(runtime.folder / "roll.lock")
    if descriptor is None:
        raise AlreadyRunning("The daemon's processes are being replaced already.", reason="UNDER_WAY")
    try:
        yield
    finally:
        os.close(descriptor)
