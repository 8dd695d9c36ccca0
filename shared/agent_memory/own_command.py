"""Own commands: this program's, run in a process of their own by a part of it that has to wait for one."""

from __future__ import annotations

import os
import subprocess
import sys

from agent_memory.errors import AgentMemoryError


def run(*words: str, timeout_s: float) -> subprocess.CompletedProcess[str]:
    """Run the command with its answer as JSON; raises AgentMemoryError where it takes longer than that.

    It asks the daemon of the store, whatever daemon the shell that started this process sends its commands to.
    """
    try:
        return subprocess.run(
            [sys.executable, "-P", "-m", "agent_memory.cli.main", *words, "--json"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            env={name: value for name, value in os.environ.items() if name != "MEMORY_DAEMON_ADDR"},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise AgentMemoryError(f"it took longer than {timeout_s:.0f} s") from error
