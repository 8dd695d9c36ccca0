"""Own sockets: each query service has its own, and the names that others know are links to those of one that serves."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from agent_memory.errors import AgentMemoryError
from agent_memory.files import atomic_link
from agent_memory.paths import of_slot
from agent_memory.slots import own_slot


def own_socket(path: Path) -> Path:
    """This process's own socket for the name `path`."""
    return of_slot(path, own_slot("query"))


def publish(paths: Iterable[Path]) -> None:
    """Have these names lead here; a caller finds either the one before or this one. Raises AgentMemoryError."""
    for path in paths:
        try:
            atomic_link(path, own_socket(path))
        except OSError as error:
            raise AgentMemoryError(f"The link {path} can't be made: {error.strerror}.") from error
