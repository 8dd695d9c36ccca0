"""Launching supervisord. The stack waits for it, so nothing is imported that is not needed for that."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import BinaryIO

from agent_memory.control.packaged import packaged
from agent_memory.project_stores import VARIABLE
from agent_memory.settings import Settings

# glibc keeps freed memory in one arena per thread, and raises the size above which it returns memory at once; these
# limits keep the stack small. A batch of 500 events must stay below the mmap threshold: mapping and clearing new pages
# for each copy of a batch took a third of a bulk load's processor time. Other allocators ignore these variables.
_FRUGAL_MALLOC = {"MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "4194304", "MALLOC_MMAP_THRESHOLD_": "1048576"}


def launch(settings: Settings, lock: BinaryIO) -> subprocess.Popen[bytes]:
    """Start supervisord with these settings, in its own session; it holds `lock` while it lives."""
    runtime = settings.runtime
    environment = {
        **_FRUGAL_MALLOC,
        # The shell's store is not the daemon's.
        **{name: value for name, value in os.environ.items() if name != VARIABLE},
        **settings.environment(),
        # The children get every setting from here: a config file edited meanwhile must not reach half of the stack.
        "MEMORY_CONFIG": os.devnull,
        # An agent that one of our processes starts, to write a summary for example, must not be captured.
        "MEMORY_HOOK_DISABLED": "1",
        "MEMORY_PYTHON": sys.executable,
        "MEMORY_PID_FILE": str(runtime.pid_file),
        "MEMORY_SUPERVISOR_SOCKET": str(runtime.supervisor_socket),
    }
    with runtime.log("supervisor").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "agent_memory.control.supervisord", "-c", str(packaged("supervisord.conf"))],
            # The lock travels as standard input: supervisord closes all other descriptors above 4, and gives its
            # children another standard input, so that only supervisord holds the lock.
            stdin=lock,
            stdout=subprocess.DEVNULL,
            stderr=log,
            cwd=runtime.logs,
            env=environment,
            start_new_session=True,
            umask=0o077,
        )
