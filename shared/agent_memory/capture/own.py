"""The memory's own commands and tools: what it is asked and answers is no part of the conversation it remembers."""

from __future__ import annotations

import re
from typing import Final

# Of the plugin, or put among a user's own prompts: `/agent-memory:recall`, `/prompts:agent-memory-map`.
_COMMAND: Final = re.compile(r"\s*/(?:prompts:)?agent[-_]memory(?:[:/_-][\w:-]*)?(?=\s|\Z)", re.IGNORECASE)
# Agents put a server's name and a tool's together in their own ways: `mcp__agent-memory__search`,
# `mcp__plugin_agent-memory_agent-memory__search`, `agent_memory/search`.
_TOOL: Final = re.compile(r"(?:\A|[_./:-])agent[-_]?memory(?=[_./:-]|\Z)", re.IGNORECASE)


def is_command(prompt: str) -> bool:
    """Whether the prompt is one of our slash commands, with whatever stands behind it."""
    return _COMMAND.match(prompt) is not None


def is_tool(name: str) -> bool:
    """Whether a tool of that name is one of ours."""
    return _TOOL.search(name) is not None
