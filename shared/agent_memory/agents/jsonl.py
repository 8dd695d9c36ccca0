"""JSON lines, a record each, read one at a time: a history of any length takes the memory of its longest line.

A program that was killed, or two that wrote at once, leave lines with half a record, with NULs, or with two records.
What can be read of them is read.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from agent_memory.agents.payload import Payload, decoded
from agent_memory.agents.replayed_call import Advance, Broken, Reader, Replay, ReplayedCall, Report
from agent_memory.errors import InvalidEvent

# No hook passes on more than this either.
LINE_MAX_BYTES: Final = 64 << 20
_CHUNK_BYTES: Final = 1 << 20
# So many places in a broken line are looked at for the beginning of a record.
_TRIES_MAX: Final = 64
_DECODER: Final = json.JSONDecoder(strict=False)

# A file by its name, or one that is open: standard input.
Source = Path | BinaryIO


def records(source: Source, report: Report, advance: Advance) -> Iterator[tuple[int, Payload]]:
    """The records, each with the number of its line; `advance` is called with the bytes as they are read.

    A line that is no JSON object is reported and skipped, except a last one without an end: it is still being written.
    Lines end with a newline and nothing else: JSON may hold the other characters that Python splits lines at.
    """
    if not isinstance(source, Path):
        yield from _records(source, Path("-"), report, advance)
        return
    try:
        # Not blocking: in an agent's folder, what has a transcript's name need not be a file.
        descriptor = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        report(Broken(source, 0, error.strerror or str(error)))
        return
    with os.fdopen(descriptor, "rb", buffering=_CHUNK_BYTES) as file:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            yield from _records(file, source, report, advance)
        else:
            report(Broken(source, 0, "it is no file"))


def replay_with(reader: Callable[[Path], Reader]) -> Replay:
    """A function that replays transcripts with such a reader."""
    return partial(_replay, reader)


def _replay(
    make_reader: Callable[[Path], Reader], path: Path, report: Report, advance: Advance
) -> Iterator[tuple[int, ReplayedCall]]:
    reader, line = make_reader(path), 0
    for line, record in records(path, report, advance):
        try:
            calls = list(reader.take(record))
        except Exception as error:
            # A record of a kind that no agent has written so far costs only itself.
            report(Broken(path, line, f"not understood: {error!r}"))
            continue
        yield from ((line, call) for call in calls)
    yield from ((line, call) for call in reader.end())


def _records(file: BinaryIO, path: Path, report: Report, advance: Advance) -> Iterator[tuple[int, Payload]]:
    for number, line in enumerate(_lines(file, advance), start=1):
        if len(line) >= LINE_MAX_BYTES:
            report(Broken(path, number, f"the line is longer than {LINE_MAX_BYTES} bytes"))
        elif line.strip():
            found, problem = objects(line)
            yield from ((number, each) for each in found)
            if problem and line.endswith(b"\n"):
                report(Broken(path, number, problem))


def objects(line: bytes) -> tuple[list[Payload], str]:
    """The JSON objects of a line, usually one, and what is wrong with the rest of it; empty where nothing is."""
    try:
        return [decoded(line)], ""
    except InvalidEvent as error:
        found, whole = _rescued(line)
        return found, "" if whole else str(error)


def _rescued(line: bytes) -> tuple[list[Payload], bool]:
    """The objects that stand one after the other up to the line's end, and whether nothing else does."""
    text = line.decode("utf-8-sig", errors="replace").rstrip()
    start, tries = text.find("{"), 0
    whole = not text[: max(start, 0)].strip()
    while start >= 0 and tries < _TRIES_MAX:
        tries += 1
        try:
            found = list(_one_after_the_other(text, start))
        except (ValueError, RecursionError):
            # Where another record begins in the midst of one that was torn.
            start, whole = text.find('{"', start + 1), False
        else:
            return found, whole
    return [], False


def _one_after_the_other(text: str, start: int) -> Iterator[Payload]:
    while start < len(text):
        value, start = _DECODER.raw_decode(text, start)
        if not isinstance(value, dict):
            raise ValueError("this is no object")
        yield value
        while text[start : start + 1].isspace():
            start += 1


def _lines(file: BinaryIO, advance: Advance) -> Iterator[bytes]:
    """The lines, of one that is too long its beginning."""
    while line := file.readline(LINE_MAX_BYTES):
        advance(len(line))
        rest = line
        while len(rest) == LINE_MAX_BYTES and not rest.endswith(b"\n"):
            rest = file.readline(LINE_MAX_BYTES)
            advance(len(rest))
        yield line
