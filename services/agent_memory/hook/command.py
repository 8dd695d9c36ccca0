"""The command that goes into an agent's settings: the hook's program in its quickest form."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from agent_memory.capture import handover


def command(agent: str, event: str) -> str:
    """What a POSIX shell is to run when that agent's `event` happens; it ends with 0 whatever happens.

    Should our Python be gone one day, the shell itself gives the answer: some agents stop their user cold where a
    hook's command is missing.
    """
    line = shlex.join([*program(), "--agent", agent, event])
    return f"{line} 2>/dev/null || echo {shlex.quote(handover.ANSWER.decode().rstrip())}"


def program() -> list[str]:
    """The program alone: the Python that we run with, told to load nothing that it need not, and the file to run."""
    return [sys.executable, "-I", "-S", str(Path(handover.__file__).with_name("run.py"))]
