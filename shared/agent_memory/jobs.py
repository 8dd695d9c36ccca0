"""The scheduled jobs there are: their names, their times, how far chance may move them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from agent_memory.model import TocLevel


@dataclass(frozen=True, slots=True)
class Job:
    """One scheduled job, in the store's local time; `cron` says it in the usual five fields, for people."""

    name: str
    cron: str
    jitter_s: int
    # The level of the table of contents it rolls up; None for other work.
    level: TocLevel | None = None


JOBS: Final = {
    job.name: job
    for job in (
        Job("toc_rollup_day", "0 1 * * *", 300, TocLevel.DAY),
        Job("toc_rollup_week", "0 2 * * 0", 300, TocLevel.WEEK),
        Job("toc_rollup_month", "0 3 1 * *", 300, TocLevel.MONTH),
        Job("toc_rollup_year", "30 3 1 1 *", 300, TocLevel.YEAR),
        Job("rocksdb_compaction", "0 4 * * 0", 600),
    )
}
