"""The timetable: runs each scheduled job when its time has come or somebody asks, and remembers how that went.

The loop is the `schedule` package's: of the jobs that are due the longest overdue first, and a time that was missed,
however often, is made up once. It knows no months, no zones and no restarts, so it is told when a job runs next:
`jobs.next_run_ms` says it, and the job's row keeps it.
"""

from __future__ import annotations

import faulthandler
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import partial
from typing import Final

import schedule

from agent_memory.bus.client import Bus
from agent_memory.errors import AgentMemoryError, StaleCommit, WriterUnavailable
from agent_memory.jobs import JOBS, Job, JobResult, next_run_ms
from agent_memory.logs import line
from agent_memory.model import TocLevel
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, keys, records, schema
from agent_memory.store.codec import JobRun, JobState
from agent_memory.store.reader import Reader
from agent_memory.worker.scheduler import runs
from agent_memory.worker.scheduler.jobs import Counts, compact, draft_rollup, reconcile
from agent_memory.worker.scheduler.runs import RunOutcome
from agent_memory.worker.toc.toc import Toc

log = logging.getLogger(__name__)

# The worker's stop waits for this, and a row that did not get through is sent again.
RECORD_TIMEOUT_S: Final = 5.0
# A rollup takes seconds at most, and while it runs nothing else does. One that hangs ends the worker, and the next
# worker goes on with everything else.
ROLLUP_LIMIT_S: Final = 120.0


class Scheduler:
    """The scheduled jobs of one store, for the one process that runs them.

    A store's first start runs nothing: each job waits for its next time. A time that passed while no worker lived is
    made up at the next start; one that comes while the job is paused is not: it goes on at its next time.
    """

    def __init__(self, reader: Reader, writer: Bus, toc: Toc, zone: tzinfo) -> None:
        self._reader = reader
        self._writer = writer
        self._toc = toc
        self._zone = zone
        info = records.store_info(reader)
        # When it was created tells a store from others, and stays.
        self._store = str(info.created_ms if info else 0)
        self._now_ms = 0
        self._entries: list[_Entry] = []
        self._loop = schedule.Scheduler()
        # What is done beside the loop, by the job's name.
        self._works: dict[str, Callable[[], Counts]] = {
            "rocksdb_compaction": partial(compact, writer),
            "reconcile": reconcile,
        }

    def run_due(self, now_ms: int) -> None:
        """Run what is due or asked for, take in how runs beside it ended; a job that fails is tried again later.

        Raises StaleCommit when somebody else's commit came first, WriterUnavailable when the writer did not take a row:
        nothing is lost, the next call goes on with it.
        """
        self._now_ms = now_ms
        if not self._entries:
            self._take_up()
        for entry in self._entries:
            self._bring_up(entry)
        self._loop.run_pending()

    def _take_up(self) -> None:
        """Go on where the rows say the last worker stopped."""
        for job in JOBS.values():
            stored = records.job_state(self._reader, job.name)
            past_runs = records.job_runs(self._reader, job.name)
            entry = _Entry(job, stored, past_runs, self._is_due, self._begin)
            entry.asked_ms = records.run_asked_ms(self._reader, job.name)
            self._entries.append(entry)
            self._loop.jobs.append(entry)
            if stored.is_running:
                entry.unsent = self._ended(entry, RunOutcome(error=runs.RunCutShort()))
            elif (state := self._with_next_run(job, stored)) != stored:
                entry.unsent = _change(entry, state)

    def _bring_up(self, entry: _Entry) -> None:
        """Take in what happened to the job since the last call, and send what did not get through."""
        entry.asked_ms = records.run_asked_ms(self._reader, entry.job.name)
        if entry.beside is not None:
            if entry.beside.done():
                self._end(entry, entry.beside.result())
        elif entry.unsent is not None:
            self._send(entry, entry.unsent)
        elif entry.state.is_running:
            self._look_again(entry)
        elif self._was_reset(entry):
            self._send(entry, _change(entry, self._with_next_run(entry.job, JobState())))

    def _look_again(self, entry: _Entry) -> None:
        """No answer came to a run's commit: the row tells whether it is done. Where it is not, it is still due."""
        stored = records.job_state(self._reader, entry.job.name)
        entry.state = replace(stored, is_running=False)
        entry.runs = records.job_runs(self._reader, entry.job.name)

    def _was_reset(self, entry: _Entry) -> bool:
        """Whether the job's row is gone, which is how it is made to begin anew."""
        row = keys.job(entry.job.name)
        if self._reader.get(schema.CHECKPOINTS, row) is not None:
            return False
        # A row that was just written is not seen before the reader has caught up.
        self._reader.catch_up()
        return self._reader.get(schema.CHECKPOINTS, row) is None

    def _is_due(self, entry: _Entry) -> bool:
        return entry.beside is None and (entry.asked_ms > 0 or entry.state.next_run_ms <= self._now_ms)

    def _begin(self, entry: _Entry) -> None:
        """Run a job; while it is paused, and nobody asks for it, let its time pass."""
        job, state = entry.job, entry.state
        if not entry.asked_ms and records.job_paused(self._reader, job.name):
            log.info(line("job skipped, it is paused", job=job.name))
            skipped = replace(state, last_result=JobResult.SKIPPED, next_run_ms=self._regular_ms(job))
            self._send(entry, _change(entry, skipped, JobRun(self._now_ms, 0, JobResult.SKIPPED)))
            return
        self._send(entry, _change(entry, replace(state, last_run_ms=self._now_ms, is_running=True)))
        if job.level is None:
            # They take minutes and only wait for others: events must not wait with them.
            entry.beside = _beside(self._works[job.name])
        else:
            self._roll_up(entry, job.level)

    def _roll_up(self, entry: _Entry, level: TocLevel) -> None:
        """Roll up; what that wrote and how it went are one commit, so that neither is ever there without the other."""
        since_ms = entry.state.last_success_ms
        began_ns = time.monotonic_ns()
        try:
            with _limited(ROLLUP_LIMIT_S):
                counts = draft_rollup(self._toc, level, since_ms, self._now_ms, self._zone)
            attempt = RunOutcome(runs.since_ms(began_ns), counts)
            change = self._ended(entry, attempt)
            self._toc.commit_job(change.record, self._now_ms)
        except (StaleCommit, WriterUnavailable):
            # No failure of the job. Whether it is done, the row will tell.
            raise
        except Exception as error:
            # What was drafted half-way must not be committed with the next events.
            self._toc.reload()
            self._end(entry, RunOutcome(runs.since_ms(began_ns), error=error))
        else:
            entry.take(change)
            _log_end(entry.job, change.state, attempt)

    def _end(self, entry: _Entry, attempt: RunOutcome) -> None:
        entry.beside = None
        change = self._ended(entry, attempt)
        _log_end(entry.job, change.state, attempt)
        self._send(entry, change)

    def _ended(self, entry: _Entry, attempt: RunOutcome) -> _Change:
        regular_ms = self._regular_ms(entry.job)
        state = runs.after(entry.state, attempt, now_ms=self._now_ms, regular_ms=regular_ms)
        return _change(entry, state, runs.run_of(state, attempt, entry.asked_ms))

    def _send(self, entry: _Entry, change: _Change) -> None:
        """Take over the change and make rows of it; what does not get through goes again with the next call."""
        entry.take(change)
        entry.unsent = change
        self._writer.ask(pb.Command(record_job=change.record), RECORD_TIMEOUT_S)
        entry.unsent = None

    def _with_next_run(self, job: Job, state: JobState) -> JobState:
        """The state with a time to run, never later than the next regular one: the clock may have been wrong before."""
        regular_ms = self._regular_ms(job)
        return replace(state, next_run_ms=min(state.next_run_ms or regular_ms, regular_ms))

    def _regular_ms(self, job: Job) -> int:
        return next_run_ms(job, self._now_ms, self._zone, self._store)


class _Entry(schedule.Job):
    """A job's place in the loop. The package's own clock, unit and next run are not used."""

    def __init__(
        self,
        job: Job,
        state: JobState,
        runs: tuple[JobRun, ...],
        is_due: Callable[[_Entry], bool],
        begin: Callable[[_Entry], None],
    ) -> None:
        super().__init__(interval=1)
        self.job = job
        self.state = state
        self.runs = runs
        # When somebody asked for a run that has not ended yet; 0 where nobody did.
        self.asked_ms = 0
        # What the rows do not say yet.
        self.unsent: _Change | None = None
        # The run that goes on in a thread of its own.
        self.beside: Future[RunOutcome] | None = None
        self._is_due = is_due
        self._begin = begin

    @property
    def should_run(self) -> bool:
        return self._is_due(self)

    def run(self) -> None:
        self._begin(self)

    def __lt__(self, other: _Entry) -> bool:
        return self.state.next_run_ms < other.state.next_run_ms

    def take(self, change: _Change) -> None:
        """Be as the change says; whoever waited for a run that it tells of waits no more."""
        self.state, self.runs = change.state, change.runs
        if change.record.is_answer:
            self.asked_ms = 0


@dataclass(frozen=True, slots=True)
class _Change:
    """What becomes of a job, with the rows that are to tell of it."""

    state: JobState
    runs: tuple[JobRun, ...]
    record: pb.RecordJob


def _change(entry: _Entry, state: JobState, run: JobRun | None = None) -> _Change:
    """The change to that state, and by that run, if one has ended."""
    record = pb.RecordJob(job_name=entry.job.name, value=codec.to_json(state))
    if run is None:
        return _Change(state, entry.runs, record)
    past_runs = runs.remembered(entry.runs, run)
    record.runs = codec.job_runs_to_json(past_runs)
    record.is_answer = run.asked_ms > 0
    return _Change(state, past_runs, record)


@contextmanager
def _limited(limit_s: float) -> Iterator[None]:
    """End the process when this takes longer, and say in the log what every thread was doing."""
    faulthandler.dump_traceback_later(limit_s, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def _beside(work: Callable[[], Counts]) -> Future[RunOutcome]:
    """Do the work in a thread of its own; a daemon, so that a hang does not keep the process from ending."""
    done: Future[RunOutcome] = Future()
    threading.Thread(target=lambda: done.set_result(runs.attempt(work)), name="job", daemon=True).start()
    return done


def _log_end(job: Job, state: JobState, attempt: RunOutcome) -> None:
    if attempt.error is None:
        log.info(line("job done", job=job.name, took_ms=attempt.took_ms, **attempt.counts))
        return
    # Errors of our own explain themselves; of any other we want to know where it came from.
    trace = None if isinstance(attempt.error, AgentMemoryError) else attempt.error
    log.error(line("job failed", job=job.name, again_at_ms=state.next_run_ms, error=state.last_error), exc_info=trace)
