"""How long to wait before something that failed is tried again."""

from __future__ import annotations

from typing import TypeVar

# Seconds or milliseconds: whatever the caller counts in.
Time = TypeVar("Time", int, float)

# More of them than this exceed any wait, and would at last be too large for a float.
_DOUBLINGS_MAX = 60


def delay(failures: int, first: Time, longest: Time) -> Time:
    """The wait after `failures` in a row: `first` after one, doubled with each further one up to `longest`."""
    return min(first * (1 << min(failures - 1, _DOUBLINGS_MAX)), longest)
