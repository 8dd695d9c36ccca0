"""JSON lines, a record each, read one at a time: a history of any length takes the memory of its longest line.

A program that was killed, or two that wrote at once, leave lines with half a record, with NULs, or with two records.
What can be read of them is read.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from agent_memory.agents.payload import Payload, decoded
from agent_memory.agents.replayed_call import Advance, Broken, Reader, Replay, ReplayedCall, Report, known_calls
from agent_memory.errors import InvalidEvent

# No hook passes on more than this either.
LINE_MAX_BYTES: Final = 64 << 20
_CHUNK_BYTES: Final = 1 << 20
# What is read of a broken line before it is given up, counted again from each place that may begin a record.
_RESCUE_MAX: Final = 4 * LINE_MAX_BYTES
# Between a record's beginning and its end, programs take less.
_LEFT_S: Final = 60
_DOCUMENT_BEGINS: Final = (b"{", b"[")
_GOES_ON: Final = (",", "]", "}")
_DECODER: Final = json.JSONDecoder(strict=False)

# A file by its name, or one that is open: standard input.
Source = Path | BinaryIO


def records(
    source: Source, report: Report, advance: Advance, *, is_utf8: bool = False
) -> Iterator[tuple[int, Payload]]:
    """The records, each with the number of its line; `advance` is called with the bytes as they are read.

    With `is_utf8`, a line in another encoding is reported and skipped; else what is no UTF-8 of it becomes U+FFFD.

    A line that is no JSON object is reported and skipped, except a last one without an end while it is being written.
    Lines end with a newline and nothing else: JSON may hold the other characters that Python splits lines at.
    """
    if not isinstance(source, Path):
        yield from _records(source, Path("-"), report, advance, is_utf8=is_utf8)
        return
    try:
        # Not blocking: in an agent's folder, what has a transcript's name need not be a file.
        descriptor = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        report(Broken(source, 0, error.strerror or str(error)))
        return
    with os.fdopen(descriptor, "rb", buffering=_CHUNK_BYTES) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            report(Broken(source, 0, "it is no file"))
            return
        try:
            yield from _records(file, source, report, advance, is_utf8=is_utf8)
        except OSError as error:
            report(Broken(source, 0, f"not read to its end: {error.strerror or error}"))


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
    end = known_calls(reader.end(), lambda reason: report(Broken(path, line, reason)))
    yield from ((line, call) for call in end)


def _records(
    file: BinaryIO, path: Path, report: Report, advance: Advance, *, is_utf8: bool
) -> Iterator[tuple[int, Payload]]:
    for number, line in enumerate(_lines(file, advance), start=1):
        if number == 1 and begins_document(line):
            rest = file.read(LINE_MAX_BYTES)
            advance(len(rest))
            if is_utf8 and (problem := _not_utf8(line + rest)):
                report(Broken(path, 1, problem))
                return
            found, problem = document(line + rest)
            yield from ((1, each) for each in found)
            if problem:
                report(Broken(path, 1, problem))
            return
        if len(line) >= LINE_MAX_BYTES:
            report(Broken(path, number, f"the line is longer than {LINE_MAX_BYTES} bytes"))
        elif is_utf8 and (problem := _not_utf8(line)):
            report(Broken(path, number, problem))
        elif line.strip():
            found, problem = objects(line)
            yield from ((number, each) for each in found)
            if problem and (line.endswith(b"\n") or _is_left(path)):
                report(Broken(path, number, problem))


def _not_utf8(line: bytes) -> str:
    """Where the line stops being UTF-8, and what to do about it; empty where it is."""
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1} is not UTF-8; convert the file with iconv, for example from LATIN1"
    return ""


def _is_left(path: Path) -> bool:
    """Whether nobody has written to the file for a while: what it ends with is all there will be."""
    with suppress(OSError):
        return time.time() - path.stat().st_mtime > _LEFT_S
    return False


def begins_document(data: bytes) -> bool:
    """Whether what begins so is a document over several lines: its first line holds no more than a bracket."""
    return data.lstrip().partition(b"\n")[0].strip() in _DOCUMENT_BEGINS


def document(data: bytes) -> tuple[list[Payload], str]:
    """The objects of a JSON document over several lines, an object or a list of them, and what is wrong with the rest.

    Early versions of some agents write such transcripts, each time all of it.
    """
    try:
        value = json.loads(data.decode("utf-8-sig", errors="replace"), strict=False)
    except (ValueError, RecursionError):
        return objects(data)
    found: list[Payload] = []
    problem = ""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            try:
                found.append(decoded(json.dumps(each).encode()))
            except (InvalidEvent, RecursionError) as error:
                problem = str(error)
    return found, problem


def objects(line: bytes) -> tuple[list[Payload], str]:
    """The JSON objects of a line, usually one, and what is wrong with the rest of it; empty where nothing is."""
    try:
        return [decoded(line)], ""
    except InvalidEvent as error:
        found, whole = _rescued(line)
        return found, "" if whole else str(error)


def _rescued(line: bytes) -> tuple[list[Payload], bool]:
    """The objects that stand one after the other in the line, and whether nothing else does."""
    text = line.decode("utf-8-sig", errors="replace").rstrip()
    found: list[Payload] = []
    end, whole, is_torn, read = 0, True, False, 0
    start = text.find("{")
    while start >= 0 and read <= _RESCUE_MAX:
        whole = whole and not text[end:start].strip()
        try:
            _, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            # Where another record begins in the midst of one that was torn.
            read += len(text) - start
            whole, is_torn = False, True
            start = text.find('{"', start + 1)
            continue
        # Behind a part of the one that was torn, that one goes on.
        if not is_torn or text[end : end + 1] not in _GOES_ON:
            try:
                found.append(decoded(text[start:end].encode()))
            except InvalidEvent:  # nested too deeply
                whole = False
            is_torn = False
        start = text.find("{", end)
    return found, whole and not text[end:].strip()


def _lines(file: BinaryIO, advance: Advance) -> Iterator[bytes]:
    """The lines, of one that is too long its beginning."""
    while line := file.readline(LINE_MAX_BYTES):
        advance(len(line))
        rest = line
        while len(rest) == LINE_MAX_BYTES and not rest.endswith(b"\n"):
            rest = file.readline(LINE_MAX_BYTES)
            advance(len(rest))
        yield line
