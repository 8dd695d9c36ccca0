"""The calendar: every instant has one day, every day one week, month and year, and no period loses a child."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.model import TocLevel
from agent_memory.periods import Period, day_of, parse_period

DATES = st.dates(min_value=date(1971, 1, 1), max_value=date(2285, 12, 31))
INSTANTS = st.integers(min_value=1, max_value=9_999_999_999_999)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]).map(ZoneInfo)


def day(text: str) -> Period:
    return Period(TocLevel.DAY, date.fromisoformat(text))


@given(DATES)
def test_every_ancestor_counts_its_descendant_among_its_children(first: date) -> None:
    """Going up and going down are the same relation, so nothing hangs beside the tree."""
    period = Period(TocLevel.DAY, first)
    for parent in period.ancestors():
        assert period in list(parent.children())
        period = parent
    assert period.level == TocLevel.YEAR


@given(DATES)
def test_the_children_of_a_year_are_disjoint_and_in_order(first: date) -> None:
    """Each day of a year's weeks comes once, ascending, without a hole."""
    year = Period(TocLevel.YEAR, date(first.year, 1, 1))

    days = [d.first for month in year.children() for week in month.children() for d in week.children()]

    assert days == [days[0] + timedelta(days=offset) for offset in range(len(days))]


@given(INSTANTS, ZONES)
def test_an_instant_lies_in_the_span_of_its_day(timestamp_ms: int, zone: ZoneInfo) -> None:
    """Spans are half-open and cut at local midnight, on days with 23 and 25 hours too."""
    start, end = day_of(timestamp_ms, zone).span_ms(zone)

    assert start <= timestamp_ms < end


@given(DATES, st.sampled_from(list(TocLevel)[:4]))
def test_a_node_id_reads_back_as_its_period(first: date, level: TocLevel) -> None:
    """parse_period is the inverse of node_id."""
    period = Period(TocLevel.DAY, first)
    while period.level != level:
        assert period.parent is not None
        period = period.parent

    assert parse_period(period.node_id) == period


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_ids(text: str) -> None:
    """Any text is a period or none, never an exception."""
    parse_period(text)


@pytest.mark.parametrize(
    ("text", "node_id"),
    [
        ("2026", "toc:year:2026"),
        ("2026-01", "toc:month:2026:01"),
        ("toc:month:2026-01", "toc:month:2026:01"),
        ("2026:01", "toc:month:2026:01"),
        ("2026-W05", "toc:week:2026:W05"),
        ("2026:W05", "toc:week:2026:W05"),
        ("2026w05", "toc:week:2026:W05"),
        ("2026-01-30", "toc:day:2026-01-30"),
    ],
)
def test_other_spellings_are_understood(text: str, node_id: str) -> None:
    """What people type names the same node."""
    period = parse_period(text)

    assert period is not None
    assert period.node_id == node_id


@pytest.mark.parametrize("text", ["2026-13", "2026-02-30", "2026-W54", "toc:segment:2026-01-30:X", "tomorrow", ""])
def test_what_names_no_period_is_none(text: str) -> None:
    """Impossible dates are refused, not bent."""
    assert parse_period(text) is None


def test_a_week_belongs_to_the_month_and_year_of_its_thursday() -> None:
    """ISO 8601: Friday, 1 January 2027 is in week 53 of 2026, and so in December 2026."""
    ids = [period.node_id for period in day("2027-01-01").ancestors()]

    assert ids == ["toc:week:2026:W53", "toc:month:2026:12", "toc:year:2026"]


def test_titles_read_like_a_calendar() -> None:
    """January 2026 is what other programs expect a month to be called."""
    titles = [period.title for period in (day("2026-01-30"), *day("2026-01-30").ancestors())]

    assert titles == ["Friday, 30 January 2026", "Week 5 of 2026 (26 January - 1 February)", "January 2026", "2026"]


def test_the_last_millisecond_of_a_day_is_not_the_next_one() -> None:
    """No rounding carries an event over midnight."""
    midnight = int(datetime(2026, 1, 31, tzinfo=UTC).timestamp()) * 1000

    assert day_of(midnight - 1, UTC) == day("2026-01-30")
    assert day_of(midnight, UTC) == day("2026-01-31")
