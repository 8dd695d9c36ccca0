"""Hook status: how every agent's hooks are, for this user and for one project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agent_memory.agents import registry
from agent_memory.agents.agent import Agent
from agent_memory.hook.install import disabled, plugins, programs, trust
from agent_memory.hook.install.formats import State
from agent_memory.hook.install.installation import Installation, SettingsRefused
from agent_memory.hook.install.programs import Program
from agent_memory.hook.install.statuses import PLUGIN, UNUSABLE, Status


@dataclass(frozen=True, slots=True)
class HookStatus(Status):
    """The hooks of an agent in one place."""

    # Whether the user has allowed them; None where the agent does not ask.
    trusted: bool | None


def hook_statuses(project: Path, store: str) -> list[HookStatus]:
    """Every agent for this user, and those for the project that have any of our hooks there."""
    found = programs.found(registry.AGENTS.values())
    rows: list[HookStatus] = []
    for agent in registry.AGENTS.values():
        program = found.get(agent.name, Program("", ""))
        rows.append(_status(agent, program, None, store))
        in_project = _status(agent, program, project, store)
        # In a home that is a project too, both may be one file.
        if in_project.state != State.ABSENT.value and in_project.file != rows[-1].file:
            rows.append(in_project)
        if (file := plugins.switched_on_in(agent, project)) is not None:
            rows.append(_of_plugin(agent, program, file))
    return rows


def _of_plugin(agent: Agent, program: Program, file: Path) -> HookStatus:
    return HookStatus(
        agent=agent.name,
        scope=PLUGIN,
        program=program.path,
        version=program.version,
        file=str(file),
        state=State.CURRENT.value,
        problem=plugins.problem(),
        trusted=None,
    )


def _status(agent: Agent, program: Program, project: Path | None, store: str) -> HookStatus:
    file, state, problem = _found(agent, project, store)
    if state is State.CURRENT and (switch := disabled.disabled_by(agent, Path(file))):
        problem = f"{agent.name} runs no hooks of ours: they are switched off by {switch} in its settings."
    return HookStatus(
        agent=agent.name,
        scope="project" if project else "user",
        program=program.path,
        version=program.version,
        file=file,
        state=state.value if state else UNUSABLE,
        problem=problem,
        trusted=trust.is_given(agent, Path(file)) if state is State.CURRENT else None,
    )


def _found(agent: Agent, project: Path | None, store: str) -> tuple[str, State | None, str]:
    """The file, the state of the hooks in it, and the problem where the state can't be found out."""
    try:
        installation = Installation(agent, project, store)
    except SettingsRefused as error:
        return error.path, None, error.problem
    return str(installation.path), installation.state, ""
