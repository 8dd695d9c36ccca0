"""Runs of scheduled jobs: doing one, how it ended, and the state in which it leaves its job."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Final

from agent_memory import backoff
from agent_memory.errors import AgentMemoryError
from agent_memory.jobs import JobResult
from agent_memory.store.codec import JobRun, JobState

# The wait before a job that failed is run again, doubled with each failure in a row.
RETRY_FIRST_MS: Final = 60_000
RETRY_MAX_MS: Final = 3_600_000
# Runs that are remembered of each job.
RUNS_KEPT: Final = 50
# Characters of an error that are kept: what happened stands at its beginning.
ERROR_MAX: Final = 500

# What a run counted, by name.
Counts = Mapping[str, int]


class RunCutShort(AgentMemoryError):
    """The worker did not outlive the run."""

    def __init__(self) -> None:
        super().__init__("the worker ended while the job ran: it was stopped or killed. See: memory-daemon logs worker")


class RunHangs(AgentMemoryError):
    """The run did not end in time. It can't be ended; it goes on in its thread, and what comes of it is not used."""

    def __init__(self, limit_s: float) -> None:
        super().__init__(
            f"it was not done after {limit_s:.0f} s: what it does then stands in memory-daemon logs worker. "
            "If it never ends: memory-daemon restart"
        )


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How long a run took, what it counted, and the error it ended with, None for none."""

    took_ms: int = 0
    counts: Counts = field(default_factory=dict)
    error: Exception | None = None


def in_background(work: Callable[[], Counts]) -> Future[RunOutcome]:
    """Do the work in a thread of its own; whatever it raises is its outcome.

    The thread is a daemon, so that work that hangs does not keep the process from ending.
    """
    done: Future[RunOutcome] = Future()
    threading.Thread(target=lambda: done.set_result(_outcome(work)), name="job", daemon=True).start()
    return done


def after(state: JobState, outcome: RunOutcome, *, now_ms: int, regular_ms: int) -> JobState:
    """The state that a run leaves which ends now; `regular_ms` is when the job's time comes next."""
    ended = replace(state, last_duration_ms=outcome.took_ms, run_count=state.run_count + 1, is_running=False)
    if outcome.error is None:
        return replace(
            ended,
            last_success_ms=state.last_run_ms,
            last_result=JobResult.SUCCESS,
            last_error="",
            next_run_ms=regular_ms,
            failures=0,
        )
    # Tried again after a wait, at its next time at the latest.
    wait_ms = backoff.delay(state.failures + 1, RETRY_FIRST_MS, RETRY_MAX_MS)
    return replace(
        ended,
        last_result=JobResult.FAILED,
        last_error=f"{type(outcome.error).__name__}: {outcome.error}"[:ERROR_MAX],
        next_run_ms=min(now_ms + wait_ms, regular_ms),
        error_count=state.error_count + 1,
        failures=state.failures + 1,
    )


def run_of(state: JobState, outcome: RunOutcome, asked_ms: int) -> JobRun:
    """The run that left the job in this state, to be remembered."""
    return JobRun(
        began_ms=state.last_run_ms,
        duration_ms=outcome.took_ms,
        result=state.last_result,
        error=state.last_error,
        asked_ms=asked_ms,
        counts=dict(outcome.counts),
    )


def remembered(runs: tuple[JobRun, ...], run: JobRun) -> tuple[JobRun, ...]:
    """The runs with one more; those of long ago are forgotten."""
    return (*runs, run)[-RUNS_KEPT:]


def _outcome(work: Callable[[], Counts]) -> RunOutcome:
    began_ns = time.monotonic_ns()
    try:
        counts = work()
    except Exception as error:
        return RunOutcome(_since_ms(began_ns), error=error)
    return RunOutcome(_since_ms(began_ns), counts)


def _since_ms(began_ns: int) -> int:
    return (time.monotonic_ns() - began_ns) // 1_000_000
