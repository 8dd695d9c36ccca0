"""Admission: which requests come from the user's own browser and from our own page.

A page on loopback can be reached by every site that the browser shows, and by every user of the machine. So a request
must name us as its host, must not come from elsewhere, and must bring the cookie that a link gave out, once.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from dataclasses import dataclass
from email.message import Message
from http.cookies import CookieError, SimpleCookie
from typing import Final

# 256 bits.
_SECRET_BYTES: Final = 32
# The header of a request that changes something.
TOKEN: Final = "X-Agent-Memory-Token"
_OWN_SITE: Final = ("", "same-origin", "none")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request gets no answer: an HTTP status, and a sentence."""

    status: int
    sentence: str


class Admission:
    """Who may see the page at `port`. For any thread."""

    def __init__(self, port: int) -> None:
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        # Cookies ignore ports: another page of ours on this machine has another name for its own.
        self._cookie_name = f"agent-memory-{port}"
        self._cookie = secrets.token_urlsafe(_SECRET_BYTES)
        self._token = ""
        self._lock = threading.Lock()

    def new_token(self) -> str:
        """The secret of a link that opens the page once; an earlier one no longer does."""
        with self._lock:
            self._token = secrets.token_urlsafe(_SECRET_BYTES)
            return self._token

    def redeem(self, token: str) -> str | None:
        """The cookie to set for whoever brings the token, which is used up; None for a wrong one."""
        with self._lock:
            if not self._token or not hmac.compare_digest(token.encode(), self._token.encode()):
                return None
            self._token = ""
        return f"{self._cookie_name}={self._cookie}; Path=/; HttpOnly; SameSite=Strict"

    def refuse_host(self, hosts: list[str]) -> Refusal | None:
        """A host that is not us: a name of somebody else's that was made to lead here."""
        if len(hosts) == 1 and hosts[0].lower() in self._hosts:
            return None
        return Refusal(421, f"This page is at {self._hosts[0]}.")

    def refuse_origin(self, headers: Message) -> Refusal | None:
        """A request that a page from elsewhere makes."""
        origin = headers.get("Origin")
        is_own = origin is None or origin.lower() in [f"http://{host}" for host in self._hosts]
        if is_own and headers.get("Sec-Fetch-Site", "") in _OWN_SITE:
            return None
        return Refusal(403, "Another site asked for this. Open the page by its own link.")

    def refuse_forged(self, headers: Message, token: str) -> Refusal | None:
        """A change that our page's own program did not ask for: it says where it is from, and the page's token."""
        is_own = headers.get("Origin", "").lower() in [f"http://{host}" for host in self._hosts]
        if is_own and hmac.compare_digest(headers.get(TOKEN, "").encode(), token.encode()):
            return None
        return Refusal(403, "This change was not asked for by the page.")

    def refuse_stranger(self, headers: Message) -> Refusal | None:
        """A request without the cookie."""
        try:
            found = SimpleCookie(headers.get("Cookie", "")).get(self._cookie_name)
        except CookieError:
            found = None
        if found is not None and hmac.compare_digest(found.value.encode(), self._cookie.encode()):
            return None
        return Refusal(401, "This browser has not opened the page by its link yet.")
