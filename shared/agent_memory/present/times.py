"""Ages and durations, as they are shown and typed: `3 minutes ago`, `5 min 12 s`, `30m`, `2y`."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo

from agent_memory.errors import UsageError

_SECONDS = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600}
_DAYS = {"d": 1, "day": 1, "w": 7, "week": 7}
_DURATION = re.compile(r"(\d{1,5})\s*(?:(second|sec|s|minute|min|m|hour|h|day|d|week|w)s?)?")
_AGE = re.compile(r"([1-9]\d{0,3})\s*(d|days?|w|weeks?|months?|y|years?)")
_AGE_DAYS = {"d": 1, "w": 7, "m": 30.44, "y": 365.25}
# Within a few hours the clock says more than the calendar: what was said before midnight was not "yesterday" at one.
_CLOCK_S = 6 * 3600
# In calendar days; from so many on, larger units say enough.
_WEEKS_FROM, _MONTHS_FROM, _YEARS_FROM = 14, 60, 365


def parse_duration(text: str) -> int:
    """The seconds that `30m`, `2h`, `1 day` or `90` (minutes) last; raises UsageError for any other text."""
    if match := _DURATION.fullmatch(text.strip().lower()):
        unit = match[2] or "m"
        return int(match[1]) * (_SECONDS.get(unit) or _DAYS[unit] * 86_400)
    raise UsageError(f"{text!r} is not a duration.", "Say 30m, 2h or 1d.")


def parse_age(text: str) -> int:
    """The days that `2y`, `18 months`, `6w` or `90d` are; raises UsageError for any other text."""
    if match := _AGE.fullmatch(text.strip().lower()):
        return round(int(match[1]) * _AGE_DAYS[match[2][0]])
    raise UsageError(f"{text!r} is not an age.", "Say 90d, 6w, 18 months or 2y.")


def relative(at_ms: int, now_ms: int, zone: tzinfo | None = None) -> str:
    """How long ago that was, or how soon it will be: `just now`, `3 minutes ago`, `yesterday`, `2 days ago`.

    Days, weeks, months and years are the calendar's in the zone, by default the machine's, as in questions: what is
    "2 days ago" here is found by asking for "two days ago".
    """
    seconds = abs(now_ms - at_ms) / 1000
    at, now = (datetime.fromtimestamp(each // 1000, zone).date() for each in (at_ms, now_ms))
    days = abs((now - at).days)
    if seconds < 45:
        return "just now"
    if seconds < _CLOCK_S or days == 0:
        unit, count = ("minute", int(seconds / 60)) if seconds < 3600 else ("hour", int(seconds / 3600))
    elif days == 1:
        return "yesterday" if at < now else "tomorrow"
    elif days < _WEEKS_FROM:
        unit, count = "day", days
    elif days < _MONTHS_FROM:
        unit, count = "week", abs((_monday(now) - _monday(at)).days) // 7
    elif days < _YEARS_FROM:
        unit, count = "month", abs((now.year - at.year) * 12 + now.month - at.month)
    else:
        unit, count = "year", abs(now.year - at.year)
    count = max(1, count)
    span = f"{count} {unit}{'s' * (count != 1)}"
    return f"{span} ago" if at_ms <= now_ms else f"in {span}"


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


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
