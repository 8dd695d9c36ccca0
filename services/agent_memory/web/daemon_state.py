"""The state of a store's daemon, from what it leaves beside the store: whether it is up, and how much it committed."""

from __future__ import annotations

from pathlib import Path

from agent_memory.locks import is_taken
from agent_memory.paths import RuntimePaths
from agent_memory.store.commit_counter import CommitCounter


class DaemonState:
    """Looks at the daemon of the store at `db_path`, without asking it anything. For one thread at a time."""

    def __init__(self, db_path: Path) -> None:
        # Where a stack runs, a link leads to its runtime folder; the next one may have another.
        runtime = RuntimePaths(Path(f"{db_path}-runtime"), Path(), Path())
        self._lock_file = runtime.lock_file
        self._commits = CommitCounter(runtime.commits)
        self.db_path = db_path

    def is_up(self) -> bool:
        """Whether a stack holds the store's lock."""
        return is_taken(self._lock_file)

    def commits(self) -> object:
        """Something that is another thing after each commit."""
        return self._commits.count

    def close(self) -> None:
        self._commits.close()
