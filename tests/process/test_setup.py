"""`setup` and `uninstall`: each step is shown and asked for; what is refused is left alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agent_memory.agents.registry import AGENTS
from support.stack import Stack

AGENT = "gemini-cli"


@pytest.fixture
def machine(shared_stack: Stack, tmp_path: Path) -> dict[str, str]:
    """The environment of a user with one agent and no service manager."""
    program = tmp_path / AGENTS[AGENT].program
    program.write_text("#!/bin/sh\necho 1.2.3\n")
    program.chmod(0o755)
    return {**shared_stack.env, "HOME": str(tmp_path / "home"), "PATH": str(tmp_path)}


def run(stack: Stack, machine: dict[str, str], *words: str, answers: str = "") -> subprocess.CompletedProcess[str]:
    Path(machine["HOME"]).mkdir(exist_ok=True)
    command = [sys.executable, "-P", "-m", "agent_memory.cli.main", *words, "--db-path", str(stack.db_path)]
    return subprocess.run(
        command, input=answers, env=machine, cwd=machine["HOME"], capture_output=True, text=True, check=False
    )


def settings(machine: dict[str, str]) -> Path:
    return Path(machine["HOME"]) / ".gemini" / "settings.json"


def test_everything_is_set_up_and_taken_out_again(shared_stack: Stack, machine: dict[str, str]) -> None:
    """A second run finds nothing to do. The data is left, and said to be; a refused step is left out."""
    done = run(shared_stack, machine, "setup", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no service can be run" in done.stdout
    assert "It is running." in done.stdout
    written = settings(machine).read_text()
    assert '"hooks"' in written
    assert '"mcpServers"' in written

    again = run(shared_stack, machine, "setup")
    assert again.returncode == 0, again.stdout + again.stderr
    assert f"Connected: {AGENT}." in again.stdout
    assert settings(machine).read_text() == written

    out = run(shared_stack, machine, "uninstall", answers="y\ny\nn\n")
    assert out.returncode == 0, out.stdout + out.stderr
    assert "Left out." in out.stdout
    assert f"What is remembered stays, in {shared_stack.db_path}." in out.stdout
    assert not settings(machine).exists()
    with shared_stack.client() as client:
        client.stats()


def test_what_is_refused_is_left_alone(shared_stack: Stack, machine: dict[str, str]) -> None:
    """And a conversation that ends early does nothing more."""
    refused = run(shared_stack, machine, "setup", answers="n\nn\n")
    ended = run(shared_stack, machine, "setup", answers="n\n")

    assert (refused.returncode, refused.stdout.count("Left out.")) == (0, 2)
    assert (ended.returncode, ended.stdout.count("Left out.")) == (1, 1)
    assert ended.stderr.splitlines()[-1].endswith("Add --yes to do it.")
    assert not settings(machine).exists()
