"""Connections: which daemon to talk to."""

from __future__ import annotations

import os

from agent_memory import client
from agent_memory.client import Client
from agent_memory.settings import Settings


def connect(settings: Settings) -> Client:
    """The daemon to read from: the one that serves the settings' store, else the one at their port.

    A path on the command line leaves only the daemon of the store there.
    """
    return connect_to_store(settings) if _names_path(settings) else client.connect(settings)


def connect_to_store(settings: Settings) -> Client:
    """The daemon that serves the settings' store; MEMORY_DAEMON_ADDR's where the command line names no path.

    Never one that only happens to have the port: a change must not be made to another store, nor may another daemon
    see what is to be stored.
    """
    if os.environ.get("MEMORY_DAEMON_ADDR") and not _names_path(settings):
        return client.connect(settings)
    return Client(f"unix:{settings.runtime.grpc_socket}")


def _names_path(settings: Settings) -> bool:
    return settings.sources.get("db_path") == "command line"
