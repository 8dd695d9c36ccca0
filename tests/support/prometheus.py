"""Prometheus' text format 0.0.4, read as strictly as a scraper reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
_SAMPLE = re.compile(rf"({_NAME})(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? (\S+)")
_UNESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


@dataclass(slots=True)
class Read:
    """A family as it was read: its samples by the values of their labels."""

    kind: str
    help: str
    samples: dict[tuple[tuple[str, str], ...], float] = field(default_factory=dict)


def parse(page: str) -> dict[str, Read]:
    """The page's families by name; raises ValueError where a scraper would refuse it."""
    if not page.endswith("\n"):
        raise ValueError("the last line must end")
    read: dict[str, Read] = {}
    helps: dict[str, str] = {}
    for line in page.split("\n")[:-1]:
        if line.startswith("# HELP "):
            _, _, name, text = line.split(" ", 3)
            if name in helps:
                raise ValueError(f"a second HELP of {name}")
            helps[name] = text
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            if name in read or kind not in ("counter", "gauge", "histogram", "summary", "untyped"):
                raise ValueError(f"not a type, or a second one: {line}")
            read[name] = Read(kind, helps[name])
        else:
            found = _SAMPLE.fullmatch(line)
            if not found or found[1] not in read or found[1] != list(read)[-1]:
                raise ValueError(f"not a sample of the family above it: {line}")
            labels = tuple((name, _plain(value)) for name, value in re.findall(_LABEL, found[2] or ""))
            if labels in read[found[1]].samples:
                raise ValueError(f"a second sample of {labels}")
            read[found[1]].samples[labels] = float(found[found.re.groups])
    return read


def _plain(value: str) -> str:
    return re.sub(r'\\["\\n]', lambda escape: _UNESCAPED[escape[0]], value)
