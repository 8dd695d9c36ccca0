"""What the worker does with the table of contents, in the test's own process and at a time that the test passes in."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from agent_memory.bus.client import TIMEOUT_S, Bus
from agent_memory.errors import WriterUnavailable
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import records
from agent_memory.worker import outbox
from agent_memory.worker.toc.toc import Toc
from support.conversations import LATER_MS
from support.writer import WriterProcess

BERLIN = ZoneInfo("Europe/Berlin")


class Recording(Bus):
    """A bus that remembers the commits it was asked for, and fails where it is told to."""

    def __init__(self, socket_path: Path) -> None:
        super().__init__(socket_path)
        self.commits: list[pb.CommitToc] = []
        # Of this commit, counted from 0, the answer is lost; of the next none arrives.
        self.dies_at = -1

    def ask(self, command: pb.Command, timeout_s: float = TIMEOUT_S) -> pb.Reply:
        reply = super().ask(command, timeout_s)
        if command.HasField("commit_toc"):
            self.commits.append(command.commit_toc)
            if len(self.commits) - 1 == self.dies_at:
                raise WriterUnavailable("the answer was lost")
        return reply


class Keeper:
    """What the worker does between two waits, in this process and at a time that is passed in."""

    def __init__(self, writer: WriterProcess, now_ms: int = LATER_MS) -> None:
        self.reader = writer.reader()
        self.bus = Recording(writer.runtime.ingest_socket)
        self.reader.catch_up()
        self.toc = Toc(self.reader, self.bus, records.time_zone(self.reader))
        self.now_ms = now_ms

    def drain(self) -> None:
        """Bring the tree up to all that was appended."""
        while True:
            self.reader.catch_up()
            until = records.counters(self.reader).sequence
            if self.toc.cursor >= until:
                break
            batch = outbox.drain(self.reader, self.toc.cursor, until)
            assert not batch.has_gap
            self.toc.apply(batch, self.now_ms)
        self.toc.close_idle(self.now_ms)

    def close(self) -> None:
        self.bus.close()
