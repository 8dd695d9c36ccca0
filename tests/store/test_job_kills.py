"""A scheduled job is killed at each of its steps: its effects and its rows always agree."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Final

from agent_memory.bus.client import TIMEOUT_S, Bus
from agent_memory.errors import StaleCommit
from agent_memory.jobs import JobResult
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, records
from agent_memory.store.codec import JobRun
from agent_memory.store.reader import Reader
from agent_memory.worker.scheduler.runs import RETRY_MAX_MS
from agent_memory.worker.scheduler.scheduler import Scheduler
from agent_memory.worker.toc.toc import Toc
from support.conversations import BEGIN_MS
from support.keeper import BERLIN, Keeper
from support.writer import ROOT, WriterProcess, said

DAY: Final = "toc:day:2025-10-20"
JOB: Final = "toc_rollup_day"
ASKED_MS: Final = BEGIN_MS + 3 * 3_600_000
DAMAGED: Final = "What no conversation says"


class Dying(Bus):
    """A bus whose process is killed with kill -9 just before it sends a command, or just after the reply."""

    def __init__(self, socket_path: Path, at: int, *, before: bool) -> None:
        super().__init__(socket_path)
        self._left = at
        self._before = before

    def ask(self, command: pb.Command, timeout_s: float = TIMEOUT_S) -> pb.Reply:
        self._left -= 1
        if self._left < 0 and self._before:
            os.kill(os.getpid(), signal.SIGKILL)
        reply = super().ask(command, timeout_s)
        if self._left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return reply


def work(socket_path: Path, db_path: Path, scratch: Path, at: int, *, before: bool) -> None:
    """A worker that loads its jobs, runs what was requested, and dies at that command if it gets so far."""
    bus = Dying(socket_path, at, before=before)
    reader = Reader(db_path, scratch)
    Scheduler(reader, bus, Toc(reader, bus, BERLIN), BERLIN).run_due(ASKED_MS)
    bus.close()
    reader.close()


def day_and_runs(reader: Reader) -> tuple[bool, list[JobRun]]:
    """Whether the day's node says what its children say, and the recorded runs."""
    reader.catch_up()
    node = records.node(reader, DAY)
    assert node is not None
    return DAMAGED not in node.title, list(records.job_runs(reader, JOB))


def damage(keeper: Keeper) -> None:
    """Change the day's summary, so that its rollup has something to write."""
    node = records.node(keeper.reader, DAY)
    assert node is not None
    commit = pb.CommitToc(expected_commit=keeper.toc.state.commit)
    value = codec.node_to_json(replace(node, title=DAMAGED))
    commit.nodes.add(node_id=DAY, version=node.version, value=value)
    keeper.bus.ask(pb.Command(commit_toc=commit))
    keeper.toc.reload()


def prepared(writer: WriterProcess) -> Keeper:
    """A store with a damaged day whose rollup is requested."""
    writer.append([said("e1", BEGIN_MS)])
    keeper = Keeper(writer, BEGIN_MS + 2 * 3_600_000)
    keeper.drain()
    damage(keeper)
    keeper.bus.ask(pb.Command(ask_for_run=pb.AskForRun(job_name=JOB, asked_ms=ASKED_MS)))
    return keeper


def test_a_worker_killed_at_any_step_leaves_its_job_and_its_nodes_together(writer: WriterProcess) -> None:
    """Before and after each command: the run shows as done and the node is right, or neither; in the end it is done.

    The next worker says of a run that was killed that it failed, and who asked gets that answer.
    """
    keeper = prepared(writer)
    deaths = 0
    for number in count():
        finished = True
        for when in ("before", "after"):
            command = [sys.executable, __file__, writer.runtime.ingest_socket, writer.db_path, number, when]
            path = os.pathsep.join(str(ROOT / part) for part in ("services", "shared", "tests"))
            died = subprocess.run([*map(str, command)], env={**writer.environment, "PYTHONPATH": path}, timeout=60)
            assert died.returncode in (0, -signal.SIGKILL)
            finished = finished and died.returncode == 0
            deaths += died.returncode != 0

            is_right, runs = day_and_runs(keeper.reader)
            assert is_right == any(run.result == JobResult.SUCCESS for run in runs)

            # A worker that lives: the interrupted run is reported, what was asked for is answered, the retry succeeds.
            last = Scheduler(keeper.reader, keeper.bus, keeper.toc, BERLIN)
            keeper.toc.reload()
            last.run_due(ASKED_MS)
            keeper.toc.reload()
            last.run_due(ASKED_MS + RETRY_MAX_MS)
            is_right, runs = day_and_runs(keeper.reader)
            assert is_right
            assert runs[-1].result == JobResult.SUCCESS
            assert records.run_asked_ms(keeper.reader, JOB) == 0
            assert not records.job_state(keeper.reader, JOB).is_running
            start_over(keeper)
        if finished:
            break
    assert deaths >= 4
    keeper.close()


def start_over(keeper: Keeper) -> None:
    """Restore the prepared store, except for the rows of the other jobs."""
    keeper.toc.reload()
    damage(keeper)
    for command in (
        pb.Command(reset_job=pb.ResetJob(job_name=JOB)),
        pb.Command(record_job=pb.RecordJob(job_name=JOB, value=b"{}", runs=b"[]")),
        pb.Command(ask_for_run=pb.AskForRun(job_name=JOB, asked_ms=ASKED_MS)),
    ):
        keeper.bus.ask(command)
    keeper.reader.catch_up()


class Killing(Bus):
    """A bus that kills the writer with kill -9 while a job's commit is under way, and has it restarted."""

    def __init__(self, writer: WriterProcess) -> None:
        super().__init__(writer.runtime.ingest_socket)
        self._writer = writer
        self.killing = threading.Thread(target=self._kill)

    def ask(self, command: pb.Command, timeout_s: float = TIMEOUT_S) -> pb.Reply:
        if command.HasField("commit_toc") and command.commit_toc.HasField("job") and not self.killing.ident:
            self.killing.start()
        return super().ask(command, timeout_s)

    def _kill(self) -> None:
        self._writer.kill()
        self._writer.start()


def test_a_writer_killed_under_a_job_s_commit_does_it_once(writer: WriterProcess) -> None:
    """The command is sent again when the writer is back; the fence and the row make it count once."""
    keeper = prepared(writer)
    bus = Killing(writer)
    toc = Toc(keeper.reader, bus, BERLIN)

    scheduler = Scheduler(keeper.reader, bus, toc, BERLIN)
    try:
        scheduler.run_due(ASKED_MS)
    except StaleCommit:
        # It was done, and the answer was lost.
        toc.reload()
        scheduler.run_due(ASKED_MS)

    bus.killing.join()
    is_right, runs = day_and_runs(keeper.reader)
    assert (is_right, [run.result for run in runs]) == (True, [JobResult.SUCCESS])
    assert records.job_state(keeper.reader, JOB).run_count == 1
    bus.close()
    keeper.close()


if __name__ == "__main__":
    socket_path, db_path, at, when = sys.argv[1:]
    scratch = Path(os.environ["HOME"]) / f"worker-{at}-{when}"
    work(Path(socket_path), Path(db_path), scratch, int(at), before=when == "before")
