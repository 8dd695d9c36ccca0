"""Plugins: hooks of ours that an agent has from a plugin which it installed itself."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from agent_memory.agents.agent import Agent
from agent_memory.hook.install import config_paths, disabled

# What the plugin's hooks call.
PROGRAM: Final = "memory-ingest"


def switched_on_in(agent: Agent, project: Path) -> Path | None:
    """The settings by which our plugin runs, for the user or in that project; None where it does not."""
    switch = agent.hook_files.plugin
    if switch is None:
        return None
    files = [config_paths.user_folder(agent) / name for name in switch.user]
    on: Path | None = None
    for file in (*files, *(project / name for name in switch.project)):
        says = switch.is_on(disabled.read(file))
        if says is not None:
            on = file if says else None
    return on


def problem() -> str:
    """What keeps the plugin's hooks from bringing anything; empty where nothing does."""
    return "" if shutil.which(PROGRAM) else f"The plugin's hooks call {PROGRAM}, which is not on PATH."
