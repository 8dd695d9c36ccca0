"""The store's time zone: its days, the clock times of pages and of questions, and the hours of its jobs."""

from __future__ import annotations

import json
import re

from support.stack import Stack, wait_until
from support.writer import said

# 1 January 2026, midnight in UTC.
AT_MS = 1_767_225_600_000


def test_days_clock_times_and_jobs_are_in_the_stores_zone(stack: Stack) -> None:
    """Whatever this machine's is; and all of them in another one once it was changed."""
    stack.env |= {"TZ": "UTC", "MEMORY_TIMEZONE": "Asia/Tokyo"}
    stack.start()
    with stack.client() as client:
        client.ingest(said("z1", AT_MS, "Said at nine in Tokyo"))
        wait_until(lambda: not client.stats().outbox)

    assert "2026-01-01 09:00" in stack.run("query", "events").stdout
    assert (
        "Said at nine" in stack.run("query", "events", "--from", "2026-01-01 08:59", "--to", "2026-01-01 09:01").stdout
    )
    assert "Said at nine" not in stack.run("query", "events", "--from", "2026-01-01 09:01").stdout

    stack.run("admin", "set-timezone", "America/New_York", "--yes")
    wait_until(lambda: "2025-12-31 19:00" in stack.run("query", "events").stdout)
    assert "Said at nine" in json.dumps(json.loads(stack.run("query", "node", "2025-12-31", "--json").stdout))
    wait_until(lambda: re.search(r"toc_rollup_day .* 01:0\d ", stack.run("scheduler", "status").stdout))
