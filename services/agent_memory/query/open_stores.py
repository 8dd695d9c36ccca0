"""What is open for project stores: made at the first use, closed when idle, and never too much of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from agent_memory.errors import WriterBusy
from agent_memory.project_stores import IDLE_S, OPEN_MAX

Content = TypeVar("Content")

# Beyond this, so many callers may wait for a store to be opened. The others are refused: the threads that serve them
# are there for all stores.
WAIT_S: Final = 0.05
WAITING_MAX: Final = 3


@dataclass(slots=True)
class _Entry(Generic[Content]):
    """One store's. `content` and `users` are read and changed under the lock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(WAITING_MAX))
    content: Content | None = None
    users: int = 0
    used_s: float = 0.0
    is_unwanted: bool = False


class OpenStores(Generic[Content]):
    """What `made` makes for a store, by the store's name, until `closed` closes it. For any thread."""

    def __init__(
        self,
        made: Callable[[str], Content],
        closed: Callable[[Content], None],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._made = made
        self._closed = closed
        self._clock_s = clock_s
        self._entries: dict[str, _Entry[Content]] = {}
        self._adding = threading.Lock()

    @contextmanager
    def using(self, name: str) -> Iterator[Content]:
        """What is open for the store; it stays open in the block. Raises what `made` raises, and WriterBusy."""
        entry = self._entry(name)
        content = self._entered(entry, name)
        try:
            yield content
        finally:
            with entry.lock:
                entry.users -= 1
                entry.used_s = self._clock_s()
                self._close_unwanted(entry)

    def close_idle(self) -> None:
        """Close what nobody has used for a while, and of too many those whose last use is longest ago."""
        if not self._entries:
            return
        now_s = self._clock_s()
        open_ = sorted((each for each in list(self._entries.values()) if each.content), key=lambda each: each.used_s)
        for place, entry in enumerate(open_):
            if place < len(open_) - OPEN_MAX or now_s - entry.used_s > IDLE_S:
                self._close(entry, wanted=True)

    def for_each(self, work: Callable[[Content], None]) -> None:
        """Do the work on all that is open; nobody else begins to use it meanwhile."""
        for entry in list(self._entries.values()):
            if entry.content is not None and entry.lock.acquire(blocking=False):
                try:
                    if entry.content is not None:
                        work(entry.content)
                finally:
                    entry.lock.release()

    def release(self, name: str) -> None:
        """Close what is open for the store: now, or when its last user has done."""
        with self._adding:
            entry = self._entries.get(name)
        if entry is not None:
            self._close(entry, wanted=False)

    def close(self) -> None:
        """Close everything."""
        for name in list(self._entries):
            self.release(name)

    def _entry(self, name: str) -> _Entry[Content]:
        with self._adding:
            return self._entries.setdefault(name, _Entry())

    def _entered(self, entry: _Entry[Content], name: str) -> Content:
        self._take_turn(entry, name)
        try:
            if entry.content is None:
                entry.content = self._made(name)
                entry.is_unwanted = False
            entry.users += 1
            return entry.content
        finally:
            entry.lock.release()

    def _take_turn(self, entry: _Entry[Content], name: str) -> None:
        """Take the entry's lock; raises WriterBusy where too many wait for it."""
        if entry.lock.acquire(timeout=WAIT_S):
            return
        if not entry.waiting.acquire(blocking=False):
            raise WriterBusy(f"The store {name!r} is being opened.", "Send this again in a moment.")
        try:
            entry.lock.acquire()
        finally:
            entry.waiting.release()

    def _close(self, entry: _Entry[Content], *, wanted: bool) -> None:
        with entry.lock:
            if not entry.users or not wanted:
                entry.is_unwanted = True
            self._close_unwanted(entry)

    def _close_unwanted(self, entry: _Entry[Content]) -> None:
        if entry.is_unwanted and not entry.users and entry.content is not None:
            content, entry.content = entry.content, None
            self._closed(content)
