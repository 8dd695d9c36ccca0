"""Store contexts: everything that serves one store, made in one place and passed on as one object."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Final

from agent_memory import project_stores
from agent_memory.bus.client import Bus
from agent_memory.capture.project.projects import Projects
from agent_memory.errors import StoreUnavailable, WriterUnavailable
from agent_memory.files import make_private_dir
from agent_memory.jobs import Job, jobs_for
from agent_memory.model import DEFAULT_STORE
from agent_memory.process.logs import line
from agent_memory.query.agent_stores import AgentStores
from agent_memory.query.inbound.append_batcher import AppendBatcher
from agent_memory.query.inbound.intake import Intake
from agent_memory.query.open_stores import OpenStores
from agent_memory.query.rebuild_snapshot import RebuildSnapshot
from agent_memory.rpc import bus_pb2 as bus
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.search.reader import IndexReader
from agent_memory.settings import Settings
from agent_memory.settings.of_store import of_store
from agent_memory.slots import own_slot
from agent_memory.store import directory, erasures, records
from agent_memory.store.reader import Reader

log = logging.getLogger(__name__)

# How long the first caller of a project store waits for its writer, which opens it in 30 ms where nothing is wrong.
OPEN_S: Final = 3.0
KEEP_UP_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class StoreContext:
    """One store as this process serves it. For any thread."""

    name: str
    settings: Settings
    # The way to the writer; single events go through the batcher.
    writer: Bus
    batcher: AppendBatcher
    intake: Intake
    projects: Projects
    # The store as it is, and the table of contents as it was before a rebuild that goes on.
    reader: Reader
    snapshot: RebuildSnapshot
    index: IndexReader

    @property
    def jobs(self) -> dict[str, Job]:
        """The scheduled jobs, by name."""
        return jobs_for(self.settings.retention_days, self.settings.backup_dir, self.name)

    def caught_up(self) -> Reader:
        """The reader, with everything that was acknowledged so far."""
        self.reader.catch_up()
        return self.reader

    def toc_reader(self) -> Reader:
        """The reader of the table of contents, which is never seen half rebuilt."""
        return self.snapshot.reader()

    def close(self) -> None:
        self.writer.close()
        self.index.close()
        self.reader.close()


class Stores:
    """The stores that this process serves: the default one, and project stores while somebody uses them."""

    def __init__(self, default: StoreContext) -> None:
        self.default = default
        self.agents = AgentStores(default.settings, default.reader)
        # Always open, so there is nothing to count.
        self._lent_default = nullcontext(default)
        self._projects = OpenStores(self._opened, StoreContext.close)
        self._keep_up_at_s = 0.0

    def using(self, name: str) -> AbstractContextManager[StoreContext]:
        """The store of that name, the default one for an empty name; it stays open in the block.

        Raises UnknownStore, UsageError for what is no name, and another AgentMemoryError where it can't be opened.
        """
        if not name or name == DEFAULT_STORE:
            return self._lent_default
        return self._projects.using(project_stores.require(self.default.settings.db_path, name))

    def using_made(self, name: str) -> AbstractContextManager[StoreContext]:
        """As `using`, of a store that is made where there is none; raises OSError, too."""
        if name != DEFAULT_STORE:
            project_stores.create(self.default.settings.db_path, name)
        return self.using(name)

    def owner_of(self, event: pb.Event, sent_to: StoreContext) -> str:
        """The name of the store that the event belongs to: its agent's, where each has one and no other is named."""
        is_to_default = sent_to is self.default
        return self.agents.store_of(event.session_id, event.agent) if is_to_default else sent_to.name

    def look_after(self, now_s: float) -> None:
        """Close the project stores that nobody uses, and now and then let the others catch up; for one thread."""
        self._projects.close_idle()
        if now_s >= self._keep_up_at_s:
            self._keep_up_at_s = now_s + KEEP_UP_S
            self._projects.for_each(_keep_up)

    def release(self, name: str) -> None:
        """Let go of a project store, which is to be moved or removed."""
        self._projects.release(name)

    def close(self) -> None:
        self._projects.close()
        self.default.close()

    def _opened(self, name: str) -> StoreContext:
        settings = of_store(self.default.settings, name)
        runtime = settings.runtime
        make_private_dir(runtime.scratch)
        writer = Bus(runtime.ingest_socket, name)
        try:
            try:
                writer.ask(bus.Command(ping=bus.Ping()), OPEN_S)
            except StoreUnavailable:
                raise
            except WriterUnavailable:
                # While the writer is away, what is stored can be read.
                if not directory.has_store(settings.db_path):
                    raise
            reader = Reader(
                settings.db_path, runtime.secondary(own_slot("query")), settings.memory.project_cache, runtime.commits
            )
            return store_context(name, settings, writer, reader, partial(self.agents.has_forgotten, store=name))
        except BaseException:
            writer.close()
            raise


def _keep_up(store: StoreContext) -> None:
    """Keep small what the reader has to replay, and let it go of what was erased, as `Health` does for the default."""
    try:
        store.reader.catch_up(idly=True)
        erasures.let_go_of_erased(store.reader)
    except Exception as error:  # a damaged store raises bare Exceptions; who reads it is told
        log.info(line("a store was not looked after", store=store.name, error=error))


def store_context(
    name: str,
    settings: Settings,
    writer: Bus,
    reader: Reader,
    is_forgotten: Callable[[pb.Event], bool] = lambda event: False,
) -> StoreContext:
    """The context of the store at the settings' path; `writer` and `reader` are the ways to it.

    `is_forgotten` is the intake's.
    """
    runtime = settings.runtime
    return StoreContext(
        name=name,
        settings=settings,
        writer=writer,
        batcher=AppendBatcher(writer),
        intake=Intake(settings, records.redaction_key(reader), is_forgotten),
        projects=Projects(settings.project_names),
        reader=reader,
        snapshot=RebuildSnapshot(reader, settings.db_path, runtime.secondary(f"{own_slot('query')}-rebuild")),
        index=IndexReader(settings.db_path),
    )
