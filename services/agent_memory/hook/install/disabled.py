"""Switches: settings by which an agent's user has said that it is to run no hooks, or not ours."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from agent_memory.hook.install import jsontext
from agent_memory.hook.install.unusable import Unusable


def disabled_by(agent: str, file: Path, config: Path) -> str:
    """The setting that keeps hooks from being run, of the agent's file of hooks or Codex's config.toml; else empty."""
    match agent, _read(config if agent == "codex" else file):
        case "claude-code", {"disableAllHooks": True}:
            return "disableAllHooks"
        case "codex", {"features": {"hooks": False}}:
            return "features.hooks"
        case "gemini-cli", {"hooksConfig": {"enabled": False}}:
            return "hooksConfig.enabled"
        case "gemini-cli", {"hooksConfig": {"disabled": [*names]}} if "agent-memory" in names:
            return "hooksConfig.disabled"
        case _:
            return ""


def _read(file: Path) -> Mapping[str, object]:
    try:
        text = file.read_text(encoding="utf-8")
        read = tomllib.loads(text) if file.suffix == ".toml" else jsontext.parse(text, comments=True).value
    except (OSError, ValueError, Unusable):
        return {}
    return read if isinstance(read, dict) else {}
