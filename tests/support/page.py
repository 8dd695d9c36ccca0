"""The web page's server as a process, and requests to it as a browser makes them."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from support.stack import Stack, wait_until


@dataclass(frozen=True, slots=True)
class Response:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def cookie(self) -> str:
        """What a browser sends back of the cookie that was set."""
        return str(self.headers["Set-Cookie"]).partition(";")[0]


class Page:
    """The server at a link's address."""

    def __init__(self, link: str, pid: int) -> None:
        parts = urlsplit(link)
        self.link, self.pid = link, pid
        self.port = int(parts.port or 0)
        self.host = f"127.0.0.1:{self.port}"
        self.opening = f"{parts.path}?{parts.query}"

    def send(
        self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET", body: str = ""
    ) -> Response:
        """One request on a connection of its own; only these headers, and Host where they have none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in {"Host": self.host, **(headers or {})}.items():
                connection.putheader(name, value)
            if body:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body.encode() or None)
            reply = connection.getresponse()
            return Response(reply.status, reply.headers, reply.read())
        finally:
            connection.close()

    def ask(self, cookie: str, name: str, **given: str) -> Response:
        """A question, as the page's own program asks it."""
        return self.send(f"/api/{name}?{urlencode(given)}", {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"})


@contextmanager
def page(stack: Stack, *options: object) -> Iterator[Page]:
    """`memory-daemon web` while the block runs; afterwards it has ended by itself, or is told to."""
    with stack.spawn("web", *options) as process:
        try:
            assert process.stdout
            link = re.search(r"http://\S+", process.stdout.readline())
            assert link, process.communicate()
            yield Page(link[0], process.pid)
        finally:
            process.terminate()
            wait_until(lambda: process.poll() is not None)
