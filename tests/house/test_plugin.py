"""The plugin for Claude Code says what the program says: the same hooks, the same version, commands that there are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from agent_memory import capture
from agent_memory.agents.agent import HOOK_TIMEOUT_S
from agent_memory.agents.claude_code import AGENT
from agents.programs import program

ROOT = Path(__file__).resolve().parents[2]
MARKETPLACE = ROOT / "ops" / "claude-code"
PLUGIN = MARKETPLACE / "agent-memory"
FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
# What Claude Code reads of a skill before it is wanted.
DESCRIPTION_MAX = 1024


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def test_its_hooks_are_those_that_are_installed() -> None:
    """Every hook that is worth connecting and no other, each ending with 0 where memory-ingest is missing."""
    answer = capture.REPLY.decode().strip()
    wanted = {
        hook.event: [
            {
                "hooks": [
                    {
                        "type": "command",
                        "command": f"memory-ingest --agent claude-code {hook.event} 2>/dev/null || echo '{answer}'",
                        "timeout": HOOK_TIMEOUT_S,
                    }
                ]
            }
        ]
        for hook in AGENT.hooks
    }

    assert read(PLUGIN / "hooks" / "hooks.json")["hooks"] == wanted


def test_a_hook_without_the_program_lets_the_agent_go_on(tmp_path: Path) -> None:
    """Nothing on standard error, which the agent would show its user."""
    for matchers in read(PLUGIN / "hooks" / "hooks.json")["hooks"].values():
        command = matchers[0]["hooks"][0]["command"]
        done = subprocess.run(["/bin/sh", "-c", command], env={"PATH": str(tmp_path)}, capture_output=True, check=True)
        assert (done.stdout, done.stderr) == (capture.REPLY, b"")


def test_its_version_is_the_programs() -> None:
    """Who updates the one gets the other's."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]

    assert read(PLUGIN / ".claude-plugin" / "plugin.json")["version"] == version


def test_the_marketplace_leads_to_it() -> None:
    """Under its own name, in its own folder."""
    (entry,) = read(MARKETPLACE / ".claude-plugin" / "marketplace.json")["plugins"]

    assert (MARKETPLACE / entry["source"]).resolve() == PLUGIN
    assert entry["name"] == read(PLUGIN / ".claude-plugin" / "plugin.json")["name"]


@pytest.mark.parametrize("path", sorted(PLUGIN.rglob("*/*.md")), ids=lambda path: str(path.relative_to(PLUGIN)))
def test_skills_and_commands_ask_and_change_nothing(path: Path) -> None:
    """What they let the agent run without asking its user is reading; a description says when they are of use."""
    (head,) = FRONT_MATTER.findall(path.read_text(encoding="utf-8"))
    fields = dict(line.split(": ", 1) for line in head.splitlines())

    assert 0 < len(fields["description"]) <= DESCRIPTION_MAX
    allowed = re.findall(r"Bash\((.*?):\*\)", fields["allowed-tools"])
    reading = {f"memory-daemon {command}" for command in ("query", "query map", "search", "status")}
    assert set(allowed) <= {*reading, "echo"}
    # What a command runs by itself is among what is allowed.
    for line in re.findall(r"^!`(.*?)`", path.read_text(encoding="utf-8"), re.MULTILINE):
        assert any(line.startswith(f"{each} ") for each in allowed)


@pytest.mark.drill
def test_its_own_validator_accepts_it(tmp_path: Path) -> None:
    """The real program, without a warning."""
    claude = program("claude-code")

    for folder in (MARKETPLACE, PLUGIN):
        done = subprocess.run(
            [claude, "plugin", "validate", "--strict", folder],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
