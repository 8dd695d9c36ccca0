"""Launching supervisord. The stack waits for it, so nothing is imported that is not needed for that."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

from agent_memory.control.packaged import packaged
from agent_memory.files import atomic_write
from agent_memory.project_stores import VARIABLE
from agent_memory.settings import Settings

# glibc keeps freed memory in one arena per thread, and raises the size above which it returns memory at once; these
# limits keep the stack small. A batch of 500 events must stay below the mmap threshold: mapping and clearing new pages
# for each copy of a batch took a third of a bulk load's processor time. Other allocators ignore these variables.
_FRUGAL_MALLOC = {"MALLOC_TRIM_THRESHOLD_": "4194304", "MALLOC_MMAP_THRESHOLD_": "1048576"}


# What supervisord runs, with a process's name. Each start reads it again, so a process that is started later
# may be another version's. Only the worker asks language models, so only it gets their keys. -P: the current folder is
# no place to import from.
_RUNNER = """\
#!/bin/sh
# Written by memory-daemon when it starts; starts one of its processes.
{exports}
[ "$1" = worker ] || unset ANTHROPIC_API_KEY OPENAI_API_KEY
exec {python} -P -m "agent_memory.$1"
"""


def write_runner(settings: Settings) -> bytes | None:
    """Have processes that are started from now on be this program's, with these settings; what there was before."""
    path = _runner(settings)
    before = path.read_bytes() if path.exists() else None
    exports = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in settings.environment().items())
    atomic_write(path, _RUNNER.format(exports=exports, python=shlex.quote(sys.executable)).encode())
    return before


def restore_runner(settings: Settings, before: bytes | None) -> None:
    """Have processes be started as before."""
    if before is not None:
        atomic_write(_runner(settings), before)


def _runner(settings: Settings) -> Path:
    """Not in the runtime folder, which a cleaner may remove while the daemon runs."""
    return settings.runtime.logs / ".runner"


def launch(settings: Settings, lock: BinaryIO) -> subprocess.Popen[bytes]:
    """Start supervisord with these settings, in its own session; it holds `lock` while it lives."""
    runtime = settings.runtime
    write_runner(settings)
    environment = {
        **_FRUGAL_MALLOC,
        "MALLOC_ARENA_MAX": str(settings.memory.malloc_arenas),
        # The shell's store is not the daemon's.
        **{name: value for name, value in os.environ.items() if name != VARIABLE},
        **settings.environment(),
        # The children get every setting from here: a config file edited meanwhile must not reach half of the stack.
        "MEMORY_CONFIG": os.devnull,
        # An agent that one of our processes starts, to write a summary for example, must not be captured.
        "MEMORY_HOOK_DISABLED": "1",
        "MEMORY_RUNNER": str(_runner(settings)),
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
