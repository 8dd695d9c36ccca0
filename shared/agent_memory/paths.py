"""Paths on this machine: the user's data, configuration and cache, and the runtime folder of a store."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from agent_memory.errors import SettingsError
from agent_memory.files import require_own
from agent_memory.locks import is_taken
from agent_memory.slots import SLOTS

APP = "agent-memory"

# The kernel's sockaddr_un holds 108 bytes, one of them the closing NUL; macOS allows four fewer.
SOCKET_PATH_MAX = 103
LOCK_FILE = "daemon.lock"
_URI_ESCAPES = str.maketrans({"%": "%25", "#": "%23", "?": "%3F"})
# supervisord binds its socket under this name, its own PID at the end, before it renames it.
_LONGEST_NAME = "/supervisor.sock.4194304"


def data_dir() -> Path:
    """`~/.local/share/agent-memory`, or what the platform has in its place; `XDG_DATA_HOME` is honoured."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / APP
    return _xdg("XDG_DATA_HOME", ".local/share") / APP


def default_db_path() -> Path:
    """The store that is used when nothing names another."""
    return data_dir() / "db"


def default_config_path() -> Path:
    """`~/.config/agent-memory/config.toml`; `XDG_CONFIG_HOME` is honoured."""
    return _xdg("XDG_CONFIG_HOME", ".config") / APP / "config.toml"


def of_slot(path: Path, slot: str) -> Path:
    """The socket itself, of the query service in that slot, to which the link at `path` leads."""
    return path.with_name(f"{path.name}-{slot}")


def socket_target(path: Path) -> str:
    """The Unix socket as a gRPC target."""
    return f"unix:{str(path).translate(_URI_ESCAPES)}"


@dataclass(frozen=True, slots=True)
class RuntimePaths:
    """The sockets, the PID file and the logs of a daemon's processes, and their scratch folder for one store."""

    folder: Path
    logs: Path

    # A link to `folder` beside the store, while a stack runs: programs with another environment find it by this.
    link: Path
    # The project store whose scratch folders these are; empty for the default store.
    store: str = ""

    def of_store(self, name: str) -> RuntimePaths:
        """The same daemon's, for another of its stores; empty for the default one."""
        return replace(self, store=name)

    @property
    def scratch(self) -> Path:
        """Where the processes keep what is about one store and is worth nothing without them."""
        return self.folder / "projects" / self.store if self.store else self.folder

    @property
    def pid_file(self) -> Path:
        return self.folder / "daemon.pid"

    @property
    def lock_file(self) -> Path:
        """Held by `start` and by the supervisor it starts: one stack a store."""
        return self.folder / LOCK_FILE

    @property
    def supervisor_socket(self) -> Path:
        return self.folder / "supervisor.sock"

    @property
    def grpc_socket(self) -> Path:
        return self.folder / "grpc.sock"

    @property
    def grpc_target(self) -> str:
        """That socket as a gRPC target, which is a URI: `#`, `?` and `%` in a path need an escape."""
        return socket_target(self.grpc_socket)

    @property
    def hook_socket(self) -> Path:
        """Where the query service takes what hooks send."""
        return self.folder / "hook.sock"

    @property
    def ingest_socket(self) -> Path:
        """Where the writer takes commands."""
        return self.folder / "ingest.sock"

    @property
    def announce_socket(self) -> Path:
        """Where the writer announces its commits."""
        return self.folder / "announce.sock"

    @property
    def ready_socket(self) -> Path:
        """Where processes say that they are ready, while somebody waits for that."""
        return self.folder / "ready.sock"

    @property
    def sockets(self) -> tuple[Path, ...]:
        """All of them. Each is bound again by a process that starts, and is nobody's once the stack has ended."""
        return (
            self.supervisor_socket,
            self.grpc_socket,
            self.hook_socket,
            self.ingest_socket,
            self.announce_socket,
            self.ready_socket,
            *(of_slot(path, slot) for path in (self.grpc_socket, self.hook_socket) for slot in SLOTS["query"]),
        )

    @property
    def commits(self) -> Path:
        """The file in which the writer counts its commits."""
        return self.scratch / "commits"

    @property
    def ingest_lock(self) -> Path:
        """Held by the writer for as long as it lives."""
        return self.folder / "ingest.lock"

    @property
    def worker_lock(self) -> Path:
        """Held by the worker for as long as it lives."""
        return self.folder / "worker.lock"

    @property
    def backup_lock(self) -> Path:
        """Held while a backup of the store is being made: one at a time."""
        return self.scratch / "backup.lock"

    @property
    def proof_lock(self) -> Path:
        """Held by whoever has something erased, and by whoever proves it: one proof."""
        return self.scratch / "proof.lock"

    def secondary(self, process: str) -> Path:
        """The scratch folder of a process's secondary instance."""
        return self.scratch / f"secondary-{process}"

    def crash_times(self, process: str) -> Path:
        """Where a process counts how often in a row it died soon after its start."""
        return self.folder / f"{process}.crash_times"

    def log(self, process: str) -> Path:
        return self.logs / f"{process}.log"


def runtime_paths(db_path: Path) -> RuntimePaths:
    """The runtime folder of the store at `db_path`: a function of the path, so that every program finds it.

    The default store has `$XDG_RUNTIME_DIR/agent-memory` (else `~/.cache/agent-memory`) itself, any other store a
    folder below it named after its path. Where that is too long for a socket's name, a folder in /tmp, named after
    user and path, takes its place ($TMPDIR can be too long as well).

    While a stack runs, it is that stack's folder: cron, su, ssh and tmux have another XDG_RUNTIME_DIR, or none.
    """
    base = _runtime_base()
    store = db_path.expanduser().resolve()
    name = hashlib.sha256(os.fsencode(store)).hexdigest()[:12]
    folder = base if store == default_db_path().resolve() else base / "stores" / name
    if len(os.fsencode(folder)) + len(_LONGEST_NAME) > SOCKET_PATH_MAX:
        folder = Path("/tmp") / f"{APP}-{os.getuid()}-{name}"
    link = store.with_name(f"{store.name}-runtime")
    folder = _linked(link) or folder
    logs = data_dir() / "logs" if store == default_db_path().resolve() else store.parent / f"{store.name}-logs"
    try:
        # In /tmp the name is known to everybody: whoever makes it first would get what is meant for the daemon.
        require_own(folder)
    except OSError as error:
        raise SettingsError(
            f"The folder for the daemon's sockets, {folder}, can't be used: {error.strerror}.",
            "Name another with XDG_RUNTIME_DIR.",
        ) from error
    return RuntimePaths(folder=folder, logs=logs, link=link)


def runtime_folders() -> list[Path]:
    """The runtime folders that there are in this environment, of stores that run and of those that ran."""
    base = _runtime_base()
    return [base, *sorted((base / "stores").glob("*")), *sorted(Path("/tmp").glob(f"{APP}-{os.getuid()}-*"))]


def _runtime_base() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return (Path(runtime) if runtime and Path(runtime).is_absolute() else _xdg("XDG_CACHE_HOME", ".cache")) / APP


def _linked(link: Path) -> Path | None:
    """The runtime folder of the stack that runs now, of whatever environment; None where none runs."""
    try:
        folder = link.readlink()
    except OSError:
        return None
    return folder if is_taken(folder / LOCK_FILE) else None


def _xdg(variable: str, fallback: str) -> Path:
    value = os.environ.get(variable, "")
    # The XDG specification: relative paths are to be ignored.
    return Path(value) if value.startswith("/") else Path.home() / fallback
