"""Returns freed memory to the system when the process becomes idle."""

from __future__ import annotations

import ctypes
import threading
import time
from typing import Final

# Between two looks at the processor time used.
LOOK_S: Final = 10.0
# Less processor time than that between two looks is idle; more than that in all may have left free memory behind.
IDLE_S: Final = 0.2


class Idleness:
    """Tells when to trim, from the processor time used up to each look."""

    def __init__(self, used_s: float) -> None:
        self._last_s = self._given_back_s = used_s

    def begins(self, used_s: float) -> bool:
        """Whether the process has worked since it was last idle, and has become idle since the last look."""
        idle, self._last_s = used_s - self._last_s < IDLE_S, used_s
        if not idle or used_s - self._given_back_s < IDLE_S:
            return False
        self._given_back_s = used_s
        return True


def give_back() -> None:
    """Return all free memory to the system. By itself glibc returns only the end of its heap."""
    # Other systems' allocators do it by themselves.
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)


def trim_when_idle() -> None:
    """Start a thread that trims whenever the process becomes idle."""
    threading.Thread(target=_watch, name="memory", daemon=True).start()


def _watch() -> None:
    idleness = Idleness(time.process_time())
    while True:
        time.sleep(LOOK_S)
        if idleness.begins(time.process_time()):
            give_back()
