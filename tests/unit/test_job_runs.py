"""The scheduler over a real store: what runs when, and what the rows say afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from agent_memory.bus import frames
from agent_memory.bus.client import Bus
from agent_memory.errors import CommandRefused, StaleCommit, WriterUnavailable
from agent_memory.ingest import handlers
from agent_memory.ingest.writer import Group, Writer
from agent_memory.jobs import JOBS, Job, JobResult, next_run_ms
from agent_memory.messages import event_to_pb
from agent_memory.model import Event, EventRole, EventType
from agent_memory.periods import Period
from agent_memory.rpc import bus_pb2 as bus
from agent_memory.store import keys, records, schema
from agent_memory.store.codec import JobRun, JobState
from agent_memory.store.reader import Reader
from agent_memory.worker.outbox import Batch
from agent_memory.worker.scheduler import scheduler
from agent_memory.worker.scheduler.runs import RETRY_FIRST_MS, RETRY_MAX_MS, RUNS_KEPT
from agent_memory.worker.scheduler.scheduler import Scheduler
from agent_memory.worker.toc.toc import Toc

ZONE = ZoneInfo("Europe/Berlin")
DAY, WEEK, YEAR, COMPACTION = "toc_rollup_day", "toc_rollup_week", "toc_rollup_year", "rocksdb_compaction"
DAY_MS = 24 * 3600 * 1000


def ms(*local: int) -> int:
    return int(datetime(*local, tzinfo=ZONE).timestamp() * 1000)  # type: ignore[arg-type, misc]


# A Wednesday.
START = ms(2026, 1, 28, 12)


class Desk:
    """A store and its scheduler. Commands reach the writer directly; what jobs do is noted, and fails on demand."""

    def __init__(self, folder: Path) -> None:
        self.writer = Writer(folder / "db", str(ZONE))
        self.reader = Reader(folder / "db", folder / "secondary")
        self.refreshed: list[list[str]] = []
        # The drafts that were committed, by the job whose they were.
        self.committed: list[str] = []
        self.failing: Exception | None = None
        self.writer_away = False
        self.answer_lost = False
        self.refusal: Exception | None = None
        self.drafted: Callable[[], object] = lambda: None
        self.compaction: Callable[[], None] = lambda: None
        # What it does is a command of its own, which has no business in this store.
        self.pause("reconcile")
        self.start_worker()

    def start_worker(self) -> None:
        """A worker that knows only what the rows say."""
        self.scheduler = Scheduler(self.reader, cast(Bus, self), cast(Toc, self), ZONE)

    def tick(self, now_ms: int) -> None:
        self.reader.catch_up()
        self.scheduler.run_due(now_ms)

    def state(self, job: str) -> JobState:
        """What the job's row says."""
        self.reader.catch_up()
        return records.job_state(self.reader, job)

    def runs(self, job: str) -> list[JobRun]:
        """What is remembered of its runs."""
        self.reader.catch_up()
        return list(records.job_runs(self.reader, job))

    def ask_for(self, job: str, asked_ms: int) -> int:
        """Ask for a run at that time; the time by which the run is known."""
        reply = self.ask(bus.Command(ask_for_run=bus.AskForRun(job_name=job, asked_ms=asked_ms)))
        return reply.run_asked_for.asked_ms

    def regular_ms(self, job: Job, after_ms: int) -> int:
        """When the job's time comes next."""
        return next_run_ms(job, after_ms, ZONE, str(self.writer.info.created_ms))

    def pause(self, job: str, paused: bool = True) -> None:
        self.ask(bus.Command(set_job_paused=bus.SetJobPaused(job_name=job, paused=paused)))

    def nodes(self) -> list[tuple[bytes, bytes]]:
        """Every version of every node, as it is stored."""
        self.reader.catch_up()
        return list(self.reader.scan(schema.TOC_NODES, keys.NODE_PREFIX, keys.after(keys.NODE_PREFIX)))

    def close(self) -> None:
        self.reader.close()
        self.writer.close()

    # As the bus

    def ask(self, command: bus.Command, timeout_s: float = 0) -> bus.Reply:
        if self.writer_away:
            raise WriterUnavailable("The writer is away.")
        if command.HasField("compact"):
            self.compaction()
            return bus.Reply()
        command.protocol = frames.PROTOCOL
        group = Group(self.writer)
        outcome = handlers.handle(group, command)
        self.writer.commit(group)
        return frames.raise_if_refused(outcome.reply)

    # As the table of contents

    def draft(self) -> Drafting:
        return Drafting(self)

    def commit(self, draft: Drafting, now_ms: int, *, job: bus.RecordJob) -> None:
        if self.refusal:
            raise self.refusal
        self.committed.append(job.job_name)
        self.reader.catch_up()
        commit = records.consumer(self.reader, records.TOC).commit
        self.ask(bus.Command(commit_toc=bus.CommitToc(expected_commit=commit, job=job)))
        if self.answer_lost:
            raise WriterUnavailable("The answer was lost.")


class Drafting:
    """What a rollup drafts at a desk: the periods are noted, and what the desk wants to happen does."""

    changed_nodes = 3

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._touched: list[str] = []

    def touch(self, period: Period) -> None:
        self._touched.append(period.node_id)

    def take_touched(self) -> list[Period]:
        self._desk.refreshed.append(self._touched)
        if self._desk.failing:
            raise self._desk.failing
        self._desk.drafted()
        return []


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A new store, its worker started on a Wednesday at noon."""
    desk = Desk(tmp_path)
    desk.tick(START)
    yield desk
    desk.close()


@contextmanager
def compaction_under_way(desk: Desk, now_ms: int) -> Iterator[None]:
    """A compaction that is due at `now_ms` goes on until the block is left."""
    begun, may_end = threading.Event(), threading.Event()

    def compaction() -> None:
        begun.set()
        assert may_end.wait(30)

    desk.compaction = compaction
    desk.tick(now_ms)
    assert begun.wait(30)
    yield
    may_end.set()
    threads_of_jobs_end()


def threads_of_jobs_end() -> None:
    for thread in threading.enumerate():
        if thread.name == "job":
            thread.join(30)


def test_on_battery_jobs_wait_and_what_is_asked_for_does_not(desk: Desk) -> None:
    """Nothing is skipped: what was due runs when there is mains again."""
    is_on_battery = True
    desk.scheduler = Scheduler(desk.reader, cast(Bus, desk), cast(Toc, desk), ZONE, must_wait=lambda: is_on_battery)
    due = desk.state(DAY).next_run_ms
    desk.ask_for(WEEK, due)

    desk.tick(due)
    assert ([run.began_ms for run in desk.runs(WEEK)], desk.runs(DAY)) == ([due], [])

    is_on_battery = False
    desk.tick(due + 1000)
    assert [run.began_ms for run in desk.runs(DAY)] == [due + 1000]


def test_a_new_store_runs_nothing_and_shows_every_next_run(desk: Desk) -> None:
    """The rows are there from the first call, each with the job's next regular time."""
    states = {name: desk.state(name) for name in JOBS}

    assert states == {name: JobState(next_run_ms=desk.regular_ms(job, START)) for name, job in JOBS.items()}
    assert desk.refreshed == []


def test_a_job_runs_when_its_time_has_come_and_once(desk: Desk) -> None:
    """Not a millisecond before; the row says so; then it waits for the next time."""
    due = desk.state(DAY).next_run_ms

    desk.tick(due - 1)
    assert desk.refreshed == []
    desk.tick(due)
    desk.tick(due + 1000)

    state = desk.state(DAY)
    assert len(desk.refreshed) == 1
    assert (state.last_run_ms, state.last_result, state.run_count) == (due, JobResult.SUCCESS, 1)
    assert (state.error_count, state.is_running) == (0, False)
    assert state.next_run_ms == desk.regular_ms(JOBS[DAY], due)


def test_what_a_sleeping_machine_missed_is_made_up_once(desk: Desk) -> None:
    """Five nights asleep: one daily rollup at waking, over all the days since, then the regular times again."""
    desk.tick(ms(2026, 1, 29, 2))
    wakes = ms(2026, 2, 3, 9)

    desk.tick(wakes)
    desk.tick(wakes + 1000)

    days = [ids for ids in desk.refreshed if ids[0].startswith("toc:day:")]
    assert days[1:] == [[f"toc:day:2026-{day}" for day in ("01-29", "01-30", "01-31", "02-01", "02-02", "02-03")]]
    assert desk.state(DAY).next_run_ms == desk.regular_ms(JOBS[DAY], wakes)


def test_what_a_switched_off_machine_missed_is_made_up_at_the_next_start(desk: Desk) -> None:
    """A new worker finds in the rows what should have run; the longest overdue first."""
    desk.start_worker()

    desk.tick(ms(2026, 2, 3, 9))

    assert [ids[0].split(":")[1] for ids in desk.refreshed] == ["day", "week", "month"]
    assert [desk.state(name).run_count for name in (DAY, WEEK, YEAR)] == [1, 1, 0]


def test_a_restart_runs_nothing_again(desk: Desk) -> None:
    """Counters, results and next times are taken over."""
    desk.tick(ms(2026, 1, 29, 2))
    before = {name: desk.state(name) for name in JOBS}
    desk.start_worker()

    desk.tick(ms(2026, 1, 29, 3))

    assert len(desk.refreshed) == 1
    assert {name: desk.state(name) for name in JOBS} == before


def test_a_time_that_comes_while_the_job_is_paused_is_skipped(desk: Desk) -> None:
    """Also over a restart; once resumed, the job goes on at its next regular time."""
    desk.pause(DAY)
    desk.tick(ms(2026, 1, 29, 2))
    desk.start_worker()
    desk.tick(ms(2026, 1, 30, 2))
    assert desk.refreshed == []
    assert (desk.state(DAY).last_result, desk.state(DAY).run_count) == (JobResult.SKIPPED, 0)

    desk.pause(DAY, False)
    desk.tick(ms(2026, 1, 30, 3))
    assert desk.refreshed == []
    desk.tick(ms(2026, 1, 31, 2))

    assert len(desk.refreshed) == 1
    assert desk.state(DAY).last_result == JobResult.SUCCESS


def test_the_end_of_a_run_does_not_undo_a_pause(desk: Desk) -> None:
    """The pause has a row of its own."""
    with compaction_under_way(desk, ms(2026, 2, 1, 5)):
        desk.pause(COMPACTION)

    desk.tick(ms(2026, 2, 1, 6))

    assert desk.state(COMPACTION).last_result == JobResult.SUCCESS
    assert records.job_paused(desk.reader, COMPACTION)


def test_a_job_that_fails_is_tried_again_at_growing_distances(desk: Desk) -> None:
    """The row names the class and the message; the wait doubles up to an hour, and ends with the first success."""
    now = ms(2026, 1, 29, 2)
    desk.failing = ValueError("the seventh bullet is missing")

    waits = []
    for _ in range(8):
        desk.tick(now)
        waits.append(desk.state(DAY).next_run_ms - now)
        now += waits[-1]
    failed = desk.state(DAY)
    desk.failing = None
    desk.tick(now)

    assert waits == [min(RETRY_FIRST_MS * 2**number, RETRY_MAX_MS) for number in range(8)]
    assert failed.last_error == "ValueError: the seventh bullet is missing"
    assert (failed.last_result, failed.run_count, failed.error_count) == (JobResult.FAILED, 8, 8)
    state = desk.state(DAY)
    assert (state.last_result, state.last_error, state.run_count, state.error_count) == (JobResult.SUCCESS, "", 9, 8)
    assert state.next_run_ms == desk.regular_ms(JOBS[DAY], now)


def test_a_rollup_that_failed_leaves_nothing_drafted_and_no_period_out(desk: Desk) -> None:
    """The next attempt covers what the failed one should have, though that was the last run."""
    desk.failing = RuntimeError("no")
    desk.tick(ms(2026, 2, 3, 9))
    assert desk.committed == []
    desk.failing = None

    desk.tick(ms(2026, 2, 3, 10))

    days = [ids for ids in desk.refreshed if ids[0].startswith("toc:day:")]
    assert days[0] == days[1]
    assert days[1][-2:] == ["toc:day:2026-02-02", "toc:day:2026-02-03"]


def test_a_rollup_covers_the_period_that_closed_at_every_level(desk: Desk) -> None:
    """From the period of the last success to the one that has begun."""
    for day in (29, 30, 31):
        desk.tick(ms(2026, 1, day, 12))
    for month, day in ((2, 1), (2, 8), (3, 1), (4, 1)):
        desk.tick(ms(2026, month, day, 12))

    last = {ids[0].split(":")[1]: ids for ids in desk.refreshed if "2026" in ids[0]}
    assert last["day"][0] == "toc:day:2026-03-01"
    assert last["week"] == [f"toc:week:2026:W{week:02}" for week in (9, 10, 11, 12, 13, 14)]
    # The first of March was a Sunday, of a week, and so a month, that February had not yet closed.
    assert last["month"] == ["toc:month:2026:02", "toc:month:2026:03", "toc:month:2026:04"]


def test_a_rollup_looks_back_a_bounded_time(desk: Desk) -> None:
    """A store that was left for years is not rolled up again from its beginning."""
    desk.tick(ms(2031, 7, 1, 12))

    assert {len(ids) for ids in desk.refreshed} == {101, 16, 5, 1}


def test_a_commit_that_came_first_is_no_failure_of_the_job(desk: Desk) -> None:
    """It is the runner's to read again; the job is still due and runs with the next call."""
    desk.refusal = StaleCommit("Commit 7 came first.")
    with pytest.raises(StaleCommit):
        desk.tick(ms(2026, 1, 29, 2))
    desk.refusal = None

    desk.tick(ms(2026, 1, 29, 2))

    state = desk.state(DAY)
    assert (state.last_result, state.run_count, state.error_count) == (JobResult.SUCCESS, 1, 0)


def test_a_result_that_the_writer_did_not_take_is_recorded_later(desk: Desk) -> None:
    """The job does not run again for it."""
    desk.compaction = lambda: setattr(desk, "writer_away", True)
    desk.tick(ms(2026, 2, 1, 5))
    threads_of_jobs_end()
    with pytest.raises(WriterUnavailable):
        desk.tick(ms(2026, 2, 1, 6))
    with pytest.raises(WriterUnavailable):
        desk.tick(ms(2026, 2, 1, 7))
    desk.writer_away = False

    desk.tick(ms(2026, 2, 1, 8))

    state = desk.state(COMPACTION)
    assert (state.last_result, state.run_count, state.is_running) == (JobResult.SUCCESS, 1, False)


def test_a_compaction_runs_beside_everything_else(desk: Desk) -> None:
    """While it goes on it shows as running and is not begun again, and other jobs run."""
    with compaction_under_way(desk, ms(2026, 2, 1, 5)):
        desk.tick(ms(2026, 2, 8, 5))

        assert (desk.state(COMPACTION).is_running, desk.state(COMPACTION).run_count) == (True, 0)
        assert desk.state(DAY).run_count == 2
    desk.tick(ms(2026, 2, 8, 6))

    state = desk.state(COMPACTION)
    assert (state.is_running, state.last_result, state.run_count) == (False, JobResult.SUCCESS, 1)


def test_a_compaction_that_hangs_until_the_bus_gives_up_is_tried_again(desk: Desk) -> None:
    """It shows as failed, with the reason."""

    def compaction() -> None:
        raise WriterUnavailable("The writer did not answer within 21600 s.")

    desk.compaction = compaction
    desk.tick(ms(2026, 2, 1, 5))
    threads_of_jobs_end()
    desk.tick(ms(2026, 2, 1, 11))

    state = desk.state(COMPACTION)
    assert (state.last_result, state.error_count) == (JobResult.FAILED, 1)
    assert state.last_error == "WriterUnavailable: The writer did not answer within 21600 s."
    assert state.next_run_ms == ms(2026, 2, 1, 11) + RETRY_FIRST_MS


def test_a_run_that_the_worker_did_not_outlive_shows_as_failed(desk: Desk) -> None:
    """The next worker says so and tries again after a wait, so that a job that kills can't kill without end."""
    with compaction_under_way(desk, ms(2026, 2, 1, 5)):
        desk.start_worker()

        desk.tick(ms(2026, 2, 1, 6))

        state = desk.state(COMPACTION)
        assert (state.last_result, state.is_running, state.error_count) == (JobResult.FAILED, False, 1)
        assert "worker ended" in state.last_error
        assert state.next_run_ms == ms(2026, 2, 1, 6) + RETRY_FIRST_MS


def test_a_row_from_a_clock_that_was_wrong_delays_nothing(desk: Desk) -> None:
    """The next run is never later than the next regular time."""
    desk.tick(ms(2080, 1, 1, 12))
    desk.start_worker()

    desk.tick(START)

    assert desk.state(DAY).next_run_ms == desk.regular_ms(JOBS[DAY], START)


def test_a_clock_that_was_ahead_for_a_moment_delays_nothing(desk: Desk) -> None:
    """The worker lives on: each job runs when it would have run, and a rollup looks at all its days."""
    desk.tick(ms(2080, 1, 1, 12))
    desk.refreshed.clear()

    desk.tick(START)
    due = desk.state(DAY).next_run_ms
    desk.tick(due)

    assert due == desk.regular_ms(JOBS[DAY], START)
    assert desk.state(DAY).last_run_ms == due
    assert desk.refreshed[0][-1] == "toc:day:2026-01-29"


def test_a_rollup_that_finds_everything_done_writes_no_node(desk: Desk) -> None:
    """Days are rolled up as their segments close, so the nightly look is a success that commits nothing."""
    event = Event("e1", "s1", START - DAY_MS, EventType.USER_MESSAGE, EventRole.USER, "Ship it today?")
    desk.ask(bus.Command(append_events=bus.AppendEvents(events=[event_to_pb(event).SerializeToString()])))
    toc = Toc(desk.reader, cast(Bus, desk), ZONE)
    toc.apply(Batch(1, {event.session_id: [event.position]}), START)
    before = desk.nodes()
    desk.scheduler = Scheduler(desk.reader, cast(Bus, desk), toc, ZONE)

    desk.tick(ms(2026, 2, 3, 9))

    assert (desk.state(DAY).last_result, desk.state(WEEK).last_result) == (JobResult.SUCCESS, JobResult.SUCCESS)
    assert desk.nodes() == before
    assert desk.runs(DAY)[-1].counts == {"nodes": 0, "periods": 101}
    assert records.counters(desk.reader).toc_nodes == 5


def test_who_asks_for_a_run_gets_one_at_once_and_its_outcome(desk: Desk) -> None:
    """It is known by the time it was asked for; the next regular time stays, and nobody waits any more."""
    regular = desk.state(DAY).next_run_ms
    asked_ms = desk.ask_for(DAY, START + 5)

    desk.tick(START + 1000)
    desk.tick(START + 2000)

    (run,) = desk.runs(DAY)
    assert (run.asked_ms, run.began_ms, run.result) == (asked_ms, START + 1000, JobResult.SUCCESS)
    assert run.counts == {"nodes": 3, "periods": len(desk.refreshed[0])}
    assert (desk.state(DAY).next_run_ms, desk.state(DAY).run_count) == (regular, 1)
    assert desk.runs(WEEK) == []


def test_a_paused_job_runs_when_it_is_asked_for(desk: Desk) -> None:
    """It stays paused: its next time passes as before."""
    desk.pause(DAY)
    desk.ask_for(DAY, START)

    desk.tick(START + 1000)
    desk.tick(ms(2026, 1, 29, 2))

    assert [run.result for run in desk.runs(DAY)] == [JobResult.SUCCESS, JobResult.SKIPPED]
    assert len(desk.refreshed) == 1


def test_two_who_ask_get_the_same_run(desk: Desk) -> None:
    """Also when the second asks while the run that the first asked for goes on."""
    first = desk.ask_for(COMPACTION, START)
    with compaction_under_way(desk, START + 1000):
        second = desk.ask_for(COMPACTION, START + 2000)
    desk.tick(START + 3000)

    assert first == second
    assert [run.asked_ms for run in desk.runs(COMPACTION)] == [first]
    assert (desk.state(COMPACTION).run_count, desk.state(COMPACTION).is_running) == (1, False)


def test_a_result_that_the_writer_refuses_is_one_failed_run(desk: Desk) -> None:
    """Nothing of it was written, so nothing of it is reported."""
    desk.drafted = lambda: setattr(desk, "refusal", CommandRefused("The writer failed on this."))

    desk.tick(ms(2026, 1, 29, 2))

    (run,) = desk.runs(DAY)
    assert (run.result, run.error) == (JobResult.FAILED, "CommandRefused: The writer failed on this.")
    assert (desk.state(DAY).run_count, desk.committed) == (1, [])


def test_a_run_that_was_asked_for_and_fails_says_so_and_is_tried_again(desk: Desk) -> None:
    """Who asked gets the reason at once and does not wait for the retry."""
    desk.failing = ValueError("the seventh bullet is missing")
    asked_ms = desk.ask_for(DAY, START)
    desk.tick(START + 1000)
    desk.failing = None

    desk.tick(START + 1000 + RETRY_FIRST_MS)

    failed, retried = desk.runs(DAY)
    assert (failed.asked_ms, failed.result) == (asked_ms, JobResult.FAILED)
    assert failed.error == "ValueError: the seventh bullet is missing"
    assert (retried.asked_ms, retried.result) == (0, JobResult.SUCCESS)


def test_a_request_outlives_the_worker(desk: Desk) -> None:
    """A worker that comes later does what was asked of the one before; what that one began shows as failed."""
    asked_ms = desk.ask_for(COMPACTION, START)
    desk.start_worker()
    with compaction_under_way(desk, START + 1000):
        desk.start_worker()
        desk.tick(START + 2000)

    (run,) = desk.runs(COMPACTION)
    assert (run.asked_ms, run.result) == (asked_ms, JobResult.FAILED)
    assert "worker ended" in run.error


def test_the_last_runs_are_remembered_over_a_restart(desk: Desk) -> None:
    """Fifty of them, whatever how many there were."""
    for number in range(RUNS_KEPT + 10):
        desk.ask_for(DAY, START + number)
        desk.tick(START + number)
        if number % 7 == 0:
            desk.start_worker()

    assert [run.asked_ms - START for run in desk.runs(DAY)] == list(range(10, RUNS_KEPT + 10))


def test_a_run_whose_commit_got_no_answer_is_not_done_twice_where_it_was_done(desk: Desk) -> None:
    """The row says so: it was written with what the run wrote."""
    now = ms(2026, 1, 29, 2)
    desk.answer_lost = True
    with pytest.raises(WriterUnavailable):
        desk.tick(now)
    desk.answer_lost = False

    desk.tick(now + 1000)
    desk.tick(now + 2000)

    assert len(desk.refreshed) == 1
    assert [run.result for run in desk.runs(DAY)] == [JobResult.SUCCESS]
    assert (desk.state(DAY).run_count, desk.state(DAY).is_running) == (1, False)


def test_a_run_whose_commit_did_not_arrive_is_done_again(desk: Desk) -> None:
    """The writer was away when it was to be committed; no failure of the job."""
    now = ms(2026, 1, 29, 2)
    desk.drafted = lambda: setattr(desk, "writer_away", True)
    with pytest.raises(WriterUnavailable):
        desk.tick(now)
    desk.drafted = lambda: None
    desk.writer_away = False

    desk.tick(now + 1000)

    assert len(desk.refreshed) == 2
    assert [run.result for run in desk.runs(DAY)] == [JobResult.SUCCESS]
    assert (desk.state(DAY).run_count, desk.state(DAY).error_count) == (1, 0)


def test_a_rollup_that_hangs_fails_and_holds_nothing_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up and tried again later, but not before its thread has ended; other jobs and the store go on."""
    monkeypatch.setattr(scheduler, "ROLLUP_LIMIT_S", 0.2)
    end = threading.Event()
    desk.drafted = end.wait
    now_ms = ms(2026, 1, 29, 2)
    desk.tick(now_ms)

    (run,) = desk.runs(DAY)
    assert (run.result, desk.state(DAY).next_run_ms) == (JobResult.FAILED, now_ms + RETRY_FIRST_MS)
    assert run.error.startswith("RunHangs: it was not done after")
    desk.drafted = lambda: None
    desk.tick(now_ms + RETRY_FIRST_MS)
    assert [run.result for run in desk.runs(DAY)] == [JobResult.FAILED] * 2
    desk.tick(ms(2026, 2, 1, 2, 10))
    assert [run.result for run in desk.runs(WEEK)] == [JobResult.SUCCESS]
    assert "toc_rollup_week" in desk.committed
    assert DAY not in desk.committed

    end.set()
    threads_of_jobs_end()
    desk.tick(desk.state(DAY).next_run_ms)

    assert desk.state(DAY).last_result == JobResult.SUCCESS
    assert desk.committed.count(DAY) == 1
