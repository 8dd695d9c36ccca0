"""When scheduled jobs run: the calendar's corners, in zones with and without summer time."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory import jobs as calendar
from agent_memory.jobs import BACKUP, JOBS, RETENTION, Job, jobs_for

ZONES = [ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC")]
BERLIN, NEW_YORK, KOLKATA, _ = ZONES

jobs = st.sampled_from(list(JOBS.values()))
zones = st.sampled_from(ZONES)
# The years 2000 to 2100.
instants = st.integers(946_684_800_000, 4_102_444_800_000)


def ms(zone: ZoneInfo, *local: int) -> int:
    return int(datetime(*local, tzinfo=zone).timestamp() * 1000)  # type: ignore[arg-type, misc]


def local(run_ms: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(run_ms / 1000, zone)


def next_run_ms(job: Job, after_ms: int, zone: ZoneInfo, store: str = "one") -> int:
    return calendar.next_run_ms(job, after_ms, zone, store)


def runs(job: Job, after_ms: int, zone: ZoneInfo, count: int) -> list[int]:
    found = [after_ms]
    for _ in range(count):
        found.append(next_run_ms(job, found[-1], zone))
    return found[1:]


@given(jobs, instants, zones)
def test_the_next_run_is_never_in_the_past(job: Job, after_ms: int, zone: ZoneInfo) -> None:
    """So a job that has just run does not run again at once."""
    assert next_run_ms(job, after_ms, zone) > after_ms


@given(jobs, instants, st.integers(0, 400 * 86_400_000), zones)
def test_no_run_is_jumped_over(job: Job, early_ms: int, wait_ms: int, zone: ZoneInfo) -> None:
    """Asked any time before a run, the answer is that run or one before it."""
    run_ms = next_run_ms(job, early_ms + wait_ms, zone)

    assert next_run_ms(job, early_ms, zone) <= run_ms
    assert next_run_ms(job, run_ms - 1, zone) == run_ms


@given(jobs, instants, zones)
def test_a_run_is_at_its_local_time_or_within_its_jitter(job: Job, after_ms: int, zone: ZoneInfo) -> None:
    """On a day on which the clock leaves that time out, an hour later by the clock."""
    run = local(next_run_ms(job, after_ms, zone), zone)
    minute, hour, day, month, weekday = job.cron.split()

    meant = run.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0, fold=0)
    late = run.replace(tzinfo=None) - meant.replace(tzinfo=None)
    if local(int(meant.timestamp() * 1000), zone).replace(tzinfo=None) != meant.replace(tzinfo=None):
        late -= timedelta(hours=1)
    assert timedelta(0) <= late <= timedelta(seconds=job.jitter_s)
    assert run.fold == 0
    assert (day, month, weekday) == tuple(
        "*" if field == "*" else str(number)
        for field, number in zip((day, month, weekday), (run.day, run.month, run.isoweekday() % 7), strict=True)
    )


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_a_daily_job_runs_once_on_every_day_of_the_year(zone: ZoneInfo) -> None:
    """The days on which the clocks change are no exception."""
    found = runs(JOBS["toc_rollup_day"], ms(zone, 2026, 1, 1), zone, 365)

    days = [local(run_ms, zone).date() for run_ms in found]
    assert {after - before for before, after in pairwise(days)} == {timedelta(days=1)}
    assert (days[0].isoformat(), days[-1].isoformat()) == ("2026-01-01", "2026-12-31")


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_weekly_jobs_run_on_sundays_monthly_on_the_first_yearly_at_new_year(zone: ZoneInfo) -> None:
    """Each in its own step, through a leap year."""
    start = ms(zone, 2027, 6, 1)

    weeks = [local(at, zone) for at in runs(JOBS["toc_rollup_week"], start, zone, 60)]
    months = [local(at, zone) for at in runs(JOBS["toc_rollup_month"], start, zone, 14)]
    years = [local(at, zone) for at in runs(JOBS["toc_rollup_year"], start, zone, 3)]

    assert {week.isoweekday() for week in weeks} == {7}
    assert {after.date() - before.date() for before, after in pairwise(weeks)} == {timedelta(days=7)}
    assert [month.month for month in months] == [6, 7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6, 7]
    assert [(year.year, year.month, year.day) for year in years] == [(2028, 1, 1), (2029, 1, 1), (2030, 1, 1)]


@pytest.mark.parametrize(
    ("zone", "sunday"),
    [(BERLIN, (2026, 3, 29)), (NEW_YORK, (2026, 3, 8))],
    ids=str,
)
def test_a_time_that_the_clock_leaves_out_comes_right_after(zone: ZoneInfo, sunday: tuple[int, int, int]) -> None:
    """Two o'clock does not exist on that Sunday; three o'clock is the same instant."""
    job = JOBS["toc_rollup_week"]

    run = next_run_ms(job, ms(zone, *sunday), zone)

    assert 0 <= run - ms(zone, *sunday, 3) <= job.jitter_s * 1000


@pytest.mark.parametrize(
    ("job", "zone", "sunday", "hour"),
    [
        (JOBS["toc_rollup_week"], BERLIN, (2026, 10, 25), 2),
        (JOBS["toc_rollup_day"], NEW_YORK, (2026, 11, 1), 1),
    ],
    ids=str,
)
def test_a_time_that_the_clock_repeats_counts_once(
    job: Job, zone: ZoneInfo, sunday: tuple[int, int, int], hour: int
) -> None:
    """The first of the two; the next run is on another day."""
    first, second = runs(job, ms(zone, *sunday), zone, 2)

    assert 0 <= first - ms(zone, *sunday, hour) <= job.jitter_s * 1000
    assert local(second, zone).date() > local(first, zone).date()


def test_jitter_is_chance_that_can_be_repeated() -> None:
    """Another one on every day and for every job, the same whenever it is asked for."""
    day, month = JOBS["toc_rollup_day"], JOBS["toc_rollup_month"]
    found = runs(day, ms(KOLKATA, 2026, 1, 1), KOLKATA, 100)

    offsets = [at - ms(KOLKATA, *local(at, KOLKATA).timetuple()[:3], 1) for at in found]

    assert found == runs(day, ms(KOLKATA, 2026, 1, 1), KOLKATA, 100)
    assert len(set(offsets)) > 90
    assert max(offsets) - min(offsets) > 200_000
    assert next_run_ms(month, ms(KOLKATA, 2025, 12, 31), KOLKATA) - ms(KOLKATA, 2026, 1, 1, 3) != offsets[0]


def test_stores_run_the_same_job_at_other_times() -> None:
    """A hundred daemons that name one provider do not come at the same second; a store keeps to its own time."""
    job, after_ms = JOBS["toc_rollup_day"], ms(BERLIN, 2026, 1, 1)

    found = [next_run_ms(job, after_ms, BERLIN, f"store {number}") for number in range(100)]

    assert len(set(found)) > 90
    assert found == [next_run_ms(job, after_ms, BERLIN, f"store {number}") for number in range(100)]


def test_retention_and_backups_are_jobs_only_where_the_settings_want_them() -> None:
    assert jobs_for(0) == JOBS
    assert jobs_for(730) == {**JOBS, "retention": RETENTION}
    assert jobs_for(0, "/backups") == {**JOBS, "backup": BACKUP}
