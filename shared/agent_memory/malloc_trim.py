"""Memory: what a process has freed goes back to the system once it has nothing more to do."""

from __future__ import annotations

import ctypes
import threading
import time
from typing import Final

# Between two looks at how much the process has worked.
LOOK_S: Final = 10.0
# Less of the processor than that between two looks is doing nothing; more of it in all may have left memory behind.
IDLE_S: Final = 0.2


class Idleness:
    """Tells when there is something to give back and time for it, by the processor time used up to each look."""

    def __init__(self, used_s: float) -> None:
        self._last_s = self._given_back_s = used_s

    def begins(self, used_s: float) -> bool:
        """Whether there was work since the last time this was so, and hardly any since the last look."""
        idle, self._last_s = used_s - self._last_s < IDLE_S, used_s
        if not idle or used_s - self._given_back_s < IDLE_S:
            return False
        self._given_back_s = used_s
        return True


def give_back() -> None:
    """Give all the memory back that is free. glibc by itself gives back the end of its heap only."""
    # Other systems' allocators do it without being asked.
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)


def trim_when_idle() -> None:
    """Start a thread that does so whenever the process has worked and stops working."""
    threading.Thread(target=_watch, name="memory", daemon=True).start()


def _watch() -> None:
    idleness = Idleness(time.process_time())
    while True:
        time.sleep(LOOK_S)
        if idleness.begins(time.process_time()):
            give_back()
