"""The timetable: runs each scheduled job when its time has come, and remembers in its row how that went.

The loop is the `schedule` package's: of the jobs that are due the longest overdue first, and a time that was missed,
however often, is made up once. It knows no months, no zones and no restarts, so it is told when a job runs next:
`jobs.next_run_ms` says it, and the job's row keeps it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import partial
from typing import Final

import schedule

from agent_memory.bus.client import Bus
from agent_memory.errors import AgentMemoryError, StaleCommit
from agent_memory.jobs import JOBS, Job, JobResult, next_run_ms
from agent_memory.logs import line
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, records
from agent_memory.store.codec import JobState
from agent_memory.store.reader import Reader
from agent_memory.worker.jobs import compact, roll_up
from agent_memory.worker.toc import Toc

log = logging.getLogger(__name__)

# The wait before a job that failed is tried again, doubled with each failure in a row.
RETRY_FIRST_MS: Final = 60_000
RETRY_MAX_MS: Final = 3_600_000
# Characters of an error that are kept: what happened stands at its beginning.
ERROR_MAX: Final = 500
# The worker's stop waits for this, and a row that did not get through is sent again.
RECORD_TIMEOUT_S: Final = 5.0


class Timetable:
    """The scheduled jobs of one store, for the one process that runs them.

    A store's first start runs nothing: each job waits for its next time. A time that passed while no worker lived is
    made up at the next start; one that comes while the job is paused is not: it goes on at its next time.
    """

    def __init__(self, reader: Reader, writer: Bus, toc: Toc, zone: tzinfo) -> None:
        self._reader = reader
        self._writer = writer
        self._toc = toc
        self._zone = zone
        self._now_ms = 0
        self._entries: list[_Entry] = []
        self._loop = schedule.Scheduler()

    def run_due(self, now_ms: int) -> None:
        """Run what is due, take in how runs beside it ended; a job that fails is recorded and tried again later.

        Raises StaleCommit when somebody else's commit came first, WriterUnavailable when the writer did not take a row:
        nothing is lost, the next call goes on with it.
        """
        self._now_ms = now_ms
        if not self._entries:
            self._take_up()
        for entry in self._entries:
            if entry.beside is None and self._was_reset(entry):
                fresh = JobState()
                entry.state = _taken_up(fresh, now_ms=now_ms, regular_ms=self._regular_ms(entry.job))
                entry.recorded = fresh
            if entry.beside is not None and entry.beside.done():
                self._end(entry, entry.beside.result())
            elif entry.state != entry.recorded:
                self._record(entry, entry.state)
        self._loop.run_pending()

    def _take_up(self) -> None:
        """Go on where the rows say the last worker stopped."""
        for job in JOBS.values():
            stored = records.job_state(self._reader, job.name)
            state = _taken_up(stored, now_ms=self._now_ms, regular_ms=self._regular_ms(job))
            entry = _Entry(job, state, stored, self._is_due, self._begin)
            self._entries.append(entry)
            self._loop.jobs.append(entry)

    def _was_reset(self, entry: _Entry) -> bool:
        """Whether the job's row is gone, which is how it is made to begin anew."""
        if entry.recorded == JobState() or records.job_state(self._reader, entry.job.name) != JobState():
            return False
        # A row that was just written is not seen before the reader has caught up.
        self._reader.catch_up()
        return records.job_state(self._reader, entry.job.name) == JobState()

    def _is_due(self, entry: _Entry) -> bool:
        return entry.beside is None and entry.state.next_run_ms <= self._now_ms

    def _begin(self, entry: _Entry) -> None:
        """Run a job; while it is paused, let its time pass."""
        job = entry.job
        if records.job_paused(self._reader, job.name):
            log.info(line("job skipped, it is paused", job=job.name))
            self._record(entry, _skipped(entry.state, regular_ms=self._regular_ms(job)))
            return
        self._record(entry, replace(entry.state, last_run_ms=self._now_ms, is_running=True))
        if job.level is None:
            # It takes minutes and only waits for the writer: events must not wait with it.
            entry.beside = _beside(partial(compact, self._writer))
        else:
            since_ms = entry.state.last_success_ms
            self._end(entry, _attempt(partial(roll_up, self._toc, job.level, since_ms, self._now_ms, self._zone)))

    def _end(self, entry: _Entry, attempt: _Attempt) -> None:
        entry.beside = None
        if isinstance(attempt.error, StaleCommit):
            # No failure of the job: the worker reads again, and the job, still due, runs again.
            raise attempt.error
        name, regular_ms = entry.job.name, self._regular_ms(entry.job)
        if attempt.error is None:
            log.info(line("job done", job=name, took_ms=attempt.took_ms))
            state = _succeeded(entry.state, attempt, regular_ms=regular_ms)
        else:
            state = _failed(entry.state, attempt, now_ms=self._now_ms, regular_ms=regular_ms)
            retry_s = (state.next_run_ms - self._now_ms) // 1000
            # Errors of our own explain themselves; of any other we want to know where it came from.
            trace = None if isinstance(attempt.error, AgentMemoryError) else attempt.error
            log.error(line("job failed", job=name, again_in_s=retry_s, error=state.last_error), exc_info=trace)
        self._record(entry, state)

    def _record(self, entry: _Entry, state: JobState) -> None:
        """Take over the state and make it the job's row; one that did not get through goes again with the next call."""
        entry.state = state
        row = pb.RecordJob(job_name=entry.job.name, value=codec.to_json(state))
        self._writer.ask(pb.Command(record_job=row), RECORD_TIMEOUT_S)
        entry.recorded = state

    def _regular_ms(self, job: Job) -> int:
        return next_run_ms(job, self._now_ms, self._zone)


class _Entry(schedule.Job):
    """A job's place in the loop. The package's own clock, unit and next run are not used."""

    def __init__(
        self,
        job: Job,
        state: JobState,
        recorded: JobState,
        is_due: Callable[[_Entry], bool],
        begin: Callable[[_Entry], None],
    ) -> None:
        super().__init__(interval=1)
        self.job = job
        self.state = state
        # What the row says.
        self.recorded = recorded
        # The run that goes on in a thread of its own.
        self.beside: Future[_Attempt] | None = None
        self._is_due = is_due
        self._begin = begin

    @property
    def should_run(self) -> bool:
        return self._is_due(self)

    def run(self) -> None:
        self._begin(self)

    def __lt__(self, other: _Entry) -> bool:
        return self.state.next_run_ms < other.state.next_run_ms


@dataclass(frozen=True, slots=True)
class _Attempt:
    """How a run went, None for no error, and how long it took."""

    error: Exception | None
    took_ms: int = 0


def _attempt(work: Callable[[], None]) -> _Attempt:
    """Do the work; whatever it raises is its result."""
    began_ns = time.monotonic_ns()
    error = None
    try:
        work()
    except Exception as raised:
        error = raised
    return _Attempt(error, (time.monotonic_ns() - began_ns) // 1_000_000)


def _beside(work: Callable[[], None]) -> Future[_Attempt]:
    """Do the work in a thread of its own; a daemon, so that a hang does not keep the process from ending."""
    done: Future[_Attempt] = Future()
    threading.Thread(target=lambda: done.set_result(_attempt(work)), name="job", daemon=True).start()
    return done


def _taken_up(state: JobState, *, now_ms: int, regular_ms: int) -> JobState:
    """The state as a worker that starts finds it: with a time to run, and no run that nobody will end."""
    if state.is_running:
        died = AgentMemoryError("the worker ended while the job ran; see: memory-daemon logs worker")
        return _failed(state, _Attempt(died), now_ms=now_ms, regular_ms=regular_ms)
    # Never later than the next regular time: the clock may have been wrong when the row was written.
    return replace(state, next_run_ms=min(state.next_run_ms or regular_ms, regular_ms))


def _succeeded(state: JobState, attempt: _Attempt, *, regular_ms: int) -> JobState:
    return replace(
        state,
        last_success_ms=state.last_run_ms,
        last_duration_ms=attempt.took_ms,
        last_result=JobResult.SUCCESS,
        last_error="",
        next_run_ms=regular_ms,
        run_count=state.run_count + 1,
        failures=0,
        is_running=False,
    )


def _failed(state: JobState, attempt: _Attempt, *, now_ms: int, regular_ms: int) -> JobState:
    """Tried again after a wait, at the next regular time at the latest. `run_count` counts every run, failed or not."""
    failures = state.failures + 1
    wait_ms = min(RETRY_FIRST_MS * 2 ** (failures - 1), RETRY_MAX_MS)
    return replace(
        state,
        last_duration_ms=attempt.took_ms,
        last_result=JobResult.FAILED,
        last_error=f"{type(attempt.error).__name__}: {attempt.error}"[:ERROR_MAX],
        next_run_ms=min(now_ms + wait_ms, regular_ms),
        run_count=state.run_count + 1,
        error_count=state.error_count + 1,
        failures=failures,
        is_running=False,
    )


def _skipped(state: JobState, *, regular_ms: int) -> JobState:
    return replace(state, last_result=JobResult.SKIPPED, next_run_ms=regular_ms)
