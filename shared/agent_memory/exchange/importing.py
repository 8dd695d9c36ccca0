"""Reading an export: first whether it is whole, then its events, a batch at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agent_memory.exchange import lines
from agent_memory.exchange.lines import ExportUnusable
from agent_memory.model import Event

BATCH_EVENTS: Final = 500
BATCH_BYTES: Final = 8 << 20
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


def batches(path: Path, *, partial: bool = False) -> Iterator[tuple[list[Event], list[str]]]:
    """The events, so many at a time, each time with what is wrong with lines that hold none, a sentence each.

    Only a `partial` reading goes past such a line. Raises ExportUnusable, OSError.
    """
    batch: list[Event] = []
    problems: list[str] = []
    size = 0
    for number, line in enumerate(_lines(path), start=1):
        if number == 1:
            lines.check_header(line)
            continue
        try:
            event = lines.event_of(line)
        except ExportUnusable as error:
            if not partial:
                raise ExportUnusable(f"Line {number} of {path} can't be read: {error}.") from error
            problems.append(f"Line {number} can't be read: {error}.")
            continue
        if event:
            batch.append(event)
            size += len(line)
        if len(batch) == BATCH_EVENTS or size >= BATCH_BYTES:
            yield batch, problems
            batch, problems, size = [], [], 0
    if batch or problems:
        yield batch, problems


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while line := file.readline(LINE_MAX_BYTES):
            yield line
