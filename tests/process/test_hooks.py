"""`hooks`: what it says and does, with a daemon behind it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from agent_memory.agents.registry import AGENTS
from support.stack import Stack


@pytest.mark.parametrize("agent", AGENTS)
def test_what_is_said_through_an_installed_hook_arrives_and_leaves_no_trace(shared_stack: Stack, agent: str) -> None:
    """By the command that stands in the agent's settings. It is shown as it would be stored, and is not."""
    if agent == "opencode" and not (shutil.which("opencode") or shutil.which("node")):
        pytest.skip("needs opencode or node")
    refused = shared_stack.run("hooks", "test", agent, check=False)
    assert (refused.returncode, f"memory-daemon hooks install {agent}" in refused.stderr) == (1, True)

    shared_stack.run("hooks", "install", agent)
    with shared_stack.client() as client:
        before = client.stats().events
        arrived = json.loads(shared_stack.run("hooks", "test", agent, "--json").stdout)["events"]
        assert client.stats().events == before
    status = json.loads(shared_stack.run("hooks", "status", "--json").stdout)

    (prompt,) = [event for event in arrived if event["event_type"] == "EVENT_TYPE_USER_MESSAGE"]
    assert (prompt["agent"], f"hooks test {agent}" in prompt["text"]) == (agent, True)
    (shown,) = [each for each in status["hooks"] if each["agent"] == agent]
    assert (shown["scope"], shown["state"]) == ("user", "up to date")
    assert "stays" in shared_stack.run("hooks", "test", agent).stdout
    events = shared_stack.run("query", "events", "--from", "2020", "--to", "now", "--json").stdout
    assert "hooks-test-" not in events


def test_a_dry_run_changes_nothing(shared_stack: Stack) -> None:
    """It shows what would."""
    project = Path(shared_stack.env["HOME"]).parent

    shown = shared_stack.run("hooks", "install", "codex", "claude-code", "--project", "--dry-run").stdout

    assert "DRY RUN - No changes were made" in shown
    assert not (project / ".codex").exists()
    assert not (project / ".claude").exists()


def test_where_one_file_is_refused_none_is_changed(shared_stack: Stack) -> None:
    """The message names the broken one and its line."""
    project = Path(shared_stack.env["HOME"]).parent
    settings = project / ".gemini" / "settings.json"
    settings.parent.mkdir()
    settings.write_text('{\n"a" 1}')

    refused = shared_stack.run("hooks", "install", "codex", "gemini-cli", "--project", check=False)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"{settings}:2: expected ':'" in refused.stderr
    assert not (project / ".codex").exists()
    problems = [each["problem"] for each in json.loads(shared_stack.run("hooks", "status", "--json").stdout)["hooks"]]
    assert any(str(settings) in problem for problem in problems)
