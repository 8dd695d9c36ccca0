"""Which daemon a command talks to."""

from __future__ import annotations

import os

from agent_memory import client
from agent_memory.client import Client
from agent_memory.settings import Settings


def connect(settings: Settings) -> Client:
    """The daemon to read from: that of the settings' store, else the one at their port.

    Where the command line named a store, that store's and no other.
    """
    return connect_to_store(settings) if _names_store(settings) else client.connect(settings)


def connect_to_store(settings: Settings) -> Client:
    """The daemon that serves the settings' store, or the one MEMORY_DAEMON_ADDR names where nothing names a store.

    Not the one that happens to have the port: what is done to a store must not be done to another, and what is said
    to it is nobody else's to hear.
    """
    if os.environ.get("MEMORY_DAEMON_ADDR") and not _names_store(settings):
        return client.connect(settings)
    return Client(f"unix:{settings.runtime.grpc_socket}")


def _names_store(settings: Settings) -> bool:
    return settings.sources.get("db_path") == "command line"
