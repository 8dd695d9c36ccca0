"""How a process of the stack lives and dies: a signal, or the supervisor's death, asks it to stop; its loop looks."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from types import FrameType

# How often a waiting loop looks whether its parent still lives: nothing tells it, and one look costs a microsecond.
PARENT_CHECK_MS = 1000
# How often something is tried again that another process of the stack has to do first.
RETRY_MS = 100


def hold_lock(path: Path) -> int | None:
    """Lock the file for as long as the returned descriptor is open; None when another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


class Lifetime:
    """Says when to stop. `fileno()` becomes readable at a signal, so that a loop can wait for it beside its sockets."""

    def __init__(self) -> None:
        self._parent = os.getppid()
        self._stopping = False
        self._wakes, self._waker = socket.socketpair()
        self._wakes.setblocking(False)
        self._waker.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def fileno(self) -> int:
        return self._wakes.fileno()

    @property
    def stopping(self) -> bool:
        """True once asked to stop, or once the parent is gone: an orphan would hold the store's lock for ever."""
        if not self._stopping and os.getppid() != self._parent:
            self._stopping = True
        return self._stopping

    def wait(self, timeout_ms: int) -> None:
        """Wait that long, or until a signal comes."""
        select.select([self._wakes], [], [], timeout_ms / 1000)

    def wait_until(self, condition: Callable[[], bool]) -> bool:
        """Ask again and again until the condition holds; False when the stop came first."""
        while not self.stopping:
            if condition():
                return True
            self.wait(RETRY_MS)
        return False

    def stop(self) -> None:
        """Ask for the stop from inside; safe from any thread."""
        self._stopping = True
        self._waker.send(b"\0")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
