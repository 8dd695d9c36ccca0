"""Lines of JSON, a record each, read one at a time: a history of any length takes the memory of its longest line."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from agent_memory.capture.history.moments import Broken, Payload, Report
from agent_memory.capture.wire import decoded
from agent_memory.errors import InvalidEvent

# No hook passes on more than this either.
LINE_MAX_BYTES: Final = 64 << 20
_CHUNK_BYTES: Final = 1 << 20

Advance = Callable[[int], None]


def records(path: Path, report: Report, advance: Advance) -> Iterator[tuple[int, Payload]]:
    """The file's records, each with the number of its line; `advance` is told the bytes as they are read.

    A line that is no JSON object is reported and skipped, but for a last one without an end: it is being written.
    Lines end with a newline and nothing else: JSON may hold the other characters that Python splits lines at.
    """
    try:
        # Not blocking: what stands in an agent's folder under a transcript's name need not be a file.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        report(Broken(path, 0, error.strerror or str(error)))
        return
    with os.fdopen(descriptor, "rb", buffering=_CHUNK_BYTES) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            report(Broken(path, 0, "it is no file"))
            return
        number = 0
        while line := file.readline(LINE_MAX_BYTES):
            number += 1
            advance(len(line))
            if len(line) == LINE_MAX_BYTES and not line.endswith(b"\n"):
                report(Broken(path, number, f"the line is longer than {LINE_MAX_BYTES} bytes"))
                while line and not line.endswith(b"\n"):
                    line = file.readline(LINE_MAX_BYTES)
                    advance(len(line))
                continue
            if not line.strip():
                continue
            try:
                yield number, decoded(line)
            except InvalidEvent as error:
                if line.endswith(b"\n"):
                    report(Broken(path, number, str(error)))
