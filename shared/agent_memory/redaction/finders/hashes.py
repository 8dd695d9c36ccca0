"""Hashes of passwords, as /etc/shadow, .htpasswd, databases and frameworks keep them: they can be cracked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent_memory.redaction.finders.shapes import Span
from agent_memory.redaction.patterns import lazily

_CRYPT: Final = r"[./A-Za-z0-9]"
_BASE64: Final = r"[A-Za-z0-9+/_.-]"
# As Python's web frameworks write it behind the algorithm's name.
_FRAMEWORK: Final = rf"\$(?:\d{{1,9}}\$)?[^$\s\"':]{{1,64}}\${_BASE64}{{20,256}}={{0,2}}"
# Each with what stands in every text that it finds anything in.
_HASHES: Final = tuple(
    (mark, lazily(pattern, re.VERBOSE | re.ASCII))
    for mark, pattern in (
        (
            "$",
            rf"""\$ (?<![\w$]\$) (?:
                2[abxy]?\$\d\d\${_CRYPT}{{53}}
              | (?:1|apr1)\${_CRYPT}{{1,8}}\${_CRYPT}{{22}}
              | [89]\${_CRYPT}{{8,16}}\${_CRYPT}{{43}}
              | 5\$(?:rounds=\d{{1,9}}\$)?[^$\s:]{{1,16}}\${_CRYPT}{{43}}
              | 6\$(?:rounds=\d{{1,9}}\$)?[^$\s:]{{1,16}}\${_CRYPT}{{86}}
              | (?:y|gy|7)\${_CRYPT}{{3,12}}\${_CRYPT}{{1,86}}\${_CRYPT}{{43}}
              | sha1\$\d{{1,9}}\${_CRYPT}{{4,64}}\${_CRYPT}{{28}}
              | argon2(?:id|i|d)\$(?:v=\d{{1,4}}\$)?(?:[mtp]=\d{{1,9}},?){{3}}\${_BASE64}{{8,128}}\${_BASE64}{{16,256}}
              | (?:scrypt|pbkdf2(?:-sha\d{{1,3}})?|bcrypt-sha256)
                \$[\w=,.]{{1,60}}\${_BASE64}{{2,128}}\${_BASE64}{{16,256}}
              | [PHS]\${_CRYPT}{{31,52}}
            )""",
        ),
        *(
            (name, rf"{name}(?:\d|_sha\d{{1,3}}|:sha\d{{1,3}})?(?::\d{{1,9}}){{0,3}}{_FRAMEWORK}")
            for name in ("pbkdf2", "bcrypt", "argon2", "scrypt", "md5", "sha1")
        ),
        (
            "SCRAM-SHA",
            r"SCRAM-SHA-(?:1|256|512)\$\d{1,9}:[A-Za-z0-9+/=]{8,128}\$[A-Za-z0-9+/=]{20,128}:[A-Za-z0-9+/=]{20,128}",
        ),
        ("{", r"\{(?:S?SHA(?:256|384|512)?|S?MD5|PBKDF2[\w-]{0,12}|CRYPT|ARGON2)\}[\w+/$.=,-]{22,256}"),
        ("*", r"\*[0-9A-F]{40}(?![0-9A-Za-z])"),
        (
            ":::",
            rf":(?P<hash>[0-9a-fA-F]{{32}}:[0-9a-fA-F]{{32}})(?=:::)|:(?P<crypt>{_CRYPT}{{13}})(?=:\d{{4,6}}:\d{{0,5}}:\d{{0,5}}:)",
        ),
        ("md5", r"\bmd5[0-9a-f]{32}(?![0-9a-f])"),
    )
)
_DISTINCT_MIN: Final = 10


def password_hashes(text: str) -> Iterator[Span]:
    """The hashes of passwords in the text, in order."""
    yield from sorted(_found(text))


def _found(text: str) -> Iterator[Span]:
    for mark, pattern in _HASHES:
        if mark in text:
            for found in pattern.finditer(text):
                group = found.lastgroup or 0
                if len(set(found[group])) > _DISTINCT_MIN:
                    yield *found.span(group), "password-hash"
