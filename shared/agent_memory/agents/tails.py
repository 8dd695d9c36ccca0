"""Tails: the last lines of a transcript, searched from the end."""

from __future__ import annotations

import json
from collections.abc import Iterator


def newest_first(tail: bytes, needle: bytes) -> Iterator[object]:
    """The records of these lines that have the needle in them, the last one first."""
    end = len(tail)
    while (at := tail.rfind(needle, 0, end)) >= 0:
        begin, end = tail.rfind(b"\n", 0, at) + 1, tail.find(b"\n", at, end)
        line = tail[begin : end if end >= 0 else None]
        end = begin
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            continue  # torn at the beginning of the tail, or still being written
