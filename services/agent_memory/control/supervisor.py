"""supervisord, as it answers over its socket."""

from __future__ import annotations

import http.client
import socket
import xmlrpc.client
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agent_memory.errors import AgentMemoryError, NotRunning
from agent_memory.slots import PROCESS_OF

# It answers within a millisecond; one that is stopped or swapped out must not hang its callers.
ANSWER_S = 5.0

_ENDED = ("STOPPED", "EXITED", "FATAL", "UNKNOWN")
_SHUTTING_DOWN = 6  # supervisor.xmlrpc.Faults.SHUTDOWN_STATE


@dataclass(frozen=True, slots=True)
class Process:
    """One of the supervised processes."""

    name: str
    # supervisord's own name for it: STARTING, RUNNING, BACKOFF, STOPPING, EXITED, FATAL...
    state: str
    pid: int | None
    uptime_s: int
    # Why it could not be started, if so.
    problem: str

    @property
    def alive(self) -> bool:
        return self.state in ("STARTING", "RUNNING")


class ShuttingDown(AgentMemoryError):
    """supervisord is stopping its processes and answers no more requests."""


class Supervisor:
    """The supervisord that listens on `path`.

    Every method raises NotRunning if nobody listens there, ShuttingDown if it is about to end, and AgentMemoryError
    if it does not answer.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._proxy = xmlrpc.client.ServerProxy("http://localhost", transport=_UnixTransport(path))

    def pid(self) -> int:
        """Its process id."""
        return int(self._ask("getPID"))

    def processes(self) -> list[Process]:
        """The processes that it supervises, by their own names: of the two slots of one, that which runs."""
        shown: dict[str, Process] = {}
        for info in self._ask("getAllProcessInfo"):
            found = _process(info)
            own = PROCESS_OF.get(found.name, found.name)
            # One that failed tells more than one that was never started.
            if own not in shown or _rank(found) < _rank(shown[own]):
                shown[own] = replace(found, name=own)
        return list(shown.values())

    def programs(self) -> list[str]:
        """The names of all that it could run."""
        return [str(info["name"]) for info in self._ask("getAllProcessInfo")]

    def running(self) -> list[str]:
        """The names of what runs, is being started, or is being stopped."""
        return [str(info["name"]) for info in self._ask("getAllProcessInfo") if info["statename"] not in _ENDED]

    def start_process(self, name: str) -> None:
        """Have a process started; returns at once."""
        self._ask("startProcess", name, False)

    def stop_process(self, name: str) -> None:
        """Have a process stopped; returns at once. Nothing happens where it does not run."""
        if name in self.running():
            self._ask("stopProcess", name, False)

    def shut_down(self) -> None:
        """Ask it to stop its processes in order and to end; returns at once."""
        self._ask("shutdown")

    def _ask(self, method: str, *arguments: object) -> Any:
        try:
            return getattr(self._proxy.supervisor, method)(*arguments)
        except (FileNotFoundError, ConnectionRefusedError):
            raise NotRunning(f"No supervisor listens at {self._path}.") from None
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == _SHUTTING_DOWN:
                raise ShuttingDown("The memory daemon is stopping.") from None
            raise AgentMemoryError(f"The supervisor refused {method}: {fault.faultString}") from fault
        except (OSError, http.client.HTTPException) as error:
            raise AgentMemoryError(
                f"The supervisor at {self._path} does not answer ({error}).",
                f"If this persists, kill it: kill -9 $(cat {self._path.with_name('daemon.pid')})",
            ) from error


def _rank(process: Process) -> tuple[bool, bool]:
    return (not process.alive, process.state == "STOPPED")


def _process(info: dict[str, Any]) -> Process:
    alive = info["statename"] in ("STARTING", "RUNNING", "STOPPING")
    return Process(
        name=info["name"],
        state=info["statename"],
        pid=info["pid"] or None,
        uptime_s=max(0, info["now"] - info["start"]) if alive else 0,
        problem=info["spawnerr"],
    )


class _UnixTransport(xmlrpc.client.Transport):
    """XML-RPC over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: object) -> http.client.HTTPConnection:
        return _UnixConnection(self._path)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(ANSWER_S)
        self.sock.connect(str(self._path))
