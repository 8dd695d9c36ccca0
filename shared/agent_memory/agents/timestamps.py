"""Times as agents and other programs write them, in milliseconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime

# Thirteen digits are the last that are milliseconds; below twelve a number counts seconds (until the year 5138), from
# sixteen on microseconds, from nineteen on nanoseconds.
TIMESTAMP_MS_MAX = 10**13
SECONDS_MAX = 10**11
MICROSECONDS_MIN = 10**15
NANOSECONDS_MIN = 10**18


def timestamp_ms(value: object) -> int | None:
    """Milliseconds since 1970 from a number of seconds or their parts, ISO 8601 or a mail's date; None from others.

    Where no zone is named it is UTC.
    """
    match value:
        case bool():
            return None
        case int() | float():
            return _plausible(_milliseconds(value))
        case str():
            return _from_text(value.strip())
        case _:
            return None


def _milliseconds(number: float) -> float:
    if abs(number) < SECONDS_MAX:
        return number * 1000
    if abs(number) < MICROSECONDS_MIN:
        return number
    return number // (1000 if abs(number) < NANOSECONDS_MIN else 1_000_000)


def _from_text(text: str) -> int | None:
    try:
        return timestamp_ms(float(text))
    except ValueError:
        pass
    try:
        parsed = _parse(text)
        aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        return _plausible(aware.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def _parse(text: str) -> datetime:
    """The time that the text names; raises ValueError where it names none."""
    try:
        return datetime.fromisoformat(text.upper().removesuffix(" UTC"))
    except ValueError:
        from email.utils import parsedate_to_datetime  # no agent has written one so far, and it is slow to import

        return parsedate_to_datetime(text)


def _plausible(milliseconds: float) -> int | None:
    # Compared before it is made an integer: infinity and not-a-number have none.
    return round(milliseconds) if 0 < milliseconds < TIMESTAMP_MS_MAX else None
