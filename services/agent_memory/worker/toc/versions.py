"""Which versions of a node are kept: the last few, and further back ever fewer, so that growth stays linear."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Final

from agent_memory.periods import day_of

LAST_KEPT: Final = 8
# For this long the last version of each day is kept; after that, the last of each month.
DAILY_MS: Final = 30 * 86_400_000

Version = tuple[int, int]  # its number, and when it was written, in milliseconds


def dropped(versions: Sequence[Version], now_ms: int, zone: tzinfo) -> list[int]:
    """The numbers of the versions that need not be kept; a node's `versions` are given in order.

    What was known at the end of a day, and later at the end of a month, is always among those that stay.
    """
    last_of_span = {_span(written_ms, now_ms, zone): number for number, written_ms in versions}
    kept = {*last_of_span.values(), *(number for number, _ in versions[-LAST_KEPT:])}
    return [number for number, _ in versions if number not in kept]


def _span(written_ms: int, now_ms: int, zone: tzinfo) -> str:
    """The day it was written on, of older ones the month."""
    day = day_of(written_ms, zone).first.isoformat()
    return day if now_ms - written_ms < DAILY_MS else day[: len("2026-01")]
