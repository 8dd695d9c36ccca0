"""JSON lines, a record each, read one at a time: a history of any length takes the memory of its longest line."""

from __future__ import annotations

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
        # Not blocking: what stands in an agent's folder under a transcript's name need not be a file.
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
    """What replays a transcript whose lines such a reader takes."""
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
            try:
                yield number, decoded(line)
            except InvalidEvent as error:
                if line.endswith(b"\n"):
                    report(Broken(path, number, str(error)))


def _lines(file: BinaryIO, advance: Advance) -> Iterator[bytes]:
    """The lines, of one that is too long its beginning."""
    while line := file.readline(LINE_MAX_BYTES):
        advance(len(line))
        rest = line
        while len(rest) == LINE_MAX_BYTES and not rest.endswith(b"\n"):
            rest = file.readline(LINE_MAX_BYTES)
            advance(len(rest))
        yield line
