"""The survey: how the hooks of every agent are, for this user and for one project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent_memory.hook.agents import HOOKS
from agent_memory.hook.install import places, programs, switches, trust
from agent_memory.hook.install.installation import Installation, SettingsRefused
from agent_memory.hook.install.layouts import State
from agent_memory.hook.install.programs import Program

# Of a file that can't be read, or that somebody else has written.
UNUSABLE: Final = "unusable"


@dataclass(frozen=True, slots=True)
class Surveyed:
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


def survey(project: Path, store: str) -> list[Surveyed]:
    """Every agent for this user, and for the project those of which anything is there."""
    found = programs.found(HOOKS)
    rows: list[Surveyed] = []
    for agent in HOOKS:
        program = found.get(agent, Program("", ""))
        rows.append(_surveyed(agent, program, None, store))
        in_project = _surveyed(agent, program, project, store)
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


def _surveyed(agent: str, program: Program, project: Path | None, store: str) -> Surveyed:
    file, state, problem = looked_at(agent, project, store)
    config = places.user_folder(agent) / "config.toml"
    if state is State.CURRENT and (switch := switches.switched_off(agent, Path(file), config)):
        problem = f"{agent} runs no hooks of ours: they are switched off by {switch} in its settings."
    return Surveyed(
        agent=agent,
        scope="project" if project else "user",
        program=program.path,
        version=program.version,
        file=file,
        state=state.value if state else UNUSABLE,
        problem=problem,
        trusted=trust.is_given(Path(file), config) if (agent, state) == ("codex", State.CURRENT) else None,
    )
