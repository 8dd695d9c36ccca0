"""Secrets that Kubernetes keeps as a resource: the values below `data:` and `stringData:` of a `kind: Secret`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent_memory.redaction.finders.shapes import Span
from agent_memory.redaction.looks.values import is_stand_in
from agent_memory.redaction.patterns import lazily

_KIND: Final = lazily(r"^[ \t]*[\"']?kind[\"']?\s*:\s*[\"']?secret[\"']?\s*,?\s*$", re.IGNORECASE | re.MULTILINE)
_RESOURCE: Final = lazily(r"^---", re.MULTILINE)
# The lines below `data:` that stand further in than it.
_DATA: Final = lazily(
    r"^(?P<indent>[ \t]*)[\"']?(?:data|stringData)[\"']?:[ \t]*\{?[ \t]*\n"
    r"(?P<lines>(?:(?P=indent)[ \t]+[^\n]*(?:\n|\Z)|[ \t]*\n)+)",
    re.MULTILINE,
)
_PAIR: Final = lazily(
    r"^[ \t]+[\"']?(?!user(?:name)?\b)[\w./-]{1,128}[\"']?:[ \t]+"
    r"[\"']?(?P<value>[^\s\"'|>{}#,][^\n\"',]{3,65536}?)[\"']?[ \t]*,?[ \t]*$",
    re.MULTILINE,
)
_BLOCK: Final = lazily(r"^[ \t]+(?P<value>[A-Za-z0-9+/]{16,}={0,2})[ \t]*$", re.MULTILINE)


def kubernetes_secrets(text: str) -> Iterator[Span]:
    """The values of Kubernetes' secrets in the text, in order."""
    if "ecret" not in text or "ata" not in text or not _KIND.search(text):
        return
    start = 0
    for end in [*(each.start() for each in _RESOURCE.finditer(text)), len(text)]:
        if end > start and _KIND.search(text, start, end):
            yield from sorted(_values(text, start, end))
        start = end


def _values(text: str, start: int, end: int) -> Iterator[Span]:
    for data in _DATA.finditer(text, start, end):
        for pattern in (_PAIR, _BLOCK):
            for found in pattern.finditer(text, *data.span("lines")):
                if not is_stand_in(found["value"]):
                    yield *found.span("value"), "kubernetes-secret"
