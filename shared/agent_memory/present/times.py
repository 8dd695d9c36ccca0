"""Ages and durations, as they are shown and typed: `3 minutes ago`, `5 min 12 s`, `30m`."""

from __future__ import annotations

import re

from agent_memory.errors import UsageError

_SECONDS = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600}
_DAYS = {"d": 1, "day": 1, "w": 7, "week": 7}
_DURATION = re.compile(r"(\d{1,5})\s*(?:(second|sec|s|minute|min|m|hour|h|day|d|week|w)s?)?")
# For each unit: its seconds, from how many seconds on it is used, its name.
_UNITS = (
    (365.25 * 86400, 365.25 * 86400, "year"),
    (30.44 * 86400, 60 * 86400, "month"),
    (7 * 86400, 14 * 86400, "week"),
    (86400, 86400, "day"),
    (3600, 3600, "hour"),
    (60, 45, "minute"),
)


def parse_duration(text: str) -> int:
    """The seconds that `30m`, `2h`, `1 day` or `90` (minutes) last; raises UsageError for any other text."""
    if match := _DURATION.fullmatch(text.strip().lower()):
        unit = match[2] or "m"
        return int(match[1]) * (_SECONDS.get(unit) or _DAYS[unit] * 86_400)
    raise UsageError(f"{text!r} is not a duration.", "Say 30m, 2h or 1d.")


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
