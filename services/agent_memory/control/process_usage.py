"""What a process uses, by /proc."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process holds now, and the processor time it took since it began."""

    resident_bytes: int
    cpu_s: float
    open_files: int


def age_s(pid: int) -> float | None:
    """For how long the process lives, by a clock that nobody sets; None as for `usage_of`."""
    try:
        began_s = int(_numbers(pid)[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return None
    return time.clock_gettime(time.CLOCK_BOOTTIME) - began_s


def resident_bytes(pid: int) -> int | None:
    """How much memory the process holds; None where it is gone, or on a system without /proc."""
    try:
        return int(_numbers(pid)[21]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return None


def usage_of(pid: int) -> Usage | None:
    """What the process uses; None as for `resident_bytes`."""
    resident = resident_bytes(pid)
    try:
        numbers = _numbers(pid)
        user, system = int(numbers[11]), int(numbers[12])
        open_files = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208, names are enough
    except (OSError, IndexError, ValueError):
        return None
    return Usage(resident or 0, (user + system) / os.sysconf("SC_CLK_TCK"), open_files)


def _numbers(pid: int) -> list[str]:
    # Behind the name in parentheses, which may hold anything, come the state and then numbers: proc_pid_stat(5).
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
