"""A provider whose library is not installed: said at once, in a line with what to type, and in nobody's way."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from support.stack import Stack

TOLD = 'summarizer_provider = "anthropic" needs the library anthropic, which is not installed. Install it: '
COMMAND = "-m pip install 'agent-memory[anthropic]'"


@pytest.fixture
def without_library(stack: Stack, tmp_path: Path) -> Stack:
    """A stack whose programs find no such library, and are told to use it."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['anthropic'] = None\n")
    stack.env["PYTHONPATH"] = os.pathsep.join([str(tmp_path), stack.env["PYTHONPATH"]])
    stack.env["MEMORY_SUMMARIZER_PROVIDER"] = "anthropic"
    return stack


@pytest.mark.parametrize("command", [["start"], ["start", "--foreground"], ["config", "validate"]])
def test_it_is_said_before_anything_is_started(without_library: Stack, command: list[str]) -> None:
    done = without_library.run(*command, check=False)

    assert done.returncode == 2
    assert TOLD in done.stderr
    assert COMMAND in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not without_library.db_path.exists()


def test_the_doctor_knows_what_to_type(without_library: Stack) -> None:
    done = without_library.run("doctor", "--json", check=False)

    (found,) = [each for each in json.loads(done.stdout)["findings"] if each["subject"] == "summarizer"]
    assert (done.returncode, found["grade"]) == (1, "wrong")
    assert found["remedy"].endswith(COMMAND)


def test_a_daemon_that_runs_already_is_stopped_all_the_same(stack: Stack, without_library: Stack) -> None:
    """Only what would use it needs it."""
    stack.run("start", env={"MEMORY_SUMMARIZER_PROVIDER": "local"})

    assert "SERVING" in without_library.run("status").stdout
    without_library.run("stop")
