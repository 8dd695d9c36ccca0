"""Store contexts: everything that serves one store, made in one place and passed on as one object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent_memory.bus.client import Bus
from agent_memory.capture.project.projects import Projects
from agent_memory.errors import UnknownStore
from agent_memory.jobs import Job, jobs_for
from agent_memory.model import DEFAULT_STORE
from agent_memory.query.inbound.append_batcher import AppendBatcher
from agent_memory.query.inbound.intake import Intake
from agent_memory.query.rebuild_snapshot import RebuildSnapshot
from agent_memory.search.reader import IndexReader
from agent_memory.settings import Settings
from agent_memory.store import records
from agent_memory.store.reader import Reader


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
        return jobs_for(self.settings.retention_days, self.settings.backup_dir)

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
    """The stores that this process serves, by their names."""

    def __init__(self, contexts: Sequence[StoreContext]) -> None:
        self._contexts = {context.name: context for context in contexts}

    def named(self, name: str) -> StoreContext:
        """The store of that name, the default one for an empty name; raises UnknownStore."""
        found = self._contexts.get(name or DEFAULT_STORE)
        if found is None:
            raise UnknownStore(f"There is no store {name!r}.", f"This daemon serves: {', '.join(self._contexts)}.")
        return found


def store_context(name: str, settings: Settings, writer: Bus, reader: Reader) -> StoreContext:
    """The context of the store at the settings' path; `writer` and `reader` are the ways to it."""
    runtime = settings.runtime
    return StoreContext(
        name=name,
        settings=settings,
        writer=writer,
        batcher=AppendBatcher(writer),
        intake=Intake(settings, records.redaction_key(reader)),
        projects=Projects(settings.project_names),
        reader=reader,
        snapshot=RebuildSnapshot(reader, settings.db_path, runtime.secondary("rebuild")),
        index=IndexReader(settings.db_path),
    )
