"""Clients: programs that can start our server. Those whose sessions are remembered, and others that only ask."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from agent_memory.agents import registry
from agent_memory.agents.agent import Agent, McpServers, folder, typed_command


@dataclass(frozen=True, slots=True)
class Client:
    """A program that starts MCP servers."""

    name: str
    # On PATH; empty where there is none.
    program: str
    servers: McpServers
    # Whether the real program was seen to list our tools.
    seen_running: bool
    # The agent it is, where its sessions are remembered, too.
    agent: Agent | None = None


_IS_MAC: Final = sys.platform == "darwin"
_APPLICATIONS: Final = folder("", "Library/Application Support") if _IS_MAC else folder("XDG_CONFIG_HOME", ".config")
_OTHERS: Final = (
    Client(
        "vs-code",
        "code",
        McpServers(
            user_folder=_APPLICATIONS,
            files=("Code/User/mcp.json",),
            within="servers",
            entry=typed_command,
            reads_comments=True,
        ),
        seen_running=False,
    ),
    Client(
        "claude-desktop",
        "claude-desktop",
        McpServers(user_folder=_APPLICATIONS, files=("Claude/claude_desktop_config.json",)),
        seen_running=False,
    ),
)


def _all() -> Mapping[str, Client]:
    agents = [
        Client(agent.name, agent.program, agent.mcp_servers, agent.seen_running, agent)
        for agent in registry.AGENTS.values()
        if agent.mcp_servers
    ]
    return {client.name: client for client in (*agents, *_OTHERS)}


CLIENTS: Final[Mapping[str, Client]] = _all()
