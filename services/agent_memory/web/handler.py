"""One request: who it is from, what it asks for, and the headers that keep the page to itself."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from agent_memory.web.admission import Admission, Refusal
from agent_memory.web.answers import Answers, failed, store_meant
from agent_memory.web.assets import Asset
from agent_memory.web.changes import Changes
from agent_memory.web.idle import Idle
from agent_memory.web.live import Live
from agent_memory.web.questions import Given, WrongQuestion

# A connection that says nothing is closed after this.
QUIET_S: Final = 30
# What the page's program sends to have something changed is shorter.
_BODY_MAX_BYTES: Final = 4096
# Where to go on from a refusal, for people.
_AGAIN: Final = "For a new link, press Enter where memory-daemon web runs, or type it again."
_JSON: Final = "application/json; charset=utf-8"
_HTML: Final = "text/html; charset=utf-8"
_HEAD: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>agent-memory</title>'
    '<meta name="viewport" content="width=device-width"><link rel="icon" href="/icon.svg" type="image/svg+xml">'
    '<link rel="stylesheet" href="/style.css">'
)

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Nothing of the memory stays in the browser's files.
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Site:
    """What requests are answered from."""

    admission: Admission
    answers: Answers
    changes: Changes
    assets: Mapping[str, Asset]
    live: Live
    idle: Idle


class SiteServer(ThreadingHTTPServer):
    """A server that has a site."""

    site: Site


class PageHandler(BaseHTTPRequestHandler):
    """Answers one connection's requests, in a thread of its own."""

    protocol_version = "HTTP/1.1"
    timeout = QUIET_S
    server: SiteServer

    def do_GET(self) -> None:
        """The page, one of its files, an answer, or the stream of what happens."""
        if self.headers.get("Content-Length") or self.headers.get("Transfer-Encoding"):
            self.close_connection = True  # what it brings is not read, so the next request could not be told from it
        admission = self.server.site.admission
        address = urlsplit(self.path)
        given = dict(parse_qsl(address.query))
        if refusal := admission.refuse_host(self.headers.get_all("Host", [])):
            self._refuse(refusal)
        elif address.path == "/" and "token" in given:
            # A link may be clicked anywhere, also on a page: its secret stands for where it comes from.
            self._redeem(given["token"])
        elif refusal := admission.refuse_origin(self.headers):
            self._refuse(refusal)
        elif address.path in self.server.site.assets:
            self._send_asset(address.path)
        elif refusal := admission.refuse_stranger(self.headers):
            self._refuse(refusal)
        else:
            self.server.site.idle.touch()
            self._serve(address.path, given)

    def do_POST(self) -> None:
        """A change, which our own page's program asks for."""
        admission, path = self.server.site.admission, urlsplit(self.path).path
        length = self.headers.get("Content-Length", "")
        refusal = (
            admission.refuse_host(self.headers.get_all("Host", []))
            or admission.refuse_origin(self.headers)
            or admission.refuse_stranger(self.headers)
            or admission.refuse_forged(self.headers, self.server.site.answers.token)
        )
        if refusal is None and (not path.startswith("/api/") or not length.isdecimal()):
            refusal = Refusal(404, "There is nothing here.")
        if refusal is None and int(length) > _BODY_MAX_BYTES:
            refusal = Refusal(413, "That is too long.")
        if refusal is not None:
            self.close_connection = True  # its body is not read
            self._refuse(refusal)
            return
        with self.server.site.idle.in_use():
            given = _object(self.rfile.read(int(length)))
            name = path.removeprefix("/api/")
            no_object = failed(400, "That is no JSON object of texts.", "WRONG_QUESTION")
            answer = no_object if given is None else self.server.site.changes.change(name, given)
            self._send(answer.status, _JSON, answer.body)

    def _refuse_method(self) -> None:
        self.close_connection = True  # its body is not read
        self._send(405, "text/plain", b"This is no request of the page.\n", {"Allow": "GET, POST"})

    do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_CONNECT = _refuse_method  # noqa: N815

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is no HTTP, in a line: the standard page would quote what was sent."""
        self.close_connection = True
        self._send(code, "text/plain", b"This is no request that a browser sends.\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it has in the base
        """Nothing is logged: a search is nobody else's business."""

    def _serve(self, path: str, given: Mapping[str, str]) -> None:
        if path == "/":
            self._send_asset("/index.html")
        elif path == "/api/live":
            self._stream(given)
        elif path.startswith("/api/"):
            answer = self.server.site.answers.answer(path.removeprefix("/api/"), given)
            self._send(answer.status, _JSON, answer.body)
        else:
            self._refuse(Refusal(404, "There is nothing here."))

    def _stream(self, given: Given) -> None:
        live = self.server.site.live
        try:
            store = store_meant(live.daemon, given)
        except WrongQuestion as error:
            self._refuse(Refusal(400, str(error)))
            return
        self.close_connection = True
        self._begin(200, {"Content-Type": "text/event-stream", "Connection": "close"})
        live.stream(self.wfile, store)

    def _redeem(self, token: str) -> None:
        if "prefetch" in self.headers.get("Sec-Purpose", self.headers.get("Purpose", "")):
            self._refuse(Refusal(503, "A link that opens once is not to be opened in advance."))
            return
        cookie = self.server.site.admission.redeem(token)
        if cookie is None:
            self._refuse(Refusal(403, f"This link was used before, or is not the latest. {_AGAIN}"))
            return
        self.server.site.idle.touch()
        # No redirection: after one that began on another site, the browser would keep the strict cookie to itself.
        self._send(
            200, _HTML, f'{_HEAD}<meta http-equiv="refresh" content="0; url=/">'.encode(), {"Set-Cookie": cookie}
        )

    def _send_asset(self, path: str) -> None:
        asset = self.server.site.assets[path]
        self._send(200, asset.media_type, asset.content)

    def _refuse(self, refusal: Refusal) -> None:
        """Say why not: in JSON to the page's program, else in a page of its own."""
        if self.path.startswith("/api/"):
            answer = failed(refusal.status, refusal.sentence, "REFUSED")
            self._send(answer.status, _JSON, answer.body)
            return
        again = f"<p>{html.escape(_AGAIN)}" if refusal.status == 401 else ""
        said = f'<main class="refusal"><h1>agent-memory</h1><p>{html.escape(refusal.sentence)}{again}</main>'
        self._send(refusal.status, _HTML, f"{_HEAD}{said}".encode())

    def _send(self, status: int, media_type: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self._begin(status, {"Content-Type": media_type, "Content-Length": str(len(body)), **(headers or {})})
        self.wfile.write(body)

    def _begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response_only(status)
        for name, value in {**_HEADERS, **headers}.items():
            self.send_header(name, value)
        self.end_headers()


def _object(body: bytes) -> Given | None:
    """The JSON object of texts that these bytes are; None where they are none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        return None
    return found
