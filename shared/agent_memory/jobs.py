"""The scheduled jobs: their names, their times, and how far chance may move them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import IntEnum
from typing import Final

from agent_memory.model import DEFAULT_STORE, TocLevel

# Every job's rule falls on some day within so many: a leap year and the day to begin with.
_DAYS_BETWEEN_RUNS: Final = 368


class JobResult(IntEnum):
    """How a run ended. The numbers are those of the wire."""

    SUCCESS = 1
    FAILED = 2
    # Its time came while it was paused.
    SKIPPED = 3


@dataclass(frozen=True, slots=True)
class Job:
    """One scheduled job, in the store's local time.

    `cron` says when, in the usual five fields, each a `*` or one number: minute, hour, day, month, weekday (0: Sunday).
    """

    name: str
    cron: str
    jitter_s: int
    # The level of the table of contents it rolls up; None for the others.
    level: TocLevel | None = None


RECONCILE: Final = "reconcile"
ROLLUP_DAY: Final = "toc_rollup_day"
JOBS: Final = {
    job.name: job
    for job in (
        # Before the rollups, so that what was missed is in them, too.
        Job(RECONCILE, "30 0 * * *", 300),
        Job(ROLLUP_DAY, "0 1 * * *", 300, TocLevel.DAY),
        Job("toc_rollup_week", "0 2 * * 0", 300, TocLevel.WEEK),
        Job("toc_rollup_month", "0 3 1 * *", 300, TocLevel.MONTH),
        Job("toc_rollup_year", "30 3 1 1 *", 300, TocLevel.YEAR),
        Job("rocksdb_compaction", "0 4 * * 0", 600),
    )
}
# Only where the settings say how long events are kept. Once a week, because it rewrites the store's files.
RETENTION: Final = Job("retention", "0 5 * * 0", 600)

# Only where the settings name a folder. Before the compaction, which rewrites what a backup else shares with the last.
BACKUP: Final = Job("backup", "45 3 * * *", 600)
# The setting without which a store has no such job.
NEEDS: Final = {BACKUP.name: "backup_dir", RETENTION.name: "retention_days"}


def jobs_for(retention_days: int, backup_dir: str = "", store: str = DEFAULT_STORE) -> dict[str, Job]:
    """The jobs, by name, of a store that keeps events so many days, 0 for ever, and is backed up there, if anywhere.

    What hooks missed of a project store is found by the default store's job, which goes through all transcripts.
    """
    wanted = ((BACKUP, bool(backup_dir)), (RETENTION, retention_days > 0))
    jobs = {**JOBS, **{job.name: job for job, is_wanted in wanted if is_wanted}}
    return jobs if store == DEFAULT_STORE else {name: job for name, job in jobs.items() if name != RECONCILE}


def next_run_ms(job: Job, after_ms: int, zone: tzinfo, store: str) -> int:
    """When the job runs first after that instant, jitter included; both in milliseconds.

    `store` distinguishes a store from others: theirs run at other times, so that a machine with several of them, or a
    provider with many machines, does not feel them all at once.
    A local time that a change of the clock leaves out comes an hour later by the clock, and one that it repeats counts
    the first time: one run a day, whatever the day.
    """
    # From the day before: jitter and changes of the clock may carry a run over midnight.
    first = datetime.fromtimestamp(after_ms // 1000, zone).date() - timedelta(days=1)
    days = (first + timedelta(days=offset) for offset in range(_DAYS_BETWEEN_RUNS))
    runs = (_run_ms(job, day, zone, store) for day in days if _falls_on(job, day))
    return next(run_ms for run_ms in runs if run_ms > after_ms)


def _falls_on(job: Job, day: date) -> bool:
    _, _, *rule = job.cron.split()
    numbers = (day.day, day.month, day.isoweekday() % 7)
    return all(field in ("*", str(number)) for field, number in zip(rule, numbers, strict=True))


def _run_ms(job: Job, day: date, zone: tzinfo, store: str) -> int:
    minute, hour, *_ = job.cron.split()
    at = datetime.combine(day, time(int(hour), int(minute)), zone)
    return int(at.timestamp()) * 1000 + _jitter_ms(job, day, store)


def _jitter_ms(job: Job, day: date, store: str) -> int:
    """The job's offset on that day in that store: chance, but the same whenever it is asked for."""
    digest = hashlib.blake2b(f"{store} {job.name} {day}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % (job.jitter_s * 1000 + 1)
