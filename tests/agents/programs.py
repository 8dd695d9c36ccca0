"""The agents' real programs: found on PATH or in the folder that AGENT_PROGRAMS names, and run in a scratch home."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from agent_memory.agents.registry import AGENTS
from support.stack import Stack

SESSION_S = 120


def program(agent: str) -> str:
    """The agent's program; the test is skipped where there is none."""
    path = os.pathsep.join(filter(None, [os.environ.get("AGENT_PROGRAMS"), os.environ["PATH"]]))
    name = AGENTS[agent].program
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def make_ready(stack: Stack) -> None:
    """Have the stack's commands find them where the tests do, and its hooks take as long as a busy machine needs."""
    stack.env["PATH"] = os.pathsep.join(filter(None, [os.environ.get("AGENT_PROGRAMS"), stack.env["PATH"]]))
    stack.env["MEMORY_HOOK_DEADLINE_MS"] = "2500"


def run(stack: Stack, folder: Path, *command: str, **variables: str) -> None:
    """Run it in the folder to its end, which must be a good one."""
    done = subprocess.run(
        command,
        cwd=folder,
        # As a shell would: opencode believes it rather than the system.
        env={**stack.env, **variables, "PWD": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SESSION_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
