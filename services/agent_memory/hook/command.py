"""The command that goes into an agent's settings: the hook's program in its quickest form."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from agent_memory import capture
from agent_memory.hook import client

_FILE = "run.py"
# Where it is, and where it was: an installation of an earlier version is outdated, not somebody else's.
_FILES = (f"/agent_memory/hook/{_FILE}", f"/agent_memory/capture/{_FILE}")


def command(agent: str, event: str, store: str = "") -> str:
    """What a POSIX shell is to run when that agent's `event` happens; it ends with 0 whatever happens.

    Should our Python be gone one day, the shell itself gives the answer: some agents stop their user cold where a
    hook's command is missing.
    """
    line = shlex.join([*program(store), "--agent", agent, event])
    return f"{line} 2>/dev/null || echo {shlex.quote(capture.REPLY.decode().rstrip())}"


def program(store: str = "") -> list[str]:
    """The program alone: the Python that we run with, told to load nothing that it need not, and the file to run.

    `store` is the one it is to bring events to, where that is not the one it finds by itself.
    """
    named = ["env", f"MEMORY_DB_PATH={store}"] if store else []
    return [*named, sys.executable, "-I", "-S", str(Path(client.__file__).with_name(_FILE))]


def is_ours(line: str) -> bool:
    """Whether that command calls our hook: in its quickest form or as `memory-ingest`, of whichever installation."""
    try:
        words = shlex.split(line)
    except ValueError:
        return False
    return any(word.endswith(_FILES) or Path(word).name == "memory-ingest" for word in words)
