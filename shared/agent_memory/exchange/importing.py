"""Reading an export: first whether it is whole, then its events, a batch at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agent_memory.exchange import lines
from agent_memory.exchange.batches import Batch, Read, in_batches
from agent_memory.exchange.lines import ExportUnusable

# More than any event has, also with every character escaped.
LINE_MAX_BYTES: Final = 256 << 20


def check(path: Path) -> int:
    """How many events the export has; raises ExportUnusable where it is damaged or no export, OSError."""
    digest = hashlib.sha256()
    last = b""
    count = -1
    for line in _lines(path):
        if count < 0:
            lines.check_header(line)
        if last:
            digest.update(last)
        last = line
        count += 1
    ends = lines.end_of(last)
    if ends is None:
        raise ExportUnusable(f"{path} is not whole: its last line is missing.", "Import what there is with --partial.")
    if (ends.events, ends.sha256) != (count - 1, digest.hexdigest()):
        raise ExportUnusable(f"{path} is damaged: its checksum is another.", "Import what can be read with --partial.")
    return ends.events


def batches(path: Path, *, partial: bool = False) -> Iterator[Batch]:
    """The events, a batch at a time; only a `partial` reading goes past a line that can't be read.

    Raises ExportUnusable, OSError.
    """
    return in_batches(_events(path, partial=partial))


def _events(path: Path, *, partial: bool) -> Iterator[Read]:
    for number, line in enumerate(_lines(path), start=1):
        if number == 1:
            lines.check_header(line)
            continue
        try:
            event = lines.event_of(line)
        except ExportUnusable as error:
            if not partial:
                raise ExportUnusable(f"Line {number} of {path} can't be read: {error}.") from error
            yield f"Line {number} can't be read: {error}.", len(line)
            continue
        if event:
            yield event, len(line)


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while line := file.readline(LINE_MAX_BYTES):
            yield line
