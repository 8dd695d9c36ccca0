"""The command in an agent's settings: the hook's program in its quickest form."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

from agent_memory import capture
from agent_memory.hook import client
from agent_memory.project_stores import VARIABLE

_FILE = "run.py"
_NAMED_STORE = re.compile(rf"\b{VARIABLE}=([a-z0-9][a-z0-9._-]*)")
# Its path, and its path in an earlier version: an installation of that one is outdated, not somebody else's.
_FILES = (f"/agent_memory/hook/{_FILE}", f"/agent_memory/capture/{_FILE}")


def command(agent: str, event: str, store: str = "", answer: str | None = None, project_store: str = "") -> str:
    """The line for a POSIX shell to run when that agent's `event` happens; it exits 0 whatever happens.

    If our Python is gone one day, the shell itself gives the answer: some agents stop working where a hook's command
    is missing. It does so each time where the agent wants another `answer` than our usual one.
    """
    line = shlex.join([*program(store, project_store), "--agent", agent, event])
    if answer is not None:
        return f"{line} >/dev/null 2>&1; {f'echo {shlex.quote(answer)}' if answer else ':'}"
    return f"{line} 2>/dev/null || echo {shlex.quote(capture.REPLY.decode().rstrip())}"


def program(store: str = "", project_store: str = "") -> list[str]:
    """The program alone: the Python that we run with, without anything it need not load, and the file to run.

    `store` is the path of the one to bring events to, where that is not the one it finds by itself; `project_store` is
    the name of one of its daemon's, where events are to go to that one from every folder.
    """
    variables = {"MEMORY_DB_PATH": store, VARIABLE: project_store}
    named = [f"{variable}={value}" for variable, value in variables.items() if value]
    words = [sys.executable, "-I", "-S", str(Path(client.__file__).with_name(_FILE))]
    return ["env", *named, *words] if named else words


def project_store_in(text: str) -> str:
    """The project store that commands of ours name in an agent's file; empty where they name none."""
    found = _NAMED_STORE.search(text)
    return found[1] if found else ""


def is_ours(line: str) -> bool:
    """Whether that command calls our hook, in its quickest form or as `memory-ingest`, of any installation."""
    try:
        words = shlex.split(line)
    except ValueError:
        return False
    return any(word.endswith(_FILES) or Path(word).name == "memory-ingest" for word in words)
