"""Values read from files, kept until the files change."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

from agent_memory.recent import keep

# More than anybody works in. The one that was asked for longest ago is dropped first.
REMEMBERED_MAX: Final = 1024

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """Values read from files, until the files change."""

    def __init__(self) -> None:
        self._known: OrderedDict[Path, tuple[tuple[int, int, int], Value]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, path: Path, read: Callable[[], Value]) -> Value:
        """The value that `read` takes from the file; it is called again once the file has changed."""
        stamp = _stamp(path)
        with self._lock:
            known = self._known.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        value = read()
        with self._lock:
            keep(self._known, path, (stamp, value), REMEMBERED_MAX)
        return value


def _stamp(path: Path) -> tuple[int, int, int]:
    # git writes a new file under another name and renames it, so a change shows at least in the inode.
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_ino, status.st_mtime_ns, status.st_size)
