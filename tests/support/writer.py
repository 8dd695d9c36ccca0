"""The real writer process over a scratch store, with a bus and a reader beside it: what tests of the store stand on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from agent_memory.bus.client import Bus
from agent_memory.messages import event_to_pb
from agent_memory.model import Event, EventRole, EventType
from agent_memory.paths import RuntimePaths, runtime_paths
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store.reader import Reader

ROOT = Path(__file__).parents[2]


class WriterProcess:
    """`python -m agent_memory.ingest` on `home`/db; everything it makes stays below `home`, but for its sockets."""

    def __init__(self, home: Path) -> None:
        self.db_path = home / "db"
        # Not below it: the name of a Unix socket must stay short.
        self._sockets = tempfile.TemporaryDirectory(prefix="am-")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "XDG_RUNTIME_DIR": self._sockets.name,
            "MEMORY_DB_PATH": str(self.db_path),
            "MEMORY_TIMEZONE": "Europe/Berlin",
            "PYTHONPATH": os.pathsep.join([str(ROOT / "services"), str(ROOT / "shared")]),
        }
        self._home = home
        self._process: subprocess.Popen[str] | None = None
        self._bus: Bus | None = None
        self._readers: list[Reader] = []

    @property
    def runtime(self) -> RuntimePaths:
        before = os.environ.get("XDG_RUNTIME_DIR")
        os.environ["XDG_RUNTIME_DIR"] = self._sockets.name
        try:
            return runtime_paths(self.db_path)
        finally:
            if before is None:
                del os.environ["XDG_RUNTIME_DIR"]
            else:
                os.environ["XDG_RUNTIME_DIR"] = before

    @property
    def bus(self) -> Bus:
        if self._bus is None:
            self._bus = Bus(self.runtime.ingest_socket)
        return self._bus

    def start(self) -> None:
        """Start the writer and wait until its store is open."""
        self.spawn()
        self.bus.ask(pb.Command(ping=pb.Ping()), timeout_s=30)

    def spawn(self) -> None:
        """Start the writer, whatever becomes of its store."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "agent_memory.ingest"], env=self.environment, stderr=subprocess.PIPE, text=True
        )

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)
        self._close_pipe()

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait(30)
        self._close_pipe()
        return code

    def reader(self) -> Reader:
        """A fresh secondary, closed with the writer."""
        reader = Reader(self.db_path, self._home / f"secondary-{len(self._readers)}")
        self._readers.append(reader)
        return reader

    def append(self, events: Iterable[Event]) -> list[bool]:
        """Append with one command; for each event, whether it was new."""
        append = pb.AppendEvents(events=[event_to_pb(event).SerializeToString() for event in events])
        return list(self.bus.ask(pb.Command(append_events=append)).appended.created)

    def close(self) -> None:
        """Stop everything, however far it came."""
        for reader in self._readers:
            reader.close()
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)
            self._close_pipe()
        if self._bus is not None:
            self._bus.close()
        self._sockets.cleanup()

    def _close_pipe(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        self._process.stderr.close()


def said(
    event_id: str,
    timestamp_ms: int,
    text: str = "We decided to use Postgres.",
    *,
    session_id: str = "s1",
    kind: EventType = EventType.USER_MESSAGE,
    role: EventRole = EventRole.USER,
) -> Event:
    """An event, most of it as usual."""
    return Event(event_id, session_id, timestamp_ms, kind, role, text, {}, "claude-code")
