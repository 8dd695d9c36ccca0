"""Times as people write and read them."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent_memory.errors import UsageError
from agent_memory.present.times import duration, parse_age, relative
from agent_memory.present.typed_times import parse_time
from agent_memory.store.keys import TIMESTAMP_MAX_MS

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 31, 15, 30, tzinfo=BERLIN)


def at(*fields: int, zone: ZoneInfo = BERLIN) -> int:
    """That wall-clock time in milliseconds."""
    return int(datetime(*fields, tzinfo=zone).timestamp()) * 1000  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("1706745600000", 1706745600000),
        ("now", at(2026, 3, 31, 15, 30)),
        ("2 hours ago", at(2026, 3, 31, 13, 30)),
        ("an hour ago", at(2026, 3, 31, 14, 30)),
        ("45m ago", at(2026, 3, 31, 14, 45)),
        ("today at 3pm", at(2026, 3, 31, 15)),
        ("2026-01-30T09:14", at(2026, 1, 30, 9, 14)),
        ("2026-01-30 09:14:03", at(2026, 1, 30, 9, 14, 3)),
        ("2026-01-30T09:14:03.512Z", at(2026, 1, 30, 10, 14, 3) + 512),
        ("2026-01-30t09:14z", at(2026, 1, 30, 10, 14)),
        ("09:14", at(2026, 3, 31, 9, 14)),
        ("1960-01-01T09:14", 0),
    ],
)
def test_an_instant_is_the_same_at_both_ends(text: str, at_ms: int) -> None:
    """What names an instant means that instant, as --from and as --to; without a zone it is the local one."""
    assert parse_time(text, NOW) == at_ms
    assert parse_time(text, NOW, end=True) == at_ms


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("2026-01-30", at(2026, 1, 30), at(2026, 1, 31)),
        ("today", at(2026, 3, 31), at(2026, 4, 1)),
        ("yesterday", at(2026, 3, 30), at(2026, 3, 31)),
        ("2026-03-29", at(2026, 3, 29), at(2026, 3, 30)),
        ("2026-W05", at(2026, 1, 26), at(2026, 2, 2)),
        ("2026-01", at(2026, 1, 1), at(2026, 2, 1)),
        ("toc:month:2026:01", at(2026, 1, 1), at(2026, 2, 1)),
        ("2026", at(2026, 1, 1), at(2027, 1, 1)),
        ("this week", at(2026, 3, 30), at(2026, 4, 6)),
        ("last week", at(2026, 3, 23), at(2026, 3, 30)),
        ("  3   Days AGO ", at(2026, 3, 28), at(2026, 3, 29)),
        ("1 month ago", at(2026, 2, 1), at(2026, 3, 1)),
        ("2 years ago", at(2024, 1, 1), at(2025, 1, 1)),
        ("last month", at(2026, 2, 1), at(2026, 3, 1)),
        ("this year", at(2026, 1, 1), at(2027, 1, 1)),
        ("last year", at(2025, 1, 1), at(2026, 1, 1)),
        ("gestern Abend", at(2026, 3, 30, 18), at(2026, 3, 31)),
        ("between Friday and Monday", at(2026, 3, 27), at(2026, 3, 31)),
    ],
)
def test_a_period_begins_with_its_first_and_ends_with_its_last_millisecond(text: str, first: int, after: int) -> None:
    """`--from yesterday --to yesterday` is the whole day, also the one of 23 hours."""
    assert parse_time(text, NOW) == first
    assert parse_time(text, NOW, end=True) == after - 1


def test_words_that_can_mean_two_times_are_asked_back() -> None:
    """Which Monday "last Monday" is, people do not agree on: both are shown, and none is taken."""
    now = datetime(2026, 11, 18, 15, 30, tzinfo=BERLIN)

    with pytest.raises(UsageError, match="can mean Mon 16 Nov 2026 or Mon 9 Nov 2026"):
        parse_time("last Monday", now)


def test_hours_ago_are_counted_in_hours_where_the_clocks_change() -> None:
    """Half past three in the night without a two o'clock: two hours before it was half past midnight."""
    assert parse_time("2 hours ago", datetime(2026, 3, 29, 3, 30, tzinfo=BERLIN)) == at(2026, 3, 29, 0, 30)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "123", "2026-13", "2026-02-30", "25:00", "-5", "٣٤٥٦٧٨", "9999", "99999999999 years ago", "ago"],
)
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    """The error names the text and shows what is understood."""
    with pytest.raises(UsageError, match="is not a time"):
        parse_time(text, NOW)


def test_what_the_store_has_no_keys_for_is_bounded_or_refused() -> None:
    """A date of any century is one; fourteen digits are micro- or nanoseconds, or a slip."""
    assert parse_time("9999-12-31", NOW, end=True) == parse_time("9999999999999", NOW) == TIMESTAMP_MAX_MS
    with pytest.raises(UsageError, match="it has 14 digits"):
        parse_time("10000000000000", NOW)


@given(st.text(max_size=40), st.booleans())
@example("0001-01-01T00:00+23:59", True)
@example("9999-12-31T23:59-23:59", False)
def test_any_text_is_a_time_or_refused(text: str, end: bool) -> None:
    """No text ends in anything but a number from 0 up or a UsageError."""
    with contextlib.suppress(UsageError):
        assert parse_time(text, NOW, end=end) >= 0


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2286, 11, 20)))
def test_every_iso_time_is_understood(written: datetime) -> None:
    """What isoformat writes comes back, down to the millisecond it is in."""
    written = written.replace(tzinfo=UTC)
    second = int(written.replace(microsecond=0).timestamp())

    assert parse_time(written.isoformat(), NOW) == second * 1000 + written.microsecond // 1000


@pytest.mark.parametrize(
    ("then", "shown"),
    [
        (datetime(2026, 3, 31, 1, 0), "14 hours ago"),
        (datetime(2026, 3, 30, 23, 0), "yesterday"),
        (datetime(2026, 3, 29, 23, 0), "2 days ago"),
        (datetime(2026, 3, 18, 0, 1), "13 days ago"),
        (datetime(2026, 3, 16, 23, 0), "2 weeks ago"),
        (datetime(2026, 1, 31, 12, 0), "9 weeks ago"),
        (datetime(2025, 12, 31, 12, 0), "3 months ago"),
        (datetime(2024, 12, 31, 12, 0), "2 years ago"),
    ],
)
def test_an_age_is_a_question_that_finds_the_day_again(then: datetime, shown: str) -> None:
    """Days, weeks, months and years are the calendar's, in ages as in questions."""
    at_ms = int(then.replace(tzinfo=BERLIN).timestamp()) * 1000

    assert relative(at_ms, int(NOW.timestamp()) * 1000, BERLIN) == shown
    if shown != "14 hours ago":
        assert parse_time(shown, NOW) <= at_ms <= parse_time(shown, NOW, end=True)


def test_shortly_after_midnight_the_evening_is_hours_ago() -> None:
    assert relative(at(2026, 3, 30, 23), at(2026, 3, 31, 1), BERLIN) == "2 hours ago"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "just now"),
        (44, "just now"),
        (50, "1 minute ago"),
        (60 * 59, "59 minutes ago"),
        (3600, "1 hour ago"),
        (86400 * 2, "2 days ago"),
        (86400 * 15, "2 weeks ago"),
        (86400 * 70, "2 months ago"),
        (86400 * 800, "2 years ago"),
        (-7200, "in 2 hours"),
    ],
)
def test_ages_are_shown_in_the_largest_unit(seconds: int, shown: str) -> None:
    """One number and one unit, past or to come."""
    assert relative(1_000_000_000_000 - seconds * 1000, 1_000_000_000_000) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0 s"), (312, "5 min 12 s"), (11_100, "3 h 5 min"), (183_600, "2 days 3 h")]
)
def test_durations_are_shown_in_two_units(seconds: int, shown: str) -> None:
    """The two largest units that say something."""
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("text", "days"), [("2y", 730), ("18 months", 548), ("6w", 42), ("90 days", 90), ("1 year", 365)]
)
def test_an_age_is_days(text: str, days: int) -> None:
    assert parse_age(text) == days


@pytest.mark.parametrize("text", ["", "2", "2h", "0d", "-1y", "soon"])
def test_what_is_no_age_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not an age"):
        parse_age(text)
