"""CPU affinity: all threads of the query service on one processor at a time.

They take turns at the interpreter's lock anyway. On several processors each turn wakes threads that find the lock
taken again and go back to sleep: that costs seventeen switches per call, and 0.44 ms of processor time instead of 0.25.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

# On Linux, the 37th word behind the program's name is the processor of the thread that reads it (proc_pid_stat(5)).
_STAT = Path("/proc/thread-self/stat")
_PROCESSOR_WORD = 36
_THREADS = Path("/proc/self/task")
# Less processor time than that since the last look is idling, in which nothing is gained.
_BUSY_S = 0.02


class Affinity:
    """Keeps the process's threads together, where the system lets a program choose; does nothing elsewhere."""

    def __init__(self) -> None:
        self._processor: int | None = None
        self._used_s = 0.0

    def follow(self) -> None:
        """Move all other threads to the processor of the calling thread, if the process has worked since the last time.

        The caller itself stays free: the kernel wakes it where there is room, and the others follow. A new thread
        starts on the processor of the thread that starts it.
        """
        before_s, self._used_s = self._used_s, time.process_time()
        if self._used_s - before_s < _BUSY_S:
            return
        with suppress(FileNotFoundError):
            processor = int(_STAT.read_text().rpartition(")")[2].split()[_PROCESSOR_WORD])
            if processor != self._processor:
                self._processor = processor
                for thread in (int(each.name) for each in _THREADS.iterdir()):
                    if thread != os.getpid():
                        with suppress(OSError):  # the thread has ended, or the processor is gone
                            os.sched_setaffinity(thread, {processor})
