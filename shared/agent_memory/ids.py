"""Names of things. Ids of derived things are functions of the events, so that a rebuild gives the same names."""

from __future__ import annotations

import hashlib

from agent_memory.model import Event

# Of the 26 characters of a ULID: https://github.com/ulid/spec
_TIME_LENGTH = 10
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TIME_MAX = (1 << 48) - 1
# How a ULID begins that tells no time.
NO_TIME = "0" * _TIME_LENGTH


def derived_ulid(timestamp_ms: int, *parts: str) -> str:
    """The ULID that stands for `parts` at that time: always the same one for the same arguments."""
    # Loading it takes 50 ms, which most commands and every hook are spared.
    from ulid import ULID

    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
    return str(ULID.from_bytes((timestamp_ms & _TIME_MAX).to_bytes(6, "big") + digest[:10]))


def timed_apart(ulid: str) -> tuple[str, str]:
    """A ULID's time, and what stands for the thing itself."""
    return ulid[:_TIME_LENGTH], ulid[_TIME_LENGTH:]


def began_ms(segment_node_id: str) -> int:
    """When the segment of that id began, in milliseconds."""
    time = segment_node_id.rpartition(":")[2][:_TIME_LENGTH]
    value = 0
    for character in time:
        value = value * len(_DIGITS) + _DIGITS.index(character)
    return value


def segment_node_id(day_id: str, first: Event) -> str:
    """The segment that begins with `first`: `toc:segment:2026-01-30:{ULID}`; stays the same while it grows."""
    day = day_id.removeprefix("toc:day:")
    return f"toc:segment:{day}:{derived_ulid(first.timestamp_ms, 'segment', first.session_id, first.event_id)}"


def grip_id(first: Event, last: Event, excerpt: str) -> str:
    """The grip with that excerpt over the events from `first` to `last`: `grip:{timestamp_ms}:{ULID}`."""
    ulid = derived_ulid(first.timestamp_ms, "grip", first.event_id, last.event_id, excerpt)
    return f"grip:{first.timestamp_ms}:{ulid}"
