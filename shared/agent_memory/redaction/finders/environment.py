"""Secrets that are known by their file: in a `.env` every value may be one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent_memory.redaction.finders.shapes import Span
from agent_memory.redaction.patterns import lazily

# `.env`, `.env.local`, `prod.env`, also as a shell's command names them; the samples that are checked in are none.
_FILE: Final = lazily(
    r"(?:^|[\s/\"'=])[\w-]*\.env(?:\.(?!example|sample|template|dist|schema|test)[\w-]+)?(?=$|[\s\"';|&)])"
)
_LINE: Final = lazily(
    r"(?:^|\n|\\n)[ \t]*(?:\d+[ \t:→|-]+)?(?:export[ \t]+)?"
    r"[A-Z][A-Z0-9_]{1,60}=(?:\\?[\"'])?([^\s\"'\\#][^\n\"'\\]{0,4096})"
)
# Whoever knows these knows nothing.
_PLAIN: Final = lazily(
    r"(?:true|false|yes|no|on|off|null|none|debug|info|warn(?:ing)?|error|production|prod|development|dev|staging|test|"
    r"local|localhost|[\d.:]+|[a-z]{2}(?:[_-][A-Z]{2})?(?:\.UTF-8)?|https?://(?:localhost|127\.0\.0\.1)[:/\w.-]*|https?://[\w.-]+(?::\d+)?/?|"
    r"redis|memory|memcached|file|files|database|sync|async|log|smtp|sqlite|mysql|pgsql|postgres(?:ql)?|array|cookie|"
    r"public|private|single|daily|stack|json|text|utc|[~.]?/[\w./-]*)\s*\Z",
    re.IGNORECASE,
)
_VALUE_MIN: Final = 4


def is_environment_file(text: str) -> bool:
    """Whether the text, a list of files or a command, names a file of settings for a program's environment."""
    return ".env" in text and _FILE.search(text) is not None


def environment_values(text: str) -> Iterator[Span]:
    """The values of `NAME=value` lines, but for those that are no secret anywhere."""
    for found in _LINE.finditer(text):
        value = found[1].rstrip()
        if len(value) >= _VALUE_MIN and not _PLAIN.match(value) and not value.startswith("${"):
            yield found.start(1), found.start(1) + len(value), "env-value"
