"""Times as people type them: `yesterday`, `2 hours ago`, `2026-01-30 09:14`, milliseconds.

Words are understood by phrases/; this module adds numbers and ISO times.
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
_MILLISECONDS = re.compile(r"\d{5,}", re.ASCII)


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
