"""The survey: how the hooks of every agent are, for this user and for one project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent_memory.hook.agents import HOOKS
from agent_memory.hook.install import config_paths, disabled, programs, trust
from agent_memory.hook.install.formats import State
from agent_memory.hook.install.installation import Installation, SettingsRefused
from agent_memory.hook.install.programs import Program

# Of a file that can't be read, or that somebody else has written.
UNUSABLE: Final = "unusable"


@dataclass(frozen=True, slots=True)
class HookStatus:
    """The hooks of an agent in one place."""

    agent: str
    # "user" or "project".
    scope: str
    # The program on PATH and its version; empty where there is none, or it does not tell.
    program: str
    version: str
    file: str
    # A State's words, or UNUSABLE.
    state: str
    # What is wrong with the file, or keeps the hooks in it from being run, where something does.
    problem: str
    # Whether the agent was told that it may run them; None where it does not ask.
    trusted: bool | None


def hook_statuses(project: Path, store: str) -> list[HookStatus]:
    """Every agent for this user, and for the project those of which anything is there."""
    found = programs.found(HOOKS)
    rows: list[HookStatus] = []
    for agent in HOOKS:
        program = found.get(agent, Program("", ""))
        rows.append(_status(agent, program, None, store))
        in_project = _status(agent, program, project, store)
        # Of a home that is a project, too, both may be one file.
        if in_project.state != State.ABSENT.value and in_project.file != rows[-1].file:
            rows.append(in_project)
    return rows


def looked_at(agent: str, project: Path | None, store: str) -> tuple[str, State | None, str]:
    """The file, how the hooks in it are, and what is wrong where that can't be told."""
    try:
        installation = Installation(agent, project, store)
    except SettingsRefused as error:
        return error.path, None, error.problem
    return str(installation.path), installation.state, ""


def _status(agent: str, program: Program, project: Path | None, store: str) -> HookStatus:
    file, state, problem = looked_at(agent, project, store)
    config = config_paths.user_folder(agent) / "config.toml"
    if state is State.CURRENT and (switch := disabled.disabled_by(agent, Path(file), config)):
        problem = f"{agent} runs no hooks of ours: they are switched off by {switch} in its settings."
    return HookStatus(
        agent=agent,
        scope="project" if project else "user",
        program=program.path,
        version=program.version,
        file=file,
        state=state.value if state else UNUSABLE,
        problem=problem,
        trusted=trust.is_given(Path(file), config) if (agent, state) == ("codex", State.CURRENT) else None,
    )
