"""Rejected inputs: what hooks passed on that holds no event, kept for somebody to look at."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from agent_memory.capture import envelope
from agent_memory.files import atomic_write, make_private_dir

# Beyond either limit the oldest make room, and are counted.
REJECTED_MAX: Final = 10_000
REJECTED_MAX_BYTES: Final = 512 << 20
# What can't be read as an event needs no more to be recognized.
HEAD_BYTES: Final = 256 << 10
# What is left of the limits after room was made.
_ROOM: Final = 0.9
_DROPPED: Final = "dropped"


class Rejected:
    """The folder that keeps them, a file each, named by its envelope's key."""

    def __init__(self, folder: Path, max_files: int = REJECTED_MAX, max_bytes: int = REJECTED_MAX_BYTES) -> None:
        self.folder = folder
        self._max_files = max_files
        self._max_bytes = max_bytes
        # At least as much as is there; unknown until the first look.
        self._count = max_files
        self._bytes = 0

    def add(self, name: str, head: bytes, size: int, reason: str) -> None:
        """Keep an input of `size` bytes: the reason on the first line, then its head. Raises OSError."""
        make_private_dir(self.folder)
        if size > len(head):
            reason = f"{reason} (the first {len(head)} of {size} bytes)"
        content = reason.replace("\n", " ").encode(errors="replace") + b"\n" + head
        self._make_room(len(content))
        atomic_write(self.folder / name, content)

    def count(self) -> int:
        """How many are kept."""
        return len(self.files())

    def dropped(self) -> int:
        """How many were deleted to make room, since somebody emptied the folder."""
        try:
            return int((self.folder / _DROPPED).read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def _make_room(self, size: int) -> None:
        """Delete the oldest if there would be too many with one of that size more: a tenth, since a look costs time."""
        self._count, self._bytes = self._count + 1, self._bytes + size
        if not self._exceeds(1):
            return
        sizes = {path: _size(path) for path in self.files()}
        self._count, self._bytes = len(sizes) + 1, sum(sizes.values()) + size
        if not self._exceeds(1):
            return
        for path, its_size in sizes.items():
            if not self._exceeds(_ROOM):
                return
            # Counted before it goes: a kill in between counts one too many, never one too few.
            atomic_write(self.folder / _DROPPED, b"%d" % (self.dropped() + 1))
            path.unlink(missing_ok=True)
            self._count, self._bytes = self._count - 1, self._bytes - its_size

    def _exceeds(self, share: float) -> bool:
        return self._count > self._max_files * share or self._bytes > self._max_bytes * share

    def files(self) -> list[Path]:
        """Oldest first."""
        with suppress(OSError):
            return sorted(path for path in self.folder.iterdir() if envelope.KEY.fullmatch(path.name))
        return []


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.lstat().st_size
    return 0
