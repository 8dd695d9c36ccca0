"""Log filters: `info,agent_memory::ingest=debug`, a level for all and others for parts, as RUST_LOG has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LEVELS: Final = ("trace", "debug", "info", "warn", "error", "off")
# What a filter calls all that we are, and our own name for it.
_ALL: Final = ("memory_daemon", "memory-daemon")
_ROOT: Final = "agent_memory"


def levels(text: str) -> Mapping[str, str]:
    """The level of each logger that the filter names, "" for all; raises ValueError, naming what it can't read.

    Other programs' parts may stand in it: no logger of ours has their names.
    """
    found: dict[str, str] = {}
    for directive in filter(None, (part.strip() for part in text.split(","))):
        target, equals, level = (part.strip() for part in directive.rpartition("="))
        # A name alone means everything of it.
        if not equals and level.lower() not in LEVELS:
            target, level = level, "trace"
        if level.lower() not in LEVELS or (equals and not target):
            raise ValueError(f"{directive!r} is no LEVEL and no PART=LEVEL; a level is one of {', '.join(LEVELS)}")
        found[_logger(target)] = level.lower()
    return found


def _logger(target: str) -> str:
    """The name of the logger: `agent_memory::ingest` is agent_memory.ingest."""
    return _ROOT if target in _ALL else target.replace("::", ".")
