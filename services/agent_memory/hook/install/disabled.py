"""Disabled hooks: settings by which a user has switched an agent's hooks off, or only ours."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from agent_memory.agents.agent import Agent
from agent_memory.hook.install import config_paths, jsontext
from agent_memory.hook.install.unusable import Unusable


def disabled_by(agent: Agent, file: Path) -> str:
    """The setting that keeps the hooks in the agent's file from running; empty where they run."""
    where = agent.hook_files
    return where.disabled_by(read(config_paths.user_folder(agent) / where.switches if where.switches else file))


def read(file: Path) -> Mapping[str, object]:
    """The settings in a file of JSON or TOML; none where it can't be read."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        settings = tomllib.loads(text) if file.suffix == ".toml" else jsontext.parse(text, comments=True).value
    except (OSError, ValueError, Unusable):
        return {}
    return settings if isinstance(settings, dict) else {}
