"""The processes' log files: their last lines, and new lines as they come, through rotations."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from agent_memory.slots import SLOTS

PROCESSES = (*SLOTS["ingest"], *SLOTS["query"], "worker", "supervisor")

# How often a followed file is looked at: nothing announces new lines, and a look costs some microseconds.
LOOK_S = 0.2
_BLOCK_BYTES = 64 << 10
# Its socket is in a private folder, and somebody who runs it as root has chosen to.
_FALSE_ALARM = re.compile(
    r" CRIT (Server 'unix_http_server' running without any HTTP authentication checking"
    r"|Supervisor is running as root\.)"
)


def tail(path: Path, lines: int) -> list[str]:
    """The last `lines` lines of the file; none if there is no file."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            text = b""
            while file.tell() and text.count(b"\n") <= lines:
                start = max(0, file.tell() - _BLOCK_BYTES)
                size = file.tell() - start
                file.seek(start)
                text = file.read(size) + text
                file.seek(start)
    except FileNotFoundError:
        return []
    return _without_false_alarms(text.decode(errors="replace").splitlines())[-lines:] if lines else []


class Follower:
    """Reads what is added to a log from now on, even if the file is rotated away or does not exist yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rest = b""
        self._file = self._open()
        if self._file:
            self._file.seek(0, os.SEEK_END)

    def new_lines(self) -> list[str]:
        """The lines completed since the last call."""
        text = self._rest
        if self._replaced():
            # First read what was added to the old file before it was rotated away.
            text += self._file.read() if self._file else b""
            self.close()
            self._file = self._open()
        text += self._file.read() if self._file else b""
        *lines, self._rest = text.split(b"\n")
        return _without_false_alarms([line.decode(errors="replace") for line in lines])

    def close(self) -> None:
        if self._file:
            self._file.close()

    def _open(self) -> BinaryIO | None:
        try:
            return self._path.open("rb")
        except FileNotFoundError:
            return None

    def _replaced(self) -> bool:
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        return self._file is None or there.st_ino != os.fstat(self._file.fileno()).st_ino


def _without_false_alarms(lines: list[str]) -> list[str]:
    """The lines without those that supervisord writes at every healthy start as CRIT."""
    return [line for line in lines if not _FALSE_ALARM.search(line)]


def follow(followers: Mapping[str, Follower], ended: Callable[[], bool]) -> Iterator[tuple[str, str]]:
    """New lines with the names of their logs, as they come, until `ended` is true and everything was read."""
    while True:
        last_round = ended()
        for name, follower in followers.items():
            for line in follower.new_lines():
                yield name, line
        if last_round:
            return
        time.sleep(LOOK_S)
