"""Places: in which file of an agent's our hooks belong, for this user or for one project, and how it holds them.

Facts about the agents' own programs, as they were found by trying them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from agent_memory.hook.agents import HOOKS
from agent_memory.hook.command import command, program
from agent_memory.hook.install.formats import Connected, Format, OwnFile
from agent_memory.hook.install.json_hooks import JsonHooks
from agent_memory.hook.install.toml_hooks import TomlHooks

# A hook takes a fifth of a second at the most; a machine that has no time for it must not hold up the agent for long.
# Codex grants a session's end no more than this, and complains at every start where more is asked for.
TIMEOUT_S: Final = 3


@dataclass(frozen=True, slots=True)
class Place:
    """A file, which need not exist, and how it holds hooks."""

    path: Path
    format: Format


@dataclass(frozen=True, slots=True)
class _Files:
    """Where an agent looks."""

    # The variable that names a folder in place of `folder`, which is below the user's home; and where in it.
    variable: str
    folder: str
    user: str
    # Below the project's folder.
    project: str


_FILES: Final[Mapping[str, _Files]] = {
    # A project's settings.json is shared with others by git, and a command has paths of this machine in it. Moreover,
    # other agents run what stands there.
    "claude-code": _Files("CLAUDE_CONFIG_DIR", ".claude", "settings.json", ".claude/settings.local.json"),
    "codex": _Files("CODEX_HOME", ".codex", "hooks.json", ".codex/hooks.json"),
    "gemini-cli": _Files("GEMINI_CLI_HOME", "", ".gemini/settings.json", ".gemini/settings.json"),
    "copilot-cli": _Files("COPILOT_HOME", ".copilot", "hooks/agent-memory.json", ".github/hooks/agent-memory.json"),
    "opencode": _Files(
        "XDG_CONFIG_HOME", ".config", "opencode/plugin/agent-memory.js", ".opencode/plugin/agent-memory.js"
    ),
}


def candidates(agent: str, project: Path | None, store: str) -> list[Place]:
    """Where the agent's hooks can be, for the user or for that project; the first is where they belong.

    `store` is the one they are to bring events to, where that is not the one that they find by themselves.
    """
    path = project / _FILES[agent].project if project else user_folder(agent) / _FILES[agent].user
    wanted = [Connected(hook, command(agent, hook.event, store)) for hook in HOOKS[agent]]
    # The command takes the place of the empty one.
    handler: dict[str, object] = {"type": "command", "command": "", "timeout": TIMEOUT_S}
    match agent:
        case "claude-code":
            return [Place(path, JsonHooks(wanted, handler, reads_mark=True))]
        case "codex":
            tables = Place(path.with_name("config.toml"), TomlHooks(wanted, TIMEOUT_S))
            return [Place(path, JsonHooks(wanted, handler)), tables]
        case "gemini-cli":
            handler |= {"name": "agent-memory", "timeout": TIMEOUT_S * 1000}
            return [Place(path, JsonHooks(wanted, handler, reads_comments=True))]
        case "copilot-cli":
            return [Place(path, OwnFile(_copilot_file(wanted)))]
        case _:
            return [Place(path, OwnFile(_plugin([*program(store), "--agent", agent])))]


def project_root(folder: Path) -> Path:
    """The project that the folder belongs to: the nearest above it that is a git checkout, else the folder itself."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)


def user_folder(agent: str) -> Path:
    """The folder that an agent's files for this user are below."""
    where = _FILES[agent]
    named = os.environ.get(where.variable)
    return Path(named).expanduser() if named else Path.home() / where.folder


def _copilot_file(wanted: list[Connected]) -> str:
    handlers = {
        each.hook.event: [{"type": "command", "bash": each.command, "timeoutSec": TIMEOUT_S}] for each in wanted
    }
    return json.dumps({"version": 1, "hooks": handlers}, indent=2, ensure_ascii=False) + "\n"


def _plugin(call: list[str]) -> str:
    template = files("agent_memory.hook").joinpath("opencode.js").read_text(encoding="utf-8")
    return template.replace("@PROGRAM@", json.dumps(call)).replace("@PATIENCE_MS@", str(TIMEOUT_S * 1000))
