"""The stores that this process writes, by name. What happens to one of them ends that one at most."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from agent_memory import backoff
from agent_memory.bus import frames
from agent_memory.errors import StoreError, StoreNotReady
from agent_memory.ingest.checkpoints import Checkpoints
from agent_memory.ingest.compaction import Compactor
from agent_memory.ingest.writer import Writer
from agent_memory.logs import line
from agent_memory.model import DEFAULT_STORE
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

    def __init__(self, name: str, db_path: Path, timezone: str, commits: Path, *, cautious: bool = False) -> None:
        self.name = name
        self.writer: Writer | None = None
        self.error: StoreError | None = None
        self.compactor = Compactor()
        self._checkpoints = Checkpoints(db_path)
        self._db_path = db_path
        self._timezone = timezone
        self._commits = commits
        self._cautious = cautious
        self._counter: WritingCounter | None = None
        self._closing = threading.Event()
        self._opening: threading.Thread | None = None

    def open(self, changed: Callable[[], None]) -> None:
        """Begin to open the store. `changed` is called, in another thread, once it is open or has an error."""
        self._start(lambda: self._keep_opening(changed))

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
        self.compactor.close()
        self._checkpoints.close()
        if self.writer:
            self.writer.close()
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
            if not isinstance(self.error, StoreNotReady):
                return
            failures += 1
            self._closing.wait(backoff.delay(failures, RETRY_FIRST_S, RETRY_LONGEST_S))

    def _try_to_open(self) -> None:
        began_s = time.monotonic()
        try:
            # Before the store, which would stay open if this failed.
            self._counter = self._counter or WritingCounter(self._commits)
            writer = Writer(self._db_path, self._timezone, cautious=self._cautious)
        except OSError as error:
            self.error = StoreNotReady(f"The writer can't count commits in {self._commits}: {error.strerror or error}.")
            log.error(line("store not opened", store=self.name, error=self.error))
        except StoreError as error:
            self.error = error
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
    """The stores of this process."""

    def __init__(self, stores: Iterable[Store]) -> None:
        self._stores = {store.name: store for store in stores}

    def __iter__(self) -> Iterator[Store]:
        return iter(self._stores.values())

    def get(self, name: str) -> Store | None:
        """The store of that name; the default one where the name is empty."""
        return self._stores.get(name or DEFAULT_STORE)

    def unknown(self, name: str) -> pb.Reply:
        """The reply to a command that names no store of ours."""
        message = f"There is no store {name!r}; this daemon has {', '.join(self._stores)}."
        return frames.refused(pb.Refused.UNKNOWN_STORE, message)

    def close(self) -> None:
        for store in self:
            store.close()
