"""One glance at an event that tells whether it has to be read: nearly every one holds nothing that must be taken out.

The expressions of the redactor look closely, which costs tens of microseconds a text. This one asks only whether
there is anything they could find, in a single pass of RE2 over the event's bytes, whatever these are.
"""

from __future__ import annotations

from typing import Final

import re2

from agent_memory.capture.handover import PRIVATE_MARKS
from agent_memory.redaction.named import STEMS
from agent_memory.redaction.shapes import BASE64_BEGINNINGS, RUN_MIN

_STEM: Final = f"(?i:{'|'.join(STEMS)})"
_PASSWORD: Final = "(?i:pass|pwd)"
_CLOSED: Final = r"(?:\\{0,3}[\"'`])?[\])]{0,2}"
# What stands between a name and its value; the last is what does between a field's name and its value in protobuf.
_SIGN: Final = r"(?:\s*[=:]|,\s*\\*[\"'`]|\s+value=|>|\s(?:is|was)\s|\x12)"
_EVENT: Final = re2.compile(
    "|".join(
        (
            rf"{_PASSWORD}[\w-]*{_CLOSED}{_SIGN}",
            # But for passwords, generators made it; between sign and value a type may stand, or the token's kind.
            rf"{_STEM}[\w-]*{_CLOSED}{_SIGN}\s*(?:\S+\s+(?:\|\s\S+\s*)?(?:=\s*)?)?\S*[A-Z0-9]",
            # A space is enough behind an option, and behind the word bearer.
            rf"(?:-[\w.-]*{_STEM}[\w-]*|(?i:bearer)){_CLOSED}[ \t]+\S*[^a-z\s]",
            # So many of a token's characters with one among them that is in no word.
            *(rf"[\w-]{{{before}}}[A-Z0-9][\w-]{{{RUN_MIN - 1 - before}}}" for before in range(RUN_MIN)),
            "|".join(BASE64_BEGINNINGS),
            r"://\S*@",
            "curl",
            "PRIVATE KEY",
            r"\.env",
            *(re2.escape(mark.decode()) for mark in PRIVATE_MARKS),
        )
    ).encode()
)


def holds_nothing(content: bytes, start: int = 0) -> bool:
    """Whether neither a secret nor a private span can be behind `start` in the bytes of an event or of a text."""
    return _EVENT.search(content, start) is None
