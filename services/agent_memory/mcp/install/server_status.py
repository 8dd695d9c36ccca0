"""Server status: how every client knows our server, for this user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent_memory.hook.install import plugins, programs
from agent_memory.hook.install.formats import State
from agent_memory.hook.install.installation import SettingsRefused
from agent_memory.hook.install.programs import Program
from agent_memory.hook.install.statuses import PLUGIN, UNUSABLE, Status
from agent_memory.mcp.install import plugin_server
from agent_memory.mcp.install.clients import CLIENTS, Client
from agent_memory.mcp.install.installation import ServerInstallation
from agent_memory.settings import Settings


@dataclass(frozen=True, slots=True)
class ServerStatus(Status):
    """Our server, as one client knows it."""

    # What the client starts; empty where it starts nothing of ours.
    command: Sequence[str]


def server_statuses(project: Path, settings: Settings) -> list[ServerStatus]:
    """Every client for this user, and those that have our server by a plugin there."""
    found = programs.found(CLIENTS.values())
    rows: list[ServerStatus] = []
    for client in CLIENTS.values():
        program = found.get(client.name, Program("", ""))
        rows.append(_status(client, program, settings))
        if client.agent and (file := plugins.switched_on_in(client.agent, project)) is not None:
            rows.append(_of_plugin(client, program, file))
    return rows


def command_of(client: Client, project: Path, settings: Settings) -> Sequence[str]:
    """What the client starts, by the plugin before its settings; empty where it starts nothing of ours."""
    if has_plugin(client, project):
        return plugin_server.WORDS
    try:
        return ServerInstallation(client, settings).words()
    except SettingsRefused:
        return []


def has_plugin(client: Client, project: Path) -> bool:
    """Whether the client has our server by a plugin."""
    return client.agent is not None and plugins.switched_on_in(client.agent, project) is not None


def _of_plugin(client: Client, program: Program, file: Path) -> ServerStatus:
    return ServerStatus(
        agent=client.name,
        scope=PLUGIN,
        program=program.path,
        version=program.version,
        file=str(file),
        state=State.CURRENT.value,
        problem=plugin_server.problem(),
        command=plugin_server.WORDS,
    )


def _status(client: Client, program: Program, settings: Settings) -> ServerStatus:
    state, problem, words = UNUSABLE, "", []
    try:
        installation = ServerInstallation(client, settings)
    except SettingsRefused as error:
        file, problem = error.path, error.problem
    else:
        file, state, words = str(installation.path), installation.state.value, installation.words()
    return ServerStatus(
        agent=client.name,
        scope="user",
        program=program.path,
        version=program.version,
        file=file,
        state=state,
        problem=problem,
        command=words,
    )
