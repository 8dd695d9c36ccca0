"""Taking secrets out of text that leaves this machine: keys, tokens and passwords in the shapes they are known by."""

from __future__ import annotations

import re
from typing import Final

# A secret's kind and its shape. Where a shape has a group named `secret`, only that is taken out.
_SHAPES: Final = (
    # Without its end, too: a text may have been cut.
    ("private key", r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?:.*?-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|.*)"),
    ("aws key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("github token", r"\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255})"),
    ("gitlab token", r"\bglpat-[\w-]{16,}"),
    ("slack token", r"\bxox[abeoprs]-[\w-]{10,}"),
    ("google key", r"\bAIza[\w-]{30,}"),
    ("stripe key", r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{10,}"),
    ("api key", r"\bsk-[A-Za-z0-9][\w-]{14,}"),
    ("package token", r"\b(?:npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,})"),
    ("web token", r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{4,}"),
    ("authorization", r"\b(?:Bearer|Basic)\s+(?P<secret>[\w.~+/-]{12,}={0,2})"),
    ("password", r"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@]{0,80}:(?P<secret>[^\s/@]{1,200})@"),
    (
        "secret",
        r"""(?ix)\b[\w.-]{0,60}(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)
        \b["']?\s{0,3}(?::=|=>|[:=])\s{0,3}["']?(?P<secret>[^\s"',;]{6,200})""",
    ),
)
_PATTERNS: Final = tuple((kind, re.compile(shape, re.DOTALL)) for kind, shape in _SHAPES)


def redact(text: str) -> str:
    """The text with `[redacted: KIND]` where a secret stood. What is redacted already stays as it is."""
    for kind, pattern in _PATTERNS:
        text = pattern.sub(lambda match, kind=kind: _without_secret(match, kind), text)  # type: ignore[misc]
    return text


def _without_secret(match: re.Match[str], kind: str) -> str:
    found: str = match[0]
    if "secret" not in match.re.groupindex:
        return f"[redacted: {kind}]"
    if match["secret"].startswith("[redacted"):
        return found
    start, end = (place - match.start() for place in match.span("secret"))
    return f"{found[:start]}[redacted: {kind}]{found[end:]}"
