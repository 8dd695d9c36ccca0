"""The page's own files, from the installed package: all that is served which is no answer of the daemon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file and its media type."""

    content: bytes
    media_type: str


def load() -> Mapping[str, Asset]:
    """Every file by the path that leads to it; a path that is not here leads nowhere, whatever is on the disk."""
    found = {}
    for file in files("agent_memory.web").joinpath("static").iterdir():
        suffix = file.name[file.name.rfind(".") :]
        if suffix in _TYPES:
            found[f"/{file.name}"] = Asset(file.read_bytes(), _TYPES[suffix])
    return found
