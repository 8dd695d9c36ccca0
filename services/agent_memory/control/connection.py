"""Connections: which daemon to talk to."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from agent_memory import client
from agent_memory.client import Client, Reply
from agent_memory.errors import NotRunning
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.settings import LOOPBACK, Settings


def connect(settings: Settings) -> Client:
    """The daemon to read from: the one that serves the settings' store, else the one at their address.

    A path on the command line leaves only the daemon of the store there. At an address of this machine, a daemon of
    another store is as good as none.
    """
    if _names_path(settings):
        return connect_to_store(settings)
    is_named = os.environ.get("MEMORY_DAEMON_ADDR") or settings.grpc_host not in LOOPBACK
    if is_named or settings.runtime.grpc_socket.exists():
        return client.connect(settings)
    return _ClientOfStore(settings)


def connect_to_store(settings: Settings) -> Client:
    """The daemon that serves the settings' store; MEMORY_DAEMON_ADDR's where the command line names no path.

    Never one that only happens to have the port: a change must not be made to another store, nor may another daemon
    see what is to be stored.
    """
    if os.environ.get("MEMORY_DAEMON_ADDR") and not _names_path(settings):
        return client.connect(settings)
    return Client(f"unix:{settings.runtime.grpc_socket}")


class _ClientOfStore(Client):
    """A client for the daemon at the settings' port, which asks nothing of a daemon that serves another store.

    That may be another user's, who would see the question, and whose memories would be taken for one's own.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.address)
        self._db_path = settings.db_path
        self._is_checked = False

    def _call(self, method: Callable[..., Reply], request: Any, timeout_s: float | None = None) -> Reply:
        if not self._is_checked:
            served = super()._call(self._stub.GetStats, pb.GetStatsRequest()).db_path
            if os.path.realpath(served) != os.path.realpath(self._db_path):
                raise NotRunning(
                    f"No memory daemon runs for {self._db_path}: the one at {self.target} serves another store."
                )
            self._is_checked = True
        return super()._call(method, request, timeout_s)


def _names_path(settings: Settings) -> bool:
    return settings.sources.get("db_path") == "command line"
