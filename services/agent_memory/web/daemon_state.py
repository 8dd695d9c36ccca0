"""The state of a store's daemon, from what it leaves beside the store: whether it is up, and how much it committed."""

from __future__ import annotations

from pathlib import Path

from agent_memory.locks import is_taken
from agent_memory.model import DEFAULT_STORE
from agent_memory.paths import RuntimePaths
from agent_memory.store.commit_counter import CommitCounter


class DaemonState:
    """Looks at the daemon whose default store is at `db_path`, without asking it anything. For one thread at a time.

    Commits are those of its store of that name.
    """

    def __init__(self, db_path: Path, store: str = DEFAULT_STORE) -> None:
        # Where a stack runs, a link leads to its runtime folder; the next one may have another.
        runtime = RuntimePaths(Path(f"{db_path}-runtime"), Path(), Path())
        self._lock_file = runtime.lock_file
        of_store = runtime if store == DEFAULT_STORE else runtime.of_store(store)
        self._commits = CommitCounter(of_store.commits)
        self.db_path, self.store = db_path, store

    def is_up(self) -> bool:
        """Whether a stack holds the store's lock."""
        return is_taken(self._lock_file)

    def commits(self) -> object:
        """Something that is another thing after each commit."""
        return self._commits.count

    def close(self) -> None:
        self._commits.close()
