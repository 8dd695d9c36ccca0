"""The command in an agent's settings: the hook's program in its quickest form."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from agent_memory import capture
from agent_memory.hook import client

_FILE = "run.py"
# Its path, and its path in an earlier version: an installation of that one is outdated, not somebody else's.
_FILES = (f"/agent_memory/hook/{_FILE}", f"/agent_memory/capture/{_FILE}")


def command(agent: str, event: str, store: str = "", answer: str | None = None) -> str:
    """The line for a POSIX shell to run when that agent's `event` happens; it exits 0 whatever happens.

    If our Python is gone one day, the shell itself gives the answer: some agents stop working where a hook's command
    is missing. It does so each time where the agent wants another `answer` than our usual one.
    """
    line = shlex.join([*program(store), "--agent", agent, event])
    if answer is not None:
        return f"{line} >/dev/null 2>&1; {f'echo {shlex.quote(answer)}' if answer else ':'}"
    return f"{line} 2>/dev/null || echo {shlex.quote(capture.REPLY.decode().rstrip())}"


def program(store: str = "") -> list[str]:
    """The program alone: the Python that we run with, without anything it need not load, and the file to run.

    `store` is the one to bring events to, where that is not the one it finds by itself.
    """
    named = ["env", f"MEMORY_DB_PATH={store}"] if store else []
    return [*named, sys.executable, "-I", "-S", str(Path(client.__file__).with_name(_FILE))]


def is_ours(line: str) -> bool:
    """Whether that command calls our hook, in its quickest form or as `memory-ingest`, of any installation."""
    try:
        words = shlex.split(line)
    except ValueError:
        return False
    return any(word.endswith(_FILES) or Path(word).name == "memory-ingest" for word in words)
