"""Times as people write and read them: `yesterday`, `2026-01-30 09:14`, `30m`; `3 minutes ago`, `5 min 12 s`.

Words are understood by phrases/; what stands here are numbers, ISO times, and how a time is shown.
"""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta

from agent_memory.errors import UsageError
from agent_memory.periods import parse_period
from agent_memory.phrases.spans import parse
from agent_memory.store.keys import TIMESTAMP_MAX_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600}
_DAYS = {"d": 1, "day": 1, "w": 7, "week": 7}
_DURATION = re.compile(r"(\d{1,5})\s*(?:(second|sec|s|minute|min|m|hour|h|day|d|week|w)s?)?")
_MILLISECONDS = re.compile(r"\d{5,}", re.ASCII)
# For each unit: its seconds, from how many seconds on it is used, its name.
_UNITS = (
    (365.25 * 86400, 365.25 * 86400, "year"),
    (30.44 * 86400, 60 * 86400, "month"),
    (7 * 86400, 14 * 86400, "week"),
    (86400, 86400, "day"),
    (3600, 3600, "hour"),
    (60, 45, "minute"),
)


def parse_time(text: str, now: datetime, *, end: bool = False) -> int:
    """The time that `text` means, in milliseconds; `now` gives the zone, too.

    Of a span (`yesterday`, `2026-01-30`, `2026-W05`, `last month`) it is the first millisecond, or with `end` the last.
    A time before 1970 becomes 0, one after TIMESTAMP_MAX_MS becomes that. Raises UsageError for a text that means no
    time, or several.
    """
    word = " ".join(text.lower().split())
    if word == "now":
        return _bounded(_milliseconds(now))
    if not parse_period(word):
        if _MILLISECONDS.fullmatch(word):
            return _within_time(word)
        with contextlib.suppress(ValueError, OverflowError):
            written = datetime.fromisoformat(word.upper())
            return _bounded(_milliseconds(written if written.tzinfo else written.replace(tzinfo=now.tzinfo)))

    span, *others = parse(text, now)
    if others:
        raise UsageError(f"{text!r} can mean {' or '.join(each.text for each in (span, *others))}.", "Say which.")
    return _bounded(span.end_ms - 1 if end and not span.is_instant else span.start_ms)


def parse_duration(text: str) -> int:
    """The seconds that `30m`, `2h`, `1 day` or `90` (minutes) last; raises UsageError for any other text."""
    if match := _DURATION.fullmatch(text.strip().lower()):
        unit = match[2] or "m"
        return int(match[1]) * (_SECONDS.get(unit) or _DAYS[unit] * 86_400)
    raise UsageError(f"{text!r} is no length of time.", "Say 30m, 2h or 1d.")


def relative(at_ms: int, now_ms: int) -> str:
    """How long ago that was, or how soon it will be: `just now`, `3 minutes ago`, `in 2 days`."""
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
            f"{digits} is no time: it has {len(digits)} digits, and milliseconds since 1970 have 13 at the most.",
            "Leave out the last 3 digits of microseconds, the last 6 of nanoseconds.",
        )
    return int(digits)


def _bounded(at_ms: int) -> int:
    return min(max(0, at_ms), TIMESTAMP_MAX_MS)


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)
