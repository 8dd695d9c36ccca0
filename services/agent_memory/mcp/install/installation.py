"""Installations: our server in a client's settings, by a change of its file or by the client's own command."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from agent_memory.errors import AgentMemoryError
from agent_memory.hook.install import programs
from agent_memory.hook.install.config_paths import ConfigFile
from agent_memory.hook.install.formats import State
from agent_memory.hook.install.installation import SERVERS, Addition
from agent_memory.mcp.install.clients import Client
from agent_memory.mcp.install.command import command, store_in
from agent_memory.mcp.install.json_servers import JsonServers
from agent_memory.mcp.install.toml_servers import TomlServers
from agent_memory.settings import Settings

# Some are Node programs with thousands of files.
TIMEOUT_S: Final = 60


class ServerInstallation(Addition):
    """Our server in one client's settings, for this user."""

    def __init__(self, client: Client, settings: Settings, choice: Sequence[str] = ()) -> None:
        """`settings` are the daemon's, `choice` the options that choose one of its stores.

        Without a choice, a store that the client's settings name stays named; else, where each agent has a store, its
        own is asked. Raises SettingsRefused.
        """
        self.client = client
        own = ["--agent", client.name] if settings.has_agent_stores else []
        self._open(command(settings.main_path, choice or own))
        if not choice and (named := store_in(self.words())):
            self._open(command(settings.main_path, named))

    def _open(self, wanted: list[str]) -> None:
        self._wanted = wanted
        where = self.client.servers
        folder = where.user_folder(os.environ, Path.home())
        kind = TomlServers if where.files[0].endswith(".toml") else JsonServers
        self._format = kind(self._wanted, where)
        super().__init__([ConfigFile(folder / name, self._format) for name in where.files], SERVERS)

    def words(self) -> list[str]:
        """The command by which the client starts our server; empty where it does not know it."""
        return next(iter(self._format.found(self._text).values()), [])

    def own_commands(self, *, removes: bool = False) -> list[list[str]]:
        """Of a client that must change its file itself, what to call for it; empty for any other."""
        where = self.client.servers
        if not where.add:
            return []
        remove = [self.client.program, *where.remove]
        if removes:
            return [remove]
        add = [self.client.program, *where.add, *self._wanted]
        return [add] if self.state is State.ABSENT else [remove, add]

    def runs(self) -> bool:
        """Whether the client's own program is there, to be called."""
        return shutil.which(self.client.program) is not None


def call(words: list[str]) -> None:
    """Let a client change its own settings; raises AgentMemoryError where it fails."""
    try:
        done = programs.call(words, TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AgentMemoryError(f"{words[0]} could not be called: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip() or "it printed nothing"
        raise AgentMemoryError(f"{words[0]} exited with {done.returncode}: {said}")
