"""Page tokens: where a page ended, short enough to type. A client sends them back for the next page.

A page of children ends with the id of its last child, a page of events with the time and the id of its last event.
"""

from __future__ import annotations

import re
from typing import Final

from agent_memory.errors import UsageError

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
# Nine digits to the base of 36 hold the latest time that an event may have.
_CURSOR: Final = re.compile(r"([0-9a-z]{1,9})\.(.*)", re.DOTALL)


def of_event(timestamp_ms: int, event_id: str) -> str:
    """Where a page ended whose last event that is."""
    digits = ""
    while timestamp_ms:
        timestamp_ms, digit = divmod(timestamp_ms, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return f"{digits or '0'}.{event_id}"


def event_position(cursor: str) -> tuple[int, str]:
    """The time and the id of the page's last event; raises UsageError for text that is no cursor."""
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise no_token(f"cursor {cursor!r} is not one of ours")
    return int(match[1], len(_DIGITS)), match[2]


def no_token(what: str) -> UsageError:
    return UsageError(what, "Leave it out to begin at the first page.", reason="INVALID_TOKEN")
