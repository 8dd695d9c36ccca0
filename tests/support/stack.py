"""A real stack in a scratch environment, run through the command line as a user would run it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unittest.mock import patch

from agent_memory import settings
from agent_memory.client import Client
from agent_memory.control import stack
from agent_memory.errors import AgentMemoryError

CHECKOUT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 60.0
_LOOK_S = 0.02
# Of this process, as another store's commands would see it: for one thread at a time.
_environment = threading.Lock()
# What would lead a process of ours out of the scratch environment.
_FOREIGN = ("MEMORY_", "XDG_", "HOME", "NO_COLOR", "FORCE_COLOR")


def free_port() -> int:
    """A TCP port of this machine that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], Any], timeout_s: float = TIMEOUT_S) -> Any:
    """What the condition returns once that is true; raises TimeoutError when it never is."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() >= deadline:
            raise TimeoutError(f"not so after {timeout_s} s: {condition}")
        time.sleep(_LOOK_S)
    return value


class Stack:
    """The commands, and the processes they start, of one scratch home. `close` leaves nothing running.

    `folder` holds home, configuration and store; `runtime` the sockets, so it must be short.
    """

    def __init__(self, folder: Path, runtime: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)},
            "HOME": str(folder / "home"),
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "MEMORY_GRPC_PORT": str(self.port),
            "PYTHONPATH": os.pathsep.join(str(CHECKOUT / part) for part in ("services", "shared")),
        }
        (folder / "home").mkdir(parents=True)
        self.db_path = folder / "data" / "agent-memory" / "db"
        # Everything that was ever seen running, by PID: what `close` has to look after.
        self._seen: set[int] = set()

    def command(self, *arguments: object) -> Sequence[str]:
        """The command line of `memory-daemon` with these arguments."""
        return [sys.executable, "-m", "agent_memory.cli.main", *map(str, arguments)]

    def run(
        self, *arguments: object, check: bool = True, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `memory-daemon` to its end; with `check`, an exit code other than 0 fails the test with what it said."""
        done = subprocess.run(
            self.command(*arguments),
            env={**self.env, **(env or {})},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S + 60,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stderr}")
        return done

    def spawn(self, *arguments: object) -> subprocess.Popen[str]:
        """Run `memory-daemon` beside the test, its output readable as text."""
        return subprocess.Popen(
            self.command(*arguments),
            env=self.env,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def start(self, *options: object) -> None:
        """Start the daemon; returns when it serves."""
        self.run("start", *options)
        self.status()

    def stop(self) -> None:
        """Stop the daemon, in this process: what `stop` adds to that is what it says, and a wait for the system."""
        with _environment, patch.dict(os.environ, self.env, clear=True):
            stack.stop(settings.load())

    def status(self) -> dict[str, Any]:
        """What `status --json` says, asked in this process: tests look often, and a command is a sixth of a second."""
        with _environment, patch.dict(os.environ, self.env, clear=True):
            found = asdict(stack.status(settings.load()))
        self._seen |= {found["pid"], *(process["pid"] for process in found["processes"])} - {None}
        return found

    def pid(self, process: str) -> int:
        """The PID of `ingest`, `query`, `worker` or `supervisor`; 0 while it has none."""
        found = self.status()
        if process == "supervisor":
            return int(found["pid"] or 0)
        return next((int(each["pid"] or 0) for each in found["processes"] if each["name"] == process), 0)

    def kill(self, process: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a process a signal, by its name; the PID it had."""
        self.status()
        pid = self.pid(process)
        assert pid, f"{process} does not run"
        os.kill(pid, number)
        return pid

    def kill_all(self) -> None:
        """Kill every process of the stack, and nobody is left to start them again."""
        found = self.status()
        for pid in filter(None, [found["pid"], *(process["pid"] for process in found["processes"])]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def client(self) -> Client:
        """A client of the daemon's Unix socket."""
        return Client(self.status()["socket"])

    def wait_until(self, condition: Callable[[], Any], timeout_s: float = TIMEOUT_S) -> Any:
        """`wait_until`, at hand."""
        return wait_until(condition, timeout_s)

    def close(self) -> None:
        """Stop what runs; what does not stop is killed, and fails the test."""
        self.status()
        with contextlib.suppress(AgentMemoryError):
            self.stop()
        # A killed supervisor's children free the store before they are quite gone.
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: not any(map(is_alive, self._seen)), timeout_s=5)
        left = [pid for pid in self._seen if is_alive(pid)]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert not left, f"still running after stop: {left}"


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[Stack]:
    """A scratch home in `folder` in which a real stack can be started; everything in it is stopped afterwards."""
    # The sockets not below it: the name of a Unix socket must stay below 104 bytes.
    with tempfile.TemporaryDirectory(prefix="am-") as runtime:
        made = Stack(folder, Path(runtime))
        try:
            yield made
        finally:
            made.close()


def is_alive(pid: int) -> bool:
    """True while the process runs; one that has ended and waits for its parent does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
