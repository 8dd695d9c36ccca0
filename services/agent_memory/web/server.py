"""The server of the page: a socket on loopback, a thread for each connection, and an end when nobody looks."""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, Final

from agent_memory.errors import AgentMemoryError
from agent_memory.tcp_peer import GONE, user_at
from agent_memory.web import assets
from agent_memory.web.admission import Admission
from agent_memory.web.answers import Answers
from agent_memory.web.changes import Changes
from agent_memory.web.daemon_state import DaemonState
from agent_memory.web.handler import PageHandler, Site, SiteServer
from agent_memory.web.idle import Idle
from agent_memory.web.live import Live

LOOPBACK: Final = "127.0.0.1"
# A page that is shown holds a stream, which counts as use.
IDLE_S: Final = 30 * 60.0
# Browsers open six for each page.
CONNECTIONS_MAX: Final = 48
_LOOK_S: Final = 1.0


class PageServer(SiteServer):
    """Serves the page of a daemon's store on loopback, at `port` or, for 0, at one that is free.

    The daemon is the one whose default store is at `db_path`.
    """

    daemon_threads = True
    block_on_close = False
    # Else another user's program could have the port beside us.
    allow_reuse_port = False
    request_queue_size = 64

    def __init__(self, db_path: Path, store: str, port: int) -> None:
        try:
            super().__init__((LOOPBACK, port), PageHandler)
        except OSError as error:
            raise AgentMemoryError(
                f"The page can't be served on port {port}: {error.strerror}.",
                "Leave --port out to get one that is free.",
            ) from error
        self.daemon = DaemonState(db_path, store)
        idle = Idle(time.monotonic)
        self.site = Site(
            Admission(self.port),
            Answers(self.daemon),
            Changes(self.daemon),
            assets.load(),
            Live(self.daemon, idle),
            idle,
        )
        self._connections = threading.BoundedSemaphore(CONNECTIONS_MAX)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])

    def new_link(self) -> str:
        """An address that opens the page once."""
        return f"http://{LOOPBACK}:{self.port}/?token={self.site.admission.new_token()}"

    def serve_until_idle(self, stopping: threading.Event, idle_s: float = IDLE_S) -> bool:
        """Serve until `stopping` is set, or nobody has used the page for so long; whether that was it."""
        thread = threading.Thread(target=self.serve_forever, name="accept", daemon=True)
        thread.start()
        try:
            while not stopping.wait(_LOOK_S):
                if self.site.idle.seconds() >= idle_s:
                    return True
            return False
        finally:
            self.site.live.end()
            self.shutdown()
            thread.join()
            self.server_close()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether it is this user, or root, who has connected; on Linux the kernel tells."""
        uid = user_at(client_address[0], client_address[1], self.port)
        return uid is None or (uid != GONE and uid in (0, os.getuid()))

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._connections.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that has gone is no error; a defect is told, without what was asked or answered."""
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
            print(f"Unexpected: {where}; please report it.", file=sys.stderr)
