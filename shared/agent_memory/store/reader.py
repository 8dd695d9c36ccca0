"""Reading the store beside the writer: a secondary that catches up.

Whatever was acknowledged is on disk, so a reader that catches up and then reads sees it.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rocksdict import AccessType

from agent_memory.errors import StoreError
from agent_memory.files import make_private_dir
from agent_memory.logs import line
from agent_memory.store import codec, directory, keys, schema
from agent_memory.store.commit_counter import CommitCounter
from agent_memory.store.rows import Rows

log = logging.getLogger(__name__)

CATCH_UP_TRIES = 3
CATCH_UP_PAUSE_S = 0.02


class Reader(Rows):
    """A secondary of the store at `db_path`. Threads may share it; `scratch` is a folder of its own.

    `commits` is where the writer counts its commits; with it, catching up costs next to nothing while there are none.
    A store `at_rest`, which nobody writes, is opened as its writer would: with all of its files there, or not at all.
    A secondary shows an older version where one is missing. Such a reader never catches up.
    Raises StoreMissing while there is no store, StoreError when it can't be read or is of a newer version.
    """

    def __init__(
        self,
        db_path: Path,
        scratch: Path,
        cache_bytes: int = 8 << 20,
        commits: Path | None = None,
        *,
        at_rest: bool = False,
    ) -> None:
        super().__init__(db_path, cache_bytes)
        self._scratch = scratch
        self._commit_counter_path = commits
        self._at_rest = at_rest
        self._commit_counter: CommitCounter | None = None
        self._seen_commits: int | None = None
        self._catching_up = threading.Lock()
        self.reopened = 0
        self._open()

    def catch_up(self, *, idly: bool = False) -> None:
        """See everything that was acknowledged before this call.

        Costs 0.04 ms and more where there are many files, even when nothing changed; where commits are counted, that is
        spared then, but not `idly`: what a compaction has taken the place of is let go of by this, too.
        """
        with self._catching_up:
            for attempt in range(CATCH_UP_TRIES):
                try:
                    if _opening_of(self._db_path) != self._opening:
                        # What a secondary has replayed hides what the primary's next life has put into its files.
                        log.info("the primary was opened anew, and so is the secondary")
                        self._open()
                    committed = self._commit_counter.count if self._commit_counter else None
                    if committed is None or committed != self._seen_commits or idly:
                        self._db.try_catch_up_with_primary()
                        self._seen_commits = committed
                    return
                except Exception as error:  # rocksdict raises bare Exception
                    log.warning(line("catch-up failed", attempt=attempt + 1, error=error))
                    time.sleep(CATCH_UP_PAUSE_S)
            # A primary that was restarted or repaired can leave a secondary behind for good.
            self._open()
            self.reopened += 1
            log.warning(line("secondary reopened", times=self.reopened))

    def close(self) -> None:
        """Let go of the files and of the scratch folder."""
        self._disconnect()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _open(self) -> None:
        # Opening would create a folder with a stray file where there is no store.
        directory.require_store(self._db_path)
        # Before the files are read: a primary that is opened meanwhile is noticed with the next look.
        self._opening = _opening_of(self._db_path)
        # With this writer's life it may be in another file than with the last one's.
        self._commit_counter = CommitCounter(self._commit_counter_path) if self._commit_counter_path else None
        self._seen_commits = None
        shutil.rmtree(self._scratch, ignore_errors=True)
        make_private_dir(self._scratch)
        # What is still in the log is no fault: it is replayed.
        access = AccessType.read_only(False) if self._at_rest else AccessType.secondary(str(self._scratch))
        try:
            self._connect(access)
            if not self._at_rest:
                # What the primary moved from its log into a file between our looks at the two is in neither for us.
                self._db.try_catch_up_with_primary()
            info = self._families[schema.CHECKPOINTS].get(keys.STORE)
            version = codec.store_info(info).schema_version if info else schema.SCHEMA_VERSION
        except Exception as error:  # rocksdict raises bare Exception
            raise StoreError(
                f"The store at {self._db_path} can't be read: {directory.said(error)}. If another program wrote it, "
                "name another folder with --db-path; if it is damaged, copy the folder and restore it from a backup."
            ) from error
        schema.check_version(self._db_path, version)


def _opening_of(db_path: Path) -> tuple[int, int]:
    """What tells one opening of the primary from another: each renames a new CURRENT into place."""
    found = (db_path / directory.CURRENT).stat()
    return found.st_ino, found.st_mtime_ns


@contextmanager
def open_snapshot(db_path: Path) -> Iterator[Reader]:
    """The store as it is at this moment, whatever is written meanwhile; raises StoreError, StoreMissing."""
    with tempfile.TemporaryDirectory(prefix="agent-memory-") as scratch:
        reader = _opened_now(db_path, Path(scratch) / "secondary")
        try:
            yield reader
        finally:
            reader.close()


def _opened_now(db_path: Path, scratch: Path) -> Reader:
    """A reader of the whole store where it is at rest, else beside its writer, under whom files come and go."""
    directory.require_store(db_path)
    opening = _opening_of(db_path)
    if not directory.is_locked(db_path):
        try:
            return Reader(db_path, scratch, at_rest=True)
        except StoreError:
            # What a writer did that has begun since, and may have ended, is no damage.
            if not directory.is_locked(db_path) and _opening_of(db_path) == opening:
                raise
    return Reader(db_path, scratch)
