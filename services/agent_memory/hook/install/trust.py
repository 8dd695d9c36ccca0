"""Trust: whether an agent's user has allowed our hooks, where the agent asks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from agent_memory.agents.agent import Agent, HookPlace
from agent_memory.hook.command import is_ours
from agent_memory.hook.install import config_paths, disabled


def is_given(agent: Agent, file: Path) -> bool | None:
    """Whether each of our hooks in that file was allowed; None for an agent that does not ask."""
    trust = agent.hook_files.trust
    if trust is None:
        return None
    answers = disabled.read(config_paths.user_folder(agent) / trust.file)
    names = {str(file), os.path.realpath(file)}
    places = list(_our_places(disabled.read(file)))
    return bool(places) and all(any(trust.is_given(answers, name, place) for name in names) for place in places)


def _our_places(settings: Mapping[str, object]) -> Iterator[HookPlace]:
    hooks = settings.get("hooks")
    for event, groups in hooks.items() if isinstance(hooks, dict) else ():
        # Beside the lists an agent may keep a table of its own.
        for group_number, group in enumerate(groups if isinstance(groups, list) else ()):
            for number, handler in enumerate(group.get("hooks", ()) if isinstance(group, dict) else ()):
                if isinstance(handler, dict) and is_ours(str(handler.get("command", ""))):
                    yield HookPlace(event, group_number, number)
