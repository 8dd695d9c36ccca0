"""Preflight: what must hold before a stack is started, checked without changing anything."""

from __future__ import annotations

import errno
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

from agent_memory import credentials
from agent_memory.control.limits import require_open_files
from agent_memory.control.store_lock import is_open, stack_of
from agent_memory.errors import AgentMemoryError, AlreadyRunning, StoreError
from agent_memory.local_zone import local_zone
from agent_memory.settings import Settings
from agent_memory.store import directory
from agent_memory.worker.llm.library import check_library

# Processes whose supervisor was killed notice within a second, and close what they have open.
ORPHANS_GO_S = 8.0
_LOOK_S = 0.05
_OWNER = "Change its owner, or choose another store with --db-path."


def check(settings: Settings, patience_s: float) -> None:
    """Raise the error that a start with these settings would run into.

    Wait up to `patience_s` for a store or port that is still taken: an orphan may be closing it.
    """
    check_library(settings)
    require_open_files()
    credentials.check(settings)
    if not _check_folder(settings.db_path) and not settings.timezone:
        local_zone()  # a new store's days are cut in it
    deadline = time.monotonic() + patience_s
    while is_open(settings.db_path) or _is_listening(settings.grpc_host, settings.grpc_port):
        if time.monotonic() >= deadline:
            raise _store_taken(settings) if is_open(settings.db_path) else _port_taken(settings)
        time.sleep(_LOOK_S)


def check_restart(settings: Settings, address: str) -> None:
    """Raise the error that a start would run into once the daemon that listens on `address` has ended."""
    check_library(settings)
    require_open_files()
    credentials.check(settings)
    _check_folder(settings.db_path)
    # The daemon has its own port, at whatever address of this machine.
    is_own = address.rpartition(":")[2] == str(settings.grpc_port)
    if not is_own and _is_listening(settings.grpc_host, settings.grpc_port):
        raise _port_taken(settings)


def port_problem(settings: Settings) -> str:
    """Why a daemon with these settings could not listen; empty where it could."""
    try:
        return _port_taken(settings).message if _is_listening(settings.grpc_host, settings.grpc_port) else ""
    except AgentMemoryError as error:
        return error.message


def _check_folder(db_path: Path) -> bool:
    """True when the folder holds a store; raises StoreError where none can be opened or made."""
    try:
        nearest = next(path for path in (db_path, *db_path.parents) if path.exists())
    except OSError as error:
        raise StoreError(f"The folder {db_path} can't be reached: {error.strerror}.") from error
    if not nearest.is_dir():
        raise StoreError(f"{nearest} is a file; the store needs a folder.", "Choose another with --db-path.")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise StoreError(f"You can't write to the folder {nearest}.", _OWNER)
    if nearest == db_path and (owner := nearest.stat().st_uid) != os.getuid():
        raise StoreError(f"The folder {nearest} belongs to user {owner}, not to you.", _OWNER)
    # Before anything is created: a mistyped path leaves no trace.
    return directory.has_store(db_path)


def _is_listening(host: str, port: int) -> bool:
    """True when a program listens there; raises AgentMemoryError for an address that nobody can listen on."""
    try:
        candidates = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise AgentMemoryError(
            f"The host {host} has no address ({error.strerror}).", "Use another with --host."
        ) from None
    refusals = [_refusal(family, address) for family, _, _, _, address in candidates]
    if errno.EADDRINUSE in refusals:
        return True
    # One address is enough: "localhost" has an IPv6 address even where there is no IPv6.
    if None not in refusals:
        reason = os.strerror(refusals[0] or 0)
        raise AgentMemoryError(
            f"The daemon can't listen on {host} port {port}: {reason}.", "Choose others with --host and --port."
        )
    return False


def _refusal(family: int, address: tuple[Any, ...]) -> int | None:
    """The error number with which the address can't be bound, None when it can."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As the server does: connections that linger from the last run are no obstacle.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.errno
    return None


def _store_taken(settings: Settings) -> AlreadyRunning:
    if pid := stack_of(settings.db_path):
        return AlreadyRunning(
            f"Memory daemon is running (PID {pid}) already, but its runtime folder was removed.",
            "Run: memory-daemon restart",
            reason="STORE_TAKEN",
        )
    return AlreadyRunning(
        f"Another program has the store {settings.db_path} open, but not as the daemon of {settings.runtime.folder}.",
        "Stop it first: it may be a daemon started with another XDG_RUNTIME_DIR, or an offline command.",
        reason="STORE_TAKEN",
    )


def _port_taken(settings: Settings) -> AlreadyRunning:
    port = settings.grpc_port
    look = f"ss -ltnp 'sport = :{port}'" if sys.platform == "linux" else f"lsof -nP -iTCP:{port} -sTCP:LISTEN"
    return AlreadyRunning(
        f"{_listener(settings.address)} listens on {settings.address} already.",
        f"Choose another port with --port, or with grpc_port in the config file. To see who it is: {look}",
        reason="PORT_TAKEN",
    )


def _listener(address: str) -> str:
    from agent_memory.client import Client

    try:
        # One that has just been started loads what answers this.
        with Client(address, timeout_s=5) as client:
            return f"A memory daemon that serves {client.stats().db_path}"
    except AgentMemoryError:
        return "Another program"
