"""Secrets that are known by the place they stand in: between the lines of a private key, before a host's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent_memory.redaction.finders.shapes import Span
from agent_memory.redaction.looks.likeness import Likeness, likeness
from agent_memory.redaction.patterns import lazily

# One of them is in every mark.
KEY_MARKS: Final = ("PRIVATE KEY", "Static key", "STATIC KEY")
_BEGIN: Final = "-----BEGIN "
_END: Final = "-----END "
_KEY: Final = lazily(
    r"(?:[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?|OpenVPN Static key V\d|OPENVPN STATIC KEY)-----", re.ASCII
)
# A line's end as it is, or as JSON and source code write it; lines of a diff or a comment begin with a sign.
_LINES: Final = lazily(r"(?:(?:\\{1,4}[nrt]|[\s\"'+,>#|])*+(?:\d{1,5}[\t :|-]{1,3})?[A-Za-z0-9+/=]{16,}+)++", re.ASCII)
_LINES_REVERSED: Final = lazily(
    r"(?:(?:[nrt]\\{1,4}|[\s\"'+,>#|])*+[A-Za-z0-9+/=]{16,}+(?:[\t :|-]{1,3}\d{1,5}(?!\S))?)++", re.ASCII
)
# What stands between two marks in a program that merely speaks of them has no line of base 64.
_LINE: Final = lazily(r"[A-Za-z0-9+/=]{20}", re.ASCII)
# The end of a private key whose beginning was cut away is looked for in so much text before it.
_LINES_MAX: Final = 16_384

# A host is named after it; what looks like a variable or a gap to fill is none.
_PASSWORD: Final = lazily(r"://([^\s:/@\"'<>]{0,80}):([^\s/@\"'<>]{4,256})@(?=[\w\[{$*])")
# The same without a scheme, as drivers and programs take it: `app:hunter2@tcp(`, `scott/tiger@//`.
_WITHOUT_SCHEME: Final = lazily(
    r"(?<![\w/.@+-])[A-Za-z][\w.-]{0,40}[:/](?P<value>(?=[a-z-]*+[^a-z@-])[^\s/:@\"'<>,;()]{5,128})"
    r"@(?=[a-z]{3,4}\(|//|[A-Za-z\d][\w.-]{1,255}[:/])"
)
_STAND_IN: Final = lazily(
    r"[$%{<*\[]|pserver:|x+\Z|\.+\Z|(?:password|passwd|pass|pw|pwd|secret|token)[\])}>]*\Z", re.IGNORECASE
)


def private_keys(text: str) -> Iterator[Span]:
    """What stands between the marks of a private key; where one of them was cut away, what looks like its lines."""
    if not any(mark in text for mark in KEY_MARKS):
        return
    place = 0
    while (mark := text.find("-----", place)) >= 0:
        begins, ends = text.startswith(_BEGIN, mark), text.startswith(_END, mark)
        key = _KEY.match(text, mark + len(_BEGIN if begins else _END)) if begins or ends else None
        if key is None:
            place = mark + (1 if text.startswith("------", mark) else 5)
        elif begins:
            end = text.find("-----", key.end())
            if end < 0 or not text.startswith(_END, end):
                lines = _LINES.match(text, key.end())
                end = lines.end() if lines else key.end()
            if _LINE.search(text, key.end(), end):
                yield key.end(), end, "private-key"
            # The other mark has no lines of its own before it.
            closing = _KEY.match(text, end + len(_END)) if text.startswith(_END, end) else None
            place = closing.end() if closing else max(end, key.end())
        else:
            lines = _LINES_REVERSED.match(text[max(place, mark - _LINES_MAX) : mark][::-1])
            if lines:
                yield mark - lines.end(), mark, "private-key"
            place = key.end()


def passwords_in_links(text: str) -> Iterator[Span]:
    """The passwords that stand before a host's name."""
    if "://" in text and "@" in text:
        for found in _PASSWORD.finditer(text):
            if not _STAND_IN.match(found[2]):
                yield *found.span(2), "url-password"
    if "@" in text:
        for found in _WITHOUT_SCHEME.finditer(text):
            if likeness(found["value"]) >= Likeness.CHOSEN:
                yield *found.span("value"), "url-password"
