"""Connections: which daemon to talk to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from agent_memory import client
from agent_memory.client import Client, Reply
from agent_memory.errors import NotRunning
from agent_memory.model import DEFAULT_STORE
from agent_memory.paths import RuntimePaths
from agent_memory.settings import LOOPBACK, Settings

_answering: Final[ContextVar[Client | None]] = ContextVar("answering", default=None)


@contextmanager
def answering_with(own: Client) -> Iterator[None]:
    """In the block this process is the daemon: it asks itself, with this client."""
    token = _answering.set(own)
    try:
        yield
    finally:
        _answering.reset(token)


def connect(settings: Settings) -> Client:
    """The daemon to read from: the one that serves the settings' store, else the one at their address.

    A path on the command line leaves only the daemon of the store there. At an address of this machine, a daemon of
    another store is as good as none.
    """
    if own := _answering.get():
        return own.of_store(settings.store)
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
    if own := _answering.get():
        return own.of_store(settings.store)
    if os.environ.get("MEMORY_DAEMON_ADDR") and not _names_path(settings):
        return client.connect(settings)
    return at_socket(settings.runtime, client.named_store(settings))


def at_socket(runtime: RuntimePaths, store: str = "") -> Client:
    """The daemon that listens in this runtime folder."""
    return _answering.get() or Client(runtime.grpc_target, store=store)


class _ClientOfStore(Client):
    """A client for the daemon at the settings' port, which asks nothing of a daemon that serves another store.

    That may be another user's, who would see the question, and whose memories would be taken for one's own.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.address, store=client.named_store(settings))
        self._db_path = settings.main_path
        self._is_checked = False

    def _call(self, method: Callable[..., Reply], request: Any, timeout_s: float | None = None) -> Reply:
        if not self._is_checked:
            with self.of_store(DEFAULT_STORE) as default:
                served = default.stats().db_path
            if os.path.realpath(served) != os.path.realpath(self._db_path):
                raise NotRunning(
                    f"No memory daemon runs for {self._db_path}: the one at {self.target} serves another store."
                )
            self._is_checked = True
        return super()._call(method, request, timeout_s)


def _names_path(settings: Settings) -> bool:
    return settings.sources.get("db_path") == "command line"
