"""The spool drain: takes in what hooks left in the spool, and goes on where a single item of it fails."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from agent_memory import backoff
from agent_memory.capture.envelope import Envelope
from agent_memory.capture.envelope import read as read_envelope
from agent_memory.capture.spool import Spool
from agent_memory.capture.spool_failures import Failure
from agent_memory.errors import AgentMemoryError, InvalidEvent
from agent_memory.process.logs import line
from agent_memory.query.hooks.hook_inbox import Taken, described

log = logging.getLogger(__name__)

BATCH_MAX_ENVELOPES: Final = 200
BATCH_MAX_BYTES: Final = 8 << 20
# A cause that all share would fail them all: the rest has its turn at the next look.
FAILURES_A_LOOK: Final = 100
FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 60.0


@dataclass(slots=True)
class _Tries:
    failure: Failure
    failed: int
    next_at: float


class Inbox(Protocol):
    """What takes envelopes in; see `HookInbox`."""

    def take(self, envelopes: Sequence[Envelope]) -> list[Taken]: ...

    def reject(self, name: str, data: bytes, reason: str) -> None: ...


class SpoolDrain:
    """Takes in one spool, for one thread."""

    def __init__(self, spool: Spool, inbox: Inbox, stopping: threading.Event) -> None:
        self._spool = spool
        self._inbox = inbox
        self._stopping = stopping
        self._tries: dict[Path, _Tries] = {}
        self._noted: list[Failure] | None = None
        self._trouble = ""
        self._failed_now = 0

    def look(self, now_s: float, at: float) -> None:
        """Take in what is there, and delete each file once its event is on disk.

        `now_s` is the time of day, by which the abandoned are known; `at`, of a clock that is never set, times the
        retries. Nothing is raised: what fails is noted in the spool, and tried again.
        """
        try:
            try:
                self._take_in(self._due(now_s, at), at)
            finally:
                self._note()
            self._trouble = ""
        except (OSError, AgentMemoryError) as error:
            self._wait(str(error), error=error)
        except Exception as error:
            self._wait(type(error).__name__, **described(error))

    def _wait(self, trouble: str, **facts: object) -> None:
        if trouble != self._trouble:
            log.warning(line("the spool has to wait", **facts))
        self._trouble = trouble

    def _due(self, now_s: float, at: float) -> list[Path]:
        """What has not been tried, oldest first; then what has, and may be tried again."""
        found = self._spool.find(now_s)
        there = [*found.waiting, *found.abandoned]
        self._tries = {path: self._tries[path] for path in there if path in self._tries}
        due = [path for path, tries in self._tries.items() if tries.next_at <= at]
        untried = [path for path in there if path not in self._tries]
        return [*untried, *sorted(due, key=lambda path: self._tries[path].next_at)]

    def _take_in(self, paths: Iterable[Path], at: float) -> None:
        self._failed_now = 0
        for batch in self._batches(paths, at):
            stored = 0
            outcomes = self._inbox.take([envelope for _, envelope in batch])
            for (path, _), taken in zip(batch, outcomes, strict=True):
                if taken.failure:
                    self._failed(path, taken.failure, at)
                else:
                    stored += self._settle(path, at)
            log.info(line("spool taken in", envelopes=stored))
            if self._stopping.is_set() or self._failed_now >= FAILURES_A_LOOK:
                return

    def _batches(self, paths: Iterable[Path], at: float) -> Iterator[list[tuple[Path, Envelope]]]:
        batch: list[tuple[Path, Envelope]] = []
        size = 0
        for path in paths:
            envelope = self._read(path, at)
            if envelope is None:
                continue
            batch.append((path, envelope))
            size += len(envelope.payload)
            if len(batch) >= BATCH_MAX_ENVELOPES or size >= BATCH_MAX_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _read(self, path: Path, at: float) -> Envelope | None:
        """The envelope in this file; None if there is none, after the file was rejected or its failure noted."""
        try:
            data = self._spool.read(path)
            try:
                return read_envelope(data)
            except InvalidEvent as error:
                self._inbox.reject(path.name.lstrip("."), data, str(error))
                self._settle(path, at)
        except FileNotFoundError:
            pass  # another query service was quicker
        except AgentMemoryError as error:
            self._failed(path, error, at)
        except OSError as error:
            self._failed(path, AgentMemoryError(f"It can't be kept aside: {error}."), at)
        return None

    def _settle(self, path: Path, at: float) -> bool:
        """Delete the file, of which nothing is to be done any more; False if that fails."""
        self._tries.pop(path, None)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            # Its event has its id, so that taking it in once more stores nothing twice.
            failure = AgentMemoryError(f"It is taken in and can't be deleted: {error.strerror}.", "Delete it.")
            self._failed(path, failure, at)
            return False
        return True

    def _failed(self, path: Path, error: AgentMemoryError, at: float) -> None:
        self._failed_now += 1
        failed = self._tries[path].failed + 1 if path in self._tries else 1
        failure = Failure(str(path), error.message, error.remedy)
        if failed == 1 or self._tries[path].failure != failure:
            log.warning(line("an envelope has to wait", path=path, error=error))
        self._tries[path] = _Tries(failure, failed, at + backoff.delay(failed, FIRST_RETRY_S, LONGEST_RETRY_S))

    def _note(self) -> None:
        failures = [tries.failure for tries in self._tries.values()]
        if failures != self._noted:
            self._spool.failures.write(failures)
            self._noted = failures
