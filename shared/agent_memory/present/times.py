"""Moments as people write and read them: `yesterday`, `2 hours ago`, `2026-01-30 09:14`, `3 minutes ago`."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, time, timedelta

from agent_memory.errors import UsageError
from agent_memory.periods import parse_period
from agent_memory.phrases.spans import parse
from agent_memory.store.keys import TIMESTAMP_MAX_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AGO = re.compile(r"(\d+|an?|one)\s*(second|sec|s|minute|min|m|hour|h|day|d|week|w|month|year|y)s?\s+ago")
_SECONDS = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600}
_DAYS = {"d": 1, "day": 1, "w": 7, "week": 7}
_DURATION = re.compile(r"(\d{1,5})\s*(?:(second|sec|s|minute|min|m|hour|h|day|d|week|w)s?)?")
_CLOCK = re.compile(r"\d\d:\d\d(:\d\d)?")
_MILLISECONDS = re.compile(r"\d{5,}", re.ASCII)
# When a unit is worth naming: its seconds, from how many seconds on, its name.
_UNITS = (
    (365.25 * 86400, 365.25 * 86400, "year"),
    (30.44 * 86400, 60 * 86400, "month"),
    (7 * 86400, 14 * 86400, "week"),
    (86400, 86400, "day"),
    (3600, 3600, "hour"),
    (60, 45, "minute"),
)


def parse_moment(text: str, now: datetime, *, end: bool = False) -> int:
    """The moment that `text` means, in milliseconds; `now` gives the zone too.

    Of a whole span (`yesterday`, `2026-01-30`, `2026-W05`, `last month`) it is the first millisecond, or with `end`
    the last. What lies before 1970 becomes 0, and what is later than TIMESTAMP_MAX_MS becomes that. Raises UsageError
    for what nobody can tell, or can tell in one way only.
    """
    word = " ".join(text.lower().split())
    if not parse_period(word):
        if _MILLISECONDS.fullmatch(word):
            return _within_time(word)
        with contextlib.suppress(ValueError, OverflowError):
            return _bounded(_milliseconds(_instant(word, now)))

    span, *others = parse(text, now)
    if others:
        raise UsageError(f"{text!r} can mean {' or '.join(each.text for each in (span, *others))}. Say which.")
    return _bounded(span.end_ms - 1 if end else span.start_ms)


def parse_duration(text: str) -> int:
    """The seconds that `30m`, `2h`, `1 day` or `90` (minutes) last; raises UsageError for what nobody can tell."""
    if match := _DURATION.fullmatch(text.strip().lower()):
        unit = match[2] or "m"
        return int(match[1]) * (_SECONDS.get(unit) or _DAYS[unit] * 86_400)
    raise UsageError(f"{text!r} is no length of time. Say 30m, 2h or 1d.")


def relative(at_ms: int, now_ms: int) -> str:
    """How long ago that was, or how soon it will be: `3 minutes ago`, `in 2 days`."""
    seconds = abs(now_ms - at_ms) / 1000
    for unit, threshold, name in _UNITS:
        if seconds >= threshold:
            count = max(1, int(seconds / unit))
            span = f"{count} {name}{'s' * (count != 1)}"
            return f"{span} ago" if at_ms <= now_ms else f"in {span}"
    return "just now"


def duration(seconds: float) -> str:
    """A span of time by its two largest units: `12 s`, `5 min 12 s`, `3 h 5 min`, `2 days 3 h`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} day{'s' * (days != 1)} {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _within_time(digits: str) -> int:
    if len(digits) > len(str(TIMESTAMP_MAX_MS)):
        raise UsageError(
            f"{digits} is no time: it has {len(digits)} digits, and milliseconds since 1970 have 13 at the most. "
            "What is in micro- or nanoseconds loses its last 3 or 6 digits."
        )
    return int(digits)


def _bounded(at_ms: int) -> int:
    return min(max(0, at_ms), TIMESTAMP_MAX_MS)


def _instant(word: str, now: datetime) -> datetime:
    if word == "now":
        return now
    if match := _AGO.fullmatch(word):
        return _back(now, int(match[1]) if match[1].isdigit() else 1, match[2])
    if _CLOCK.fullmatch(word):
        return datetime.combine(now.date(), time.fromisoformat(word), now.tzinfo)
    moment = datetime.fromisoformat(word.upper())
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)


def _back(now: datetime, count: int, unit: str) -> datetime:
    if unit in _SECONDS:
        # Through UTC: an hour ago is 3600 seconds ago, also in the night the clocks change.
        return now.astimezone(UTC) - timedelta(seconds=count * _SECONDS[unit])
    if unit in _DAYS:
        return now - timedelta(days=count * _DAYS[unit])
    months = now.year * 12 + now.month - 1 - count * (1 if unit == "month" else 12)
    year, month = divmod(months, 12)
    first_after = datetime(year + (month == 11), (month + 1) % 12 + 1, 1)
    last_day = (first_after - timedelta(days=1)).day
    return now.replace(year=year, month=month + 1, day=min(now.day, last_day))


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)
