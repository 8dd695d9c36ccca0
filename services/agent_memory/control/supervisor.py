"""supervisord: start it, and talk to it over its socket."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import xmlrpc.client
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from agent_memory.errors import AgentMemoryError, NotRunning
from agent_memory.settings import Settings

# It answers within a millisecond; one that is stopped or swapped out must not hang its callers.
ANSWER_S = 5.0

# glibc keeps freed memory in one arena per thread, and raises the size above which it returns memory at once; these
# limits keep the stack small. A batch of 500 events must stay below the mmap threshold: mapping and clearing new pages
# for each copy of a batch took a third of a bulk load's processor time. Other allocators ignore these variables.
_FRUGAL_MALLOC = {"MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "4194304", "MALLOC_MMAP_THRESHOLD_": "1048576"}

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


def launch(settings: Settings, lock: BinaryIO) -> subprocess.Popen[bytes]:
    """Start supervisord with these settings, in its own session; it holds `lock` while it lives."""
    runtime = settings.runtime
    environment = {
        **_FRUGAL_MALLOC,
        **os.environ,
        **settings.environment(),
        # The children get every setting from here: a config file edited meanwhile must not reach half of the stack.
        "MEMORY_CONFIG": os.devnull,
        # An agent that one of our processes starts, to write a summary for example, must not be captured.
        "MEMORY_HOOK_DISABLED": "1",
        "MEMORY_PYTHON": sys.executable,
        "MEMORY_PID_FILE": str(runtime.pid_file),
        "MEMORY_SUPERVISOR_SOCKET": str(runtime.supervisor_socket),
    }
    with runtime.log("supervisor").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "agent_memory.control.supervisord", "-c", str(_configuration())],
            # The lock travels as standard input: supervisord closes all other descriptors above 4, and gives its
            # children another standard input, so that only supervisord holds the lock.
            stdin=lock,
            stdout=subprocess.DEVNULL,
            stderr=log,
            cwd=runtime.logs,
            env=environment,
            start_new_session=True,
            umask=0o077,
        )


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
        """The processes that it supervises."""
        return [_process(info) for info in self._ask("getAllProcessInfo")]

    def shut_down(self) -> None:
        """Ask it to stop its processes in order and to end; returns at once."""
        self._ask("shutdown")

    def _ask(self, method: str) -> Any:
        try:
            return getattr(self._proxy.supervisor, method)()
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


def _process(info: dict[str, Any]) -> Process:
    alive = info["statename"] in ("STARTING", "RUNNING", "STOPPING")
    return Process(
        name=info["name"],
        state=info["statename"],
        pid=info["pid"] or None,
        uptime_s=max(0, info["now"] - info["start"]) if alive else 0,
        problem=info["spawnerr"],
    )


def _configuration() -> Path:
    """The supervisord.conf of the checkout if this is one, else of the installed package.

    The checkout's first: an editable install also holds a copy, made when it was installed.
    """
    package = Path(__file__).resolve().parents[1]
    checkout = package.parents[1] / "supervisord.conf"
    return checkout if package.parent.name == "services" and checkout.exists() else package / "supervisord.conf"


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
