"""Live: a stream of server-sent events, one whenever the daemon has stored something, ended or begun.

They say only that something happened; the page then asks for what it shows. While nobody looks, nobody watches.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from typing import Final

from agent_memory.web.daemon_state import DaemonState
from agent_memory.web.idle import Idle

# How often the number of commits, eight bytes of shared memory, is looked at.
_LOOK_S: Final = 0.4
# Only when something is sent does it show that the reader has gone.
_HEARTBEAT_S: Final = 15.0
# The browser comes back after this when the connection breaks.
_RETRY_MS: Final = 2000
# At the end a reader that does not read is not waited for any longer.
_END_MAX_S: Final = 1.0


class Live:
    """The streams of all pages that are open. For any thread; each stream has a `DaemonState` of its own."""

    def __init__(self, daemon: DaemonState, idle: Idle) -> None:
        self.daemon = daemon
        self._idle = idle
        self._ended = threading.Event()
        self._open = 0
        self._one_less = threading.Condition()

    def stream(self, to: BufferedIOBase, store: str) -> None:
        """Write events of that store until the reader is gone, or `end` is called."""
        daemon = DaemonState(self.daemon.db_path, store)
        with self._idle.in_use(), self._counted():
            try:
                to.write(b"retry: %d\n" % _RETRY_MS)
                self._follow(daemon, to)
            except OSError:
                return  # the reader has gone
            finally:
                daemon.close()

    def end(self) -> None:
        """End all streams; their pages are told, unless they do not read."""
        self._ended.set()
        with self._one_less:
            self._one_less.wait_for(lambda: self._open == 0, _END_MAX_S)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._one_less:
            self._open += 1
        try:
            yield
        finally:
            with self._one_less:
                self._open -= 1
                self._one_less.notify_all()

    def _follow(self, daemon: DaemonState, to: BufferedIOBase) -> None:
        known: object = None
        quiet_s = 0.0
        while True:
            found = (daemon.is_up(), daemon.commits())
            if found != known:
                known, quiet_s = found, 0.0
                to.write(b"data: %s\n\n" % json.dumps({"up": found[0]}).encode())
            elif quiet_s >= _HEARTBEAT_S:
                quiet_s = 0.0
                to.write(b": still here\n\n")
            if self._ended.wait(_LOOK_S):
                to.write(b"event: ended\ndata: {}\n\n")
                return
            quiet_s += _LOOK_S
