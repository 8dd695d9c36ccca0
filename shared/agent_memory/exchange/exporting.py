"""Writing an export: streamed, and there under its name only when it is whole."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from agent_memory.exchange import lines
from agent_memory.exchange.lines import End
from agent_memory.files import whole_file
from agent_memory.messages import event_from_bytes
from agent_memory.model import Event
from agent_memory.store import keys, schema
from agent_memory.store.reader import Reader


def events_of(reader: Reader, from_ms: int, to_ms: int, fits: Callable[[Event], bool]) -> Iterator[Event]:
    """The events of `from_ms <= t < to_ms` that fit, in order of time, as they were when the first was asked for."""
    for _, value in reader.scan(schema.EVENTS, *keys.events_between(from_ms, to_ms)):
        event = event_from_bytes(value)
        if fits(event):
            yield event


def write_lines(
    file: BinaryIO, events: Iterable[Event], header: bytes, show: Callable[[int], None] = lambda done: None
) -> int:
    """Write an export; returns how many events it has. `show` is called with how many are written."""
    digest = hashlib.sha256(header)
    file.write(header)
    count = 0
    for count, event in enumerate(events, start=1):
        line = lines.event_line(event)
        digest.update(line)
        file.write(line)
        show(count)
    file.write(lines.end(End(count, digest.hexdigest())))
    return count


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A new file, for this user only, that has its name when the block has ended well; else nothing is left of it.

    Raises OSError, FileExistsError where that name is taken.
    """
    with whole_file(path) as file:
        yield file
        if path.exists():
            raise FileExistsError(errno.EEXIST, "it is there already", str(path))
