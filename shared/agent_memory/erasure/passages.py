"""Passages: short stretches of what is erased, by which a scan can tell that it is gone. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent_memory.model import Event
from agent_memory.redaction import MARKER

# Long enough that nobody else said the same by chance, short enough to lie within one line of most texts.
PASSAGE_MAX: Final = 48
# Enough to tell whether the files were rewritten; a scan for more of them would take longer than the erasure.
PASSAGES_MAX: Final = 500
# Shorter ones stand everywhere.
PASSAGE_MIN: Final = 8
# What is stored and quoted as it is: quotation marks, backslashes and control characters are escaped in places.
_PLAIN: Final = re.compile(rf'[^"\\\x00-\x1f\x7f]{{{PASSAGE_MIN},}}')


def passage_of(event: Event, around: str = "") -> str:
    """A passage of the event's text, with `around` in it where that stands there; empty where the text is too short."""
    runs = [run[0] for run in _PLAIN.finditer(event.text)]
    if around:
        wanted = around.casefold()
        for run in runs:
            # Folding may change a text's length; then the passage only lies near.
            if (at := run.casefold().find(wanted)) >= 0:
                begin = max(0, min(at, len(run) - PASSAGE_MAX))
                return run[begin : begin + PASSAGE_MAX].strip()
    longest = max(runs, key=len, default="").strip()
    return longest[:PASSAGE_MAX].strip() if len(longest) >= PASSAGE_MIN else ""


def taken_out(before: str, after: str) -> Iterator[str]:
    """What stood in a text where it has new markers now, as far as it can be stored as it is."""
    place = 0
    kept = [part for part in MARKER.split(after)[::2] if part]
    for part in kept:
        at = before.find(part, place)
        if at < 0:
            return
        yield from _passages(before[place:at])
        place = at + len(part)
    yield from _passages(before[place:])


def _passages(text: str) -> Iterator[str]:
    if not MARKER.fullmatch(text):
        yield from (run[0][:PASSAGE_MAX] for run in _PLAIN.finditer(text))
