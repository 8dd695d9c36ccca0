"""A job as the scheduler knows it: what its rows say, what they do not say yet, and its run that goes on."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from operator import attrgetter

from agent_memory.jobs import Job
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec
from agent_memory.store.codec import JobRun, JobState
from agent_memory.worker.scheduler import runs
from agent_memory.worker.scheduler.runs import RunOutcome


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a job, and the rows that will say so."""

    state: JobState
    runs: tuple[JobRun, ...]
    record: pb.RecordJob


@dataclass(slots=True)
class Entry:
    """One job of one store."""

    job: Job
    state: JobState
    runs: tuple[JobRun, ...]
    # When somebody asked for a run that has not ended yet, in milliseconds; 0 where nobody did.
    asked_ms: int
    # What the rows do not say yet.
    unsent: Change | None = None
    # The run that goes on in a thread of its own.
    running: Future[RunOutcome] | None = None
    # A run that was given up and may never end.
    hanging: Future[RunOutcome] | None = None

    def is_due(self, now_ms: int) -> bool:
        """Whether it is to run: its time has come, or somebody asks."""
        return self.running is None and (self.asked_ms > 0 or self.next_run_ms <= now_ms)

    @property
    def next_run_ms(self) -> int:
        """When its time comes."""
        return self.state.next_run_ms

    @property
    def hangs(self) -> bool:
        """Whether a run that was given up goes on all the same."""
        return self.hanging is not None and not self.hanging.done()

    def change_to(self, state: JobState, run: JobRun | None = None) -> Change:
        """The change to that state, and by that run, if one has ended."""
        record = pb.RecordJob(job_name=self.job.name, value=codec.to_json(state))
        if run is None:
            return Change(state, self.runs, record)
        past_runs = runs.remembered(self.runs, run)
        record.runs = codec.job_runs_to_json(past_runs)
        record.is_answer = run.asked_ms > 0
        return Change(state, past_runs, record)

    def take(self, change: Change) -> None:
        """Be as the change says; whoever waited for the run that it ends waits no more."""
        self.state, self.runs = change.state, change.runs
        if change.record.is_answer:
            self.asked_ms = 0


def due(entries: Iterable[Entry], now_ms: int) -> list[Entry]:
    """The jobs that are to run now, the longest overdue first."""
    return sorted((entry for entry in entries if entry.is_due(now_ms)), key=attrgetter("next_run_ms"))
