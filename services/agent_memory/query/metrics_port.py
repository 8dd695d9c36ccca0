"""The metrics port: figures over HTTP, on this machine only, for who scrapes instead of reading a file."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Final

from agent_memory.process.logs import line

log = logging.getLogger(__name__)

ADDRESS: Final = "127.0.0.1"
PATH: Final = "/metrics"
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
# A web page that a browser is led to by a name of its own must not read them: it comes with that name.
HOSTS: Final = ("127.0.0.1", "localhost", "")
# Who has not sent a request by then, or taken the reply, is let go: one is answered at a time.
TIMEOUT_S: Final = 5.0


class MetricsPort:
    """Answers on that port, in a thread of its own; `page` makes the page. 0: any free port."""

    def __init__(self, port: int, page: Callable[[], str]) -> None:
        class Handler(_Handler):
            make_page = staticmethod(page)

        self._server = HTTPServer((ADDRESS, port), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)

    def start(self) -> None:
        self._thread.start()
        log.info(line("metrics", address=f"http://{ADDRESS}:{self.port}{PATH}"))

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def opened(port: int, page: Callable[[], str]) -> MetricsPort | None:
    """The port, at work; None where it is not wanted or can't be had: nothing else waits for it."""
    if not port:
        return None
    try:
        found = MetricsPort(port, page)
    except OSError as error:
        log.error(line("metrics are not served", port=port, reason=error.strerror))
        return None
    found.start()
    return found


class _Handler(BaseHTTPRequestHandler):
    timeout = TIMEOUT_S
    make_page: Callable[[], str]

    def do_GET(self) -> None:
        if self.headers.get("Host", "").partition(":")[0] not in HOSTS:
            self._answer(403, "Ask for 127.0.0.1.\n")
        elif self.path.partition("?")[0] != PATH:
            self._answer(404, f"There is {PATH} here, and nothing else.\n")
        else:
            self._answer(200, self.make_page())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, http.server's name
        log.debug(line("metrics asked for", request=format % args))

    def _answer(self, status: int, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
