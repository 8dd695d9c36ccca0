"""Limits of this machine that the daemon can't live with."""

from __future__ import annotations

import resource
from typing import Final

from agent_memory.errors import AgentMemoryError

# supervisord asks for so many, and ends where it does not get them: its `minfds`.
OPEN_FILES_MIN: Final = 1024


def open_files_most() -> int:
    """How many files a process may have open at most, however far it raises its own limit."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return 1 << 30 if most == resource.RLIM_INFINITY else most


def require_open_files() -> None:
    """Raise AgentMemoryError where the daemon's processes may not have as many files open as they need."""
    most = open_files_most()
    if most < OPEN_FILES_MIN:
        raise AgentMemoryError(
            f"A process may have {most} files open here; the daemon needs {OPEN_FILES_MIN}.",
            "Raise the hard limit: nofile in /etc/security/limits.conf, or LimitNOFILE of the service.",
        )
