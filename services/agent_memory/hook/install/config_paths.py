"""Config paths: in which file of an agent's our hooks belong, for this user or for one project, and in which format."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent_memory.agents.agent import HOOK_TIMEOUT_S, Agent, HookCommands, JsonSettings
from agent_memory.hook.command import command, program
from agent_memory.hook.install.formats import Connected, Format, OurFile
from agent_memory.hook.install.json_hooks import JsonHooks
from agent_memory.hook.install.toml_hooks import TomlHooks


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A file, which need not exist, and how it holds what we put there."""

    path: Path
    format: Format


def candidates(agent: Agent, project: Path | None, store: str, project_store: str = "") -> list[ConfigFile]:
    """Where the agent's hooks can be, for the user or for that project; the first is where they belong.

    `store` and `project_store` are where they are to bring events to; see `command.program`.
    """
    where = agent.hook_files
    path = project / where.project if project else user_folder(agent) / where.user
    wanted = [
        Connected(hook, command(agent.name, hook.event, store, hook.answer, project_store)) for hook in agent.hooks
    ]
    if where.instead_format and path.with_name(where.instead).exists():
        return [ConfigFile(path.with_name(where.instead), JsonHooks(wanted, where.instead_format))]
    found = [ConfigFile(path, _format(agent, wanted, program(store, project_store)))]
    if where.toml:
        found.append(ConfigFile(path.with_name(where.toml), TomlHooks(wanted, HOOK_TIMEOUT_S)))
    return found


def project_root(folder: Path) -> Path:
    """The project that the folder belongs to: the nearest above it that is a git checkout, else the folder itself."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)


def user_folder(agent: Agent) -> Path:
    """The folder that an agent's files for this user are below."""
    return agent.hook_files.user_folder(os.environ, Path.home())


def _format(agent: Agent, wanted: Sequence[Connected], words: Sequence[str]) -> Format:
    format_ = agent.hook_files.format
    if isinstance(format_, JsonSettings):
        return JsonHooks(wanted, format_)
    lines = {each.hook.event: each.command for each in wanted}
    return OurFile(format_.content(HookCommands([*words, "--agent", agent.name], lines)))
