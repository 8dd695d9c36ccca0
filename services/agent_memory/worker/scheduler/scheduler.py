"""The scheduler: runs each job when its time has come or somebody asks, and remembers how that went.

Whoever ticks calls `run_due`, as often as it likes. When a job runs next is worked out by `jobs.next_run_ms`, in the
store's time zone, and kept in the job's row; so a time that was missed, by sleep or by a restart, is made up once.
"""

from __future__ import annotations

import faulthandler
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import tzinfo
from functools import partial
from typing import Final

from agent_memory.bus.client import Bus
from agent_memory.errors import AgentMemoryError, StaleCommit, WriterUnavailable
from agent_memory.jobs import JOBS, RECONCILE, Job, JobResult, next_run_ms
from agent_memory.model import DEFAULT_STORE, TocLevel
from agent_memory.process.logs import line
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import keys, records, schema
from agent_memory.store.codec import JobRun, JobState
from agent_memory.store.reader import Reader
from agent_memory.worker.scheduler import runs
from agent_memory.worker.scheduler.entry import Change, Entry, due
from agent_memory.worker.scheduler.jobs import compact, draft_rollup, reconcile, retain
from agent_memory.worker.scheduler.runs import Counts, RunHangs, RunOutcome, in_background
from agent_memory.worker.toc.toc import Toc

log = logging.getLogger(__name__)

# The worker's stop waits for this, and a row that did not get through is sent again.
RECORD_TIMEOUT_S: Final = 5.0
# A rollup takes seconds at most, and while it is drafted nothing else is done for the store.
ROLLUP_LIMIT_S: Final = 120.0


class Scheduler:
    """The scheduled jobs of one store, for the one thread that runs them.

    A store's first start runs nothing: each job waits for its next time. A time that passed while no worker lived is
    made up at the next start; one that comes while the job is paused is not: it goes on at its next time.
    """

    def __init__(
        self,
        reader: Reader,
        writer: Bus,
        toc: Toc,
        zone: tzinfo,
        jobs: Mapping[str, Job] = JOBS,
        back_up: Callable[[], Counts] = dict,
        store: str = DEFAULT_STORE,
        must_wait: Callable[[], bool] = lambda: False,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._toc = toc
        self._zone = zone
        info = records.store_info(reader)
        # The time of its creation distinguishes a store from others, and stays.
        self._store = str(info.created_ms if info else 0)
        self._jobs = jobs
        # Whether what nobody has asked for is to wait, however due it is.
        self._must_wait = must_wait
        self._now_ms = 0
        self._entries: list[Entry] = []
        # What takes minutes and only waits for others, by the job's name: events must not wait with it.
        self._background: dict[str, Callable[[], Counts]] = {
            "rocksdb_compaction": partial(compact, writer),
            RECONCILE: reconcile,
            "retention": partial(retain, store),
            "backup": back_up,
        }

    @property
    def is_at_rest(self) -> bool:
        """Whether no run goes on, and the rows say how all of them are."""
        return all(entry.running is None and entry.unsent is None and not entry.hangs for entry in self._entries)

    def run_due(self, now_ms: int) -> None:
        """Run what is due or asked for, and take in how runs in the background ended.

        Raises StaleCommit when somebody else's commit came first, WriterUnavailable when the writer did not take a row:
        nothing is lost, the next call goes on with it.
        """
        was_set_back = now_ms < self._now_ms
        self._now_ms = now_ms
        if not self._entries:
            self._load()
        for entry in self._entries:
            self._bring_up(entry)
            if was_set_back:
                self._bring_forward(entry)
        entries = due(self._entries, now_ms)
        if any(not entry.asked_ms for entry in entries) and self._must_wait():
            entries = [entry for entry in entries if entry.asked_ms]
        for entry in entries:
            self._begin(entry)

    def _load(self) -> None:
        """Go on where the rows say the last worker stopped."""
        for job in self._jobs.values():
            stored = records.job_state(self._reader, job.name)
            past_runs = records.job_runs(self._reader, job.name)
            entry = Entry(job, stored, past_runs, records.run_asked_ms(self._reader, job.name))
            self._entries.append(entry)
            if stored.is_running:
                entry.unsent = self._ended(entry, RunOutcome(error=runs.RunCutShort()))
            elif (state := self._with_next_run(job, stored)) != stored:
                entry.unsent = entry.change_to(state)

    def _bring_up(self, entry: Entry) -> None:
        """Take in what happened to the job since the last call, and send what did not get through."""
        entry.asked_ms = records.run_asked_ms(self._reader, entry.job.name)
        if entry.running is not None:
            if entry.running.done():
                self._end(entry, entry.running.result())
        elif entry.unsent is not None:
            self._send(entry, entry.unsent)
        elif entry.state.is_running:
            self._look_again(entry)
        elif self._was_reset(entry):
            self._send(entry, entry.change_to(self._with_next_run(entry.job, JobState())))

    def _bring_forward(self, entry: Entry) -> None:
        """The clock was ahead: what was put off until then is due when it would be by the clock as it is now."""
        state = self._with_next_run(entry.job, entry.state)
        if entry.running is None and entry.unsent is None and state != entry.state:
            log.warning(line("the clock was set back", job=entry.job.name, next_run_ms=state.next_run_ms))
            self._send(entry, entry.change_to(state))

    def _look_again(self, entry: Entry) -> None:
        """No answer came to a run's commit: the row says whether it is done. Where it is not, it is still due."""
        stored = records.job_state(self._reader, entry.job.name)
        entry.state = replace(stored, is_running=False)
        entry.runs = records.job_runs(self._reader, entry.job.name)

    def _was_reset(self, entry: Entry) -> bool:
        """Whether the job's row is gone, which is how it is made to begin as if it had never run."""
        row = keys.job(entry.job.name)
        if self._reader.get(schema.CHECKPOINTS, row) is not None:
            return False
        # A row that was just written is not seen before the reader has caught up.
        self._reader.catch_up()
        return self._reader.get(schema.CHECKPOINTS, row) is None

    def _begin(self, entry: Entry) -> None:
        """Run a job; while it is paused, and nobody asks for it, let its time pass."""
        job, state = entry.job, entry.state
        if not entry.asked_ms and records.job_paused(self._reader, job.name):
            log.info(line("job skipped, it is paused", job=job.name))
            skipped = replace(state, last_result=JobResult.SKIPPED, next_run_ms=self._regular_ms(job))
            self._send(entry, entry.change_to(skipped, JobRun(self._now_ms, 0, JobResult.SKIPPED)))
            return
        self._send(entry, entry.change_to(replace(state, last_run_ms=self._now_ms, is_running=True)))
        if job.level is None:
            entry.running = in_background(self._background[job.name])
        elif entry.hangs:
            # One thread that hangs is enough.
            self._end(entry, RunOutcome(error=RunHangs(ROLLUP_LIMIT_S)))
        else:
            self._roll_up(entry, job.level)

    def _roll_up(self, entry: Entry, level: TocLevel) -> None:
        """Roll up; what that wrote and how it went are one commit, so that neither is ever there without the other."""
        draft = self._toc.draft()
        # A success in the future is one by a clock that was wrong: then everything is looked at.
        since_ms = entry.state.last_success_ms if entry.state.last_success_ms <= self._now_ms else 0
        drafting = in_background(partial(draft_rollup, draft, level, since_ms, self._now_ms, self._zone))
        try:
            outcome = drafting.result(ROLLUP_LIMIT_S)
        except TimeoutError:
            # A thread can't be ended. It keeps its draft, which nobody else has, and this store goes on.
            entry.hanging = drafting
            faulthandler.dump_traceback()
            self._end(entry, RunOutcome(int(ROLLUP_LIMIT_S * 1000), error=RunHangs(ROLLUP_LIMIT_S)))
            return
        if outcome.error is not None:
            self._end(entry, outcome)
            return
        change = self._ended(entry, outcome)
        try:
            self._toc.commit(draft, self._now_ms, job=change.record)
        except (StaleCommit, WriterUnavailable):
            # No failure of the job. The row will say whether it is done.
            raise
        except Exception as error:
            self._end(entry, RunOutcome(outcome.took_ms, error=error))
        else:
            entry.take(change)
            _log_end(entry.job, change.state, outcome)

    def _end(self, entry: Entry, outcome: RunOutcome) -> None:
        entry.running = None
        change = self._ended(entry, outcome)
        _log_end(entry.job, change.state, outcome)
        self._send(entry, change)

    def _ended(self, entry: Entry, outcome: RunOutcome) -> Change:
        regular_ms = self._regular_ms(entry.job)
        state = runs.after(entry.state, outcome, now_ms=self._now_ms, regular_ms=regular_ms)
        return entry.change_to(state, runs.run_of(state, outcome, entry.asked_ms))

    def _send(self, entry: Entry, change: Change) -> None:
        """Take over the change and make rows of it; what does not get through goes again with the next call."""
        entry.take(change)
        entry.unsent = change
        self._writer.ask(pb.Command(record_job=change.record), RECORD_TIMEOUT_S)
        entry.unsent = None

    def _with_next_run(self, job: Job, state: JobState) -> JobState:
        """The state with a time to run: a retry's or a missed one, else the next regular one.

        It is never later than that: the clock may have been wrong before, and the store's time zone another.
        """
        regular_ms = self._regular_ms(job)
        is_kept = state.last_result == JobResult.FAILED or 0 < state.next_run_ms <= self._now_ms
        return replace(state, next_run_ms=min(state.next_run_ms, regular_ms) if is_kept else regular_ms)

    def _regular_ms(self, job: Job) -> int:
        return next_run_ms(job, self._now_ms, self._zone, self._store)


def _log_end(job: Job, state: JobState, outcome: RunOutcome) -> None:
    if outcome.error is None:
        log.info(line("job done", job=job.name, took_ms=outcome.took_ms, **outcome.counts))
        return
    # Errors of our own explain themselves; of any other we want to know where it came from.
    trace = None if isinstance(outcome.error, AgentMemoryError) else outcome.error
    log.error(line("job failed", job=job.name, again_at_ms=state.next_run_ms, error=state.last_error), exc_info=trace)
