"""Readiness: the processes of a starting stack report to whoever started it that they are ready.

They send their names to a socket that is there only during a start. Nobody looks again and again meanwhile.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from agent_memory.paths import RuntimePaths

_NAME_MAX_BYTES = 64


def report(runtime: RuntimePaths, process: str) -> None:
    """Say that the process is ready; to nobody, if it was started again by the supervisor."""
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(process.encode(), str(runtime.ready_socket))


def is_awaited(runtime: RuntimePaths) -> bool:
    """Whether somebody waits for processes to report."""
    return runtime.ready_socket.exists()


class Readiness:
    """Hears what the processes report, from its making to its end as a context."""

    def __init__(self, runtime: RuntimePaths) -> None:
        self._path: Path = runtime.ready_socket
        self._path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._path))
        self._heard: set[str] = set()

    def __enter__(self) -> Readiness:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def wait(self, processes: frozenset[str], timeout_s: float) -> bool:
        """Whether all of these are ready, now or within that time."""
        return self._hear(lambda: processes <= self._heard, timeout_s)

    def wait_for_one(self, processes: Collection[str], timeout_s: float) -> bool:
        """Whether one of these is ready, now or within that time."""
        return self._hear(lambda: not self._heard.isdisjoint(processes), timeout_s)

    def _hear(self, is_enough: Callable[[], bool], timeout_s: float) -> bool:
        while not is_enough() and select.select([self._socket], [], [], timeout_s)[0]:
            self._heard.add(self._socket.recv(_NAME_MAX_BYTES).decode(errors="replace"))
        return is_enough()
