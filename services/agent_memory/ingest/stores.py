"""The stores that this process writes, by name. What happens to one of them ends that one at most.

The default store is open all the time. A project store is opened when a command names it, and closed when it is idle.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from agent_memory import backoff
from agent_memory.bus import frames
from agent_memory.errors import AgentMemoryError, StoreError, StoreNotReady
from agent_memory.ingest.checkpoints import Checkpoints
from agent_memory.ingest.compaction import Compactor
from agent_memory.ingest.writer import Writer
from agent_memory.memory_profile import USUAL, MemoryProfile
from agent_memory.model import DEFAULT_STORE
from agent_memory.process.logs import line
from agent_memory.project_stores import IDLE_S, OPEN_MAX
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store.commit_counter import WritingCounter

log = logging.getLogger(__name__)

# Between attempts to open a store whose trouble may pass by itself. A damaged one is left alone until the daemon is
# restarted: somebody may be restoring it from a backup.
RETRY_FIRST_S: Final = 1.0
RETRY_LONGEST_S: Final = 60.0
# How long a stop waits for an opening under way. Opening holds nothing that would be lost.
CLOSE_S: Final = 2.0


class Store:
    """One store: its writer while it is open, else the error that keeps it closed, or neither while that is not known.

    It is opened in a thread of its own, so that the others are served meanwhile.
    """

    def __init__(
        self,
        name: str,
        db_path: Path,
        commits: Path,
        prepared: Callable[[], str],
        *,
        cautious: bool = False,
        keeps_trying: bool = True,
        memory: MemoryProfile = USUAL,
    ) -> None:
        """`prepared` makes what opening needs and returns the store's time zone; it may raise AgentMemoryError.

        A store that `keeps_trying` is opened again until it is open, if its trouble may pass by itself.
        """
        self.name = name
        self.writer: Writer | None = None
        self.error: StoreError | None = None
        # What was found while it was open; it stays open, for most of it can be read and written.
        self.damage: StoreError | None = None
        self.compactor = Compactor()
        self._checkpoints = Checkpoints(db_path)
        self._db_path = db_path
        self._prepared = prepared
        self._commits = commits
        self._cautious = cautious
        self._keeps_trying = keeps_trying
        self._memory = memory
        # When a command named it last, and when it was last tried to be opened, on the monotonic clock.
        self.used_s = 0.0
        self._tried_s = 0.0
        self._is_closed = False
        self._counter: WritingCounter | None = None
        self._closing = threading.Event()
        self._opening: threading.Thread | None = None

    def open(self, changed: Callable[[], None]) -> None:
        """Begin to open the store. `changed` is called, in another thread, once it is open or has an error."""
        self._start(lambda: self._keep_opening(changed))

    @property
    def is_busy(self) -> bool:
        """Whether something is done beside the groups."""
        return self.compactor.is_busy or self._checkpoints.is_busy

    def is_over(self, now_s: float) -> bool:
        """Whether it is closed, or its trouble may have passed: it is to be made again then."""
        if self.error is not None and not self._keeps_trying:
            may_pass = isinstance(self.error, StoreNotReady)
            return now_s - self._tried_s >= (RETRY_FIRST_S if may_pass else RETRY_LONGEST_S)
        return self._is_closed

    def close_soon(self, changed: Callable[[], None]) -> None:
        """Begin to close the store. `changed` is called, in another thread, once that is done."""
        writer, self.writer = self.writer, None

        def close() -> None:
            try:
                self._let_go(writer)
            except Exception:  # RocksDB's, with what it failed at before
                log.exception(line("store not closed well", store=self.name))
            finally:
                self._is_closed = True
                log.info(line("store closed", store=self.name))
                changed()

        self._start(close)

    def reopen(self, changed: Callable[[], None]) -> None:
        """Close the store and open it again."""
        writer, self.writer, self.error = self.writer, None, None

        def close_and_open() -> None:
            if writer:
                self.compactor.wait()
                self._checkpoints.wait()
                writer.close()
            self._keep_opening(changed)

        self._start(close_and_open)

    def begin_beside(self, writer: Writer, command: pb.Command, answer: Callable[[pb.Reply], None]) -> bool:
        """Begin what takes long and runs beside the groups, if the command asks for that; whether it does.

        `answer` gets the reply, in whatever thread.
        """
        body = command.WhichOneof("body")
        if body == "compact":
            self.compactor.start(writer, command.compact.column_family, answer)
        elif body == "create_checkpoint":
            self._checkpoints.start(writer, answer)
        return body in ("compact", "create_checkpoint")

    def count_commit(self) -> None:
        """Let the readers see that something was committed; before the replies and announcements that tell of it."""
        if self._counter:
            self._counter.advance()

    def close(self) -> None:
        """Close the store, after the compaction and the checkpoint under way."""
        self._closing.set()
        if self._opening:
            self._opening.join(CLOSE_S)
        self._let_go(self.writer)

    def _let_go(self, writer: Writer | None) -> None:
        """Close the store's parts, after what works on them; raises RocksDB's bare Exception."""
        self.compactor.close()
        self._checkpoints.close()
        if writer:
            writer.close()
        if self._counter:
            self._counter.close()

    def _start(self, work: Callable[[], None]) -> None:
        # A daemon: a stop does not wait for a recovery that takes long. Its child ends with this process.
        self._opening = threading.Thread(target=work, name=f"open-{self.name}", daemon=True)
        self._opening.start()

    def _keep_opening(self, changed: Callable[[], None]) -> None:
        failures = 0
        while not self._closing.is_set():
            self._try_to_open()
            changed()
            if not (self._keeps_trying and isinstance(self.error, StoreNotReady)):
                break
            failures += 1
            self._closing.wait(backoff.delay(failures, RETRY_FIRST_S, RETRY_LONGEST_S))

    def _try_to_open(self) -> None:
        began_s = self._tried_s = time.monotonic()
        try:
            timezone = self._prepared()
            # Before the store, which would stay open if this failed.
            self._counter = self._counter or WritingCounter(self._commits)
            writer = Writer(self._db_path, timezone, cautious=self._cautious, memory=self._memory)
        except OSError as error:
            self.error = StoreNotReady(f"The writer can't count commits in {self._commits}: {error.strerror or error}.")
            log.error(line("store not opened", store=self.name, error=self.error))
        except AgentMemoryError as error:
            self.error = error if isinstance(error, StoreError) else StoreError(error.message, error.remedy)
            log.error(line("store not opened", store=self.name, error=error))
        except BaseException as error:  # a panic in RocksDB's binding is no Exception
            self.error = StoreError(f"The store at {self._db_path} can't be opened: {error!r}.")
            log.exception(line("store not opened", store=self.name))
        else:
            self.writer, self.error = writer, None
            took_ms = int((time.monotonic() - began_s) * 1000)
            opened = {"events": writer.counters.events, "timezone": writer.info.timezone, "took_ms": took_ms}
            log.info(line("writing", store=self.name, path=self._db_path, **opened))


class Stores:
    """The stores of this process: the default one, and the project stores that are open. For one thread."""

    def __init__(self, default: Store, found: Callable[[str], Store | None], clock_s: Callable[[], float]) -> None:
        """`found` makes the project store of that name, not yet open; None where there is none."""
        self._default = default
        self._found = found
        self._clock_s = clock_s
        self._projects: dict[str, Store] = {}
        self._changed: Callable[[], None] = lambda: None

    def __iter__(self) -> Iterator[Store]:
        yield self._default
        yield from self._projects.values()

    def open(self, changed: Callable[[], None]) -> None:
        """Begin to open the default store. `changed` is called, in another thread, whenever a store opens or closes."""
        self._changed = changed
        self._default.open(changed)

    def get(self, name: str) -> Store | None:
        """The store of that name, the default one where the name is empty; a project store is opened if need be."""
        if not name or name == DEFAULT_STORE:
            return self._default
        now_s = self._clock_s()
        store = self._projects.get(name)
        if store is None or store.is_over(now_s):
            self._projects.pop(name, None)
            store = self._found(name)
            if store is None:
                return None
            self._projects[name] = store
            store.open(self._changed)
        store.used_s = now_s
        return store

    def close_idle(self) -> None:
        """Begin to close the project stores that nobody uses, and of too many those whose last use is longest ago."""
        if not self._projects:
            return
        now_s = self._clock_s()
        projects = sorted((store for store in self._projects.values() if store.writer), key=lambda each: each.used_s)
        for place, store in enumerate(projects):
            is_one_too_many = place < len(projects) - OPEN_MAX
            if (is_one_too_many or now_s - store.used_s > IDLE_S) and not store.is_busy:
                store.close_soon(self._changed)
        # One that failed is kept, for `status` to name it.
        over = [store.name for store in self._projects.values() if store.error is None and store.is_over(now_s)]
        for name in over:
            del self._projects[name]

    def release(self, name: str) -> bool:
        """Begin to close the project store, if it is open; whether nothing is open any more, or being opened."""
        store = self._projects.get(name)
        if store is None or store.is_over(self._clock_s()):
            self._projects.pop(name, None)
            return True
        if store.error is not None:
            del self._projects[name]
            return True
        if store.writer and not store.is_busy:
            store.close_soon(self._changed)
        return False

    def states(self) -> pb.StoresListed:
        """What is open, and what could not be opened."""
        listed = pb.StoresListed()
        for store in self:
            error = store.error or store.damage
            listed.stores.add(
                name=store.name,
                is_open=store.writer is not None,
                error=error.message if error else "",
                remedy=error.remedy if error else "",
            )
        return listed

    def unknown(self, name: str) -> pb.Reply:
        """The reply to a command that names no store of ours."""
        message = f"There is no store {name!r}; this daemon has {', '.join(each.name for each in self)}."
        return frames.refused(pb.Refused.UNKNOWN_STORE, message)

    def leave_no_log(self) -> None:
        """Before the close: leave the default store so that another writer opens it at once."""
        if self._default.writer:
            self._default.writer.leave_no_log()

    def close(self) -> None:
        for store in self:
            store.close()
