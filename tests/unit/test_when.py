"""Which nodes cover a span of days."""

from __future__ import annotations

from datetime import UTC, date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.model import TocLevel
from agent_memory.periods import Period
from agent_memory.phrases.days import Days
from agent_memory.query.views.when import covering


def ids(first: date, last: date) -> list[str]:
    return [period.node_id.removeprefix("toc:") for period in covering(Days(first, last + timedelta(days=1), UTC))]


@pytest.mark.parametrize(
    ("first", "last", "nodes"),
    [
        (date(2026, 11, 9), date(2026, 11, 15), ["week:2026:W46"]),
        (date(2026, 11, 9), date(2026, 11, 11), ["day:2026-11-09", "day:2026-11-10", "day:2026-11-11"]),
        # The weeks of May's Thursdays begin on the 4th.
        (date(2026, 5, 1), date(2026, 5, 31), ["month:2026:05", "day:2026-05-01", "day:2026-05-02", "day:2026-05-03"]),
        # What is filed under October begins in September and ends in November.
        (date(2026, 10, 1), date(2026, 10, 31), ["month:2026:10"]),
        (date(2026, 1, 1), date(2026, 12, 31), ["year:2026"]),
        (date(2025, 1, 1), date(2025, 12, 31), ["year:2025", "day:2025-12-29", "day:2025-12-30", "day:2025-12-31"]),
        (
            date(2026, 11, 13),
            date(2026, 11, 23),
            ["week:2026:W47", *(f"day:2026-11-{day}" for day in (13, 14, 15, 23))],
        ),
    ],
)
def test_a_span_is_covered_by_the_fewest_nodes(first: date, last: date, nodes: list[str]) -> None:
    """The coarsest that lie within it, and days for what they leave over."""
    assert ids(first, last) == nodes


@given(st.dates(date(1980, 1, 1), date(2100, 1, 1)), st.integers(1, 1500))
def test_every_day_of_a_span_is_below_one_of_its_nodes_and_no_node_is_below_another(first: date, length: int) -> None:
    """Whoever reads the nodes reads of each day, once."""
    chosen = covering(Days(first, first + timedelta(days=length), UTC))

    for offset in range(length):
        day = Period(TocLevel.DAY, first + timedelta(days=offset))
        assert len({day, *day.ancestors()} & set(chosen)) == 1
