"""The stores that the worker works for: the default one always, project stores when there is something to do.

A project store is opened when the writer announces something of it, and now and then, for what depends on the time. It
is closed when it is at rest. What happens to one of them ends that one's turn and nothing else.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from agent_memory.bus import frames
from agent_memory.bus.client import Bus
from agent_memory.errors import AgentMemoryError, StoreMissing
from agent_memory.model import DEFAULT_STORE
from agent_memory.process.logs import line
from agent_memory.project_stores import IDLE_S, OPEN_MAX
from agent_memory.worker.store_worker import StoreWorker

log = logging.getLogger(__name__)

# How often each project store is looked at for what depends on the time: jobs, and sessions that fell silent.
ROUND_S: Final = 1800.0
# After the writer was away: its announcements are heard again by then.
AGAIN_S: Final = 2.0


@dataclass(slots=True)
class _Open:
    """A project store that is open here."""

    worker: StoreWorker
    writer: Bus
    used_s: float
    is_woken: bool = True

    def close(self) -> None:
        self.worker.close()
        self.writer.close()


class StoreWorkers:
    """Works for the stores in turn, a piece at a time, in the thread that calls it."""

    def __init__(
        self,
        default: StoreWorker,
        writer: Bus,
        opened: Callable[[str], tuple[StoreWorker, Bus]],
        names: Callable[[], list[str]],
        clock_s: Callable[[], float],
    ) -> None:
        """`opened` opens a project store for reading; it raises AgentMemoryError where that fails."""
        self._default = default
        self._writer = writer
        self._opened = opened
        self._names = names
        self._clock_s = clock_s
        self._is_woken = True
        self._open: dict[str, _Open] = {}
        # Project stores to be opened, each once.
        self._waiting: deque[str] = deque()
        self._round_at_s = 0.0

    def hear(self, announced: Iterable[tuple[str, bytes]]) -> None:
        """Take note of what the writer has announced."""
        for name, what in announced:
            if name == DEFAULT_STORE:
                self._is_woken = True
            elif what == frames.ANNOUNCE_RELEASE:
                self._release(name)
            elif found := self._open.get(name):
                found.is_woken, found.used_s = True, self._clock_s()
            elif name not in self._waiting:
                self._waiting.append(name)

    def step(self) -> bool:
        """Do the next piece of work for each store; whether there may be more at once."""
        woken, self._is_woken = self._is_woken, False
        is_busy = self._default.step(woken=woken)
        now_s = self._clock_s()
        self._plan_round(now_s)
        if self._waiting and len(self._open) < OPEN_MAX:
            self._begin(self._waiting.popleft(), now_s)
        for name in list(self._open):
            is_busy |= self._turn(name, now_s)
        return is_busy or (bool(self._waiting) and len(self._open) < OPEN_MAX)

    @property
    def is_outdated(self) -> bool:
        """Whether the default store's days are cut in another time zone by now."""
        return self._default.is_outdated

    def close(self) -> None:
        for name in list(self._open):
            self._release(name)
        self._default.close()

    def _plan_round(self, now_s: float) -> None:
        if self._writer.connection_changed.is_set():
            self._writer.connection_changed.clear()
            self._round_at_s = min(self._round_at_s, now_s + AGAIN_S)
        if now_s >= self._round_at_s:
            self._round_at_s = now_s + ROUND_S
            self._waiting += [name for name in self._names() if name not in self._open and name not in self._waiting]

    def _begin(self, name: str, now_s: float) -> None:
        try:
            self._open[name] = _Open(*self._opened(name), used_s=now_s)
        except StoreMissing:
            pass  # nothing was stored yet
        except AgentMemoryError as error:
            log.warning(line("a store has to wait", store=name, error=error))
        except Exception:
            log.exception(line("a store has to wait", store=name))

    def _turn(self, name: str, now_s: float) -> bool:
        """Do the store's next piece of work; whether there may be more. Close it once it is at rest."""
        store = self._open[name]
        try:
            is_busy = store.worker.step(woken=store.is_woken)
            store.is_woken = False
        except StoreMissing:
            self._release(name)  # it was moved or removed
            return False
        except Exception:  # its damage is no reason to stop working for the others
            log.exception(line("a store has to wait", store=name))
            self._release(name)
            return False
        if store.worker.is_outdated:
            self._release(name)
            self._waiting.append(name)
        elif is_busy:
            store.used_s = now_s
        elif store.worker.is_at_rest and (self._waiting or now_s - store.used_s > IDLE_S):
            self._release(name)
        return is_busy

    def _release(self, name: str) -> None:
        found = self._open.pop(name, None)
        if found is None:
            return
        try:
            found.close()
        except Exception:  # RocksDB's, with what it failed at before
            log.exception(line("store not closed well", store=name))
