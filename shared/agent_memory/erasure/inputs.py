"""Hooks' inputs that are about what is erased: those that wait in the spool, and those that were kept aside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agent_memory.capture import envelope
from agent_memory.capture.spool import Spool
from agent_memory.erasure.selection import Selection
from agent_memory.errors import AgentMemoryError

# Longer than any time: abandoned ones are searched whenever their writer was lost.
_ALL_S: Final = float("inf")


def about(spool: Spool, selection: Selection) -> Iterator[Path]:
    """The files of the spool that may be about it, by what they hold; each is read, one at a time."""
    found = spool.find(_ALL_S)
    for path in [*found.waiting, *found.abandoned, *spool.rejected.files()]:
        try:
            content = spool.read(path)
        except (OSError, AgentMemoryError):
            continue  # taken in meanwhile, or no file of ours
        # JSON may spell every character as a number.
        texts = (content.decode(errors="replace"), _unescaped(content))
        arrived_ms = envelope.arrived_ms(path.name.lstrip("."))
        if any(selection.mentions(text, arrived_ms) for text in texts):
            yield path


def remove(spool: Spool, selection: Selection) -> int:
    """Delete them; how many there were. Raises OSError."""
    number = 0
    for path in about(spool, selection):
        path.unlink(missing_ok=True)
        number += 1
    return number


def _unescaped(content: bytes) -> str:
    """The text with the escapes of JSON resolved, wherever they stand."""
    return (
        content.decode("raw_unicode_escape", errors="replace")
        .encode("utf-16", "surrogatepass")
        .decode("utf-16", errors="replace")
    )
