"""The files of a stack in its runtime folder."""

from __future__ import annotations

from agent_memory.control.log_files import PROCESSES
from agent_memory.paths import RuntimePaths


def clear(runtime: RuntimePaths) -> None:
    """Remove the files that only a running stack may have; to be called with the lock held."""
    for path in (runtime.link, runtime.pid_file, *runtime.sockets, *map(runtime.crash_times, PROCESSES)):
        path.unlink(missing_ok=True)
