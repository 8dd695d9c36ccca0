"""Page tokens: where a page ended, as opaque text that a client sends back for the next one."""

from __future__ import annotations

import base64
import binascii

from agent_memory.errors import UsageError


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def decoded(field: str, token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise no_token(f"{field} {token!r} is not one of ours") from error


def no_token(what: str) -> UsageError:
    return UsageError(what, "Leave it out to begin at the first page.", reason="INVALID_TOKEN")
