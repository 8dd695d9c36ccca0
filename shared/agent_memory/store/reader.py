"""Reading the store beside the writer, as a RocksDB secondary that catches up.

What was acknowledged is on disk, so a reader that catches up sees it.
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
from agent_memory.process.logs import line
from agent_memory.store import codec, directory, keys, schema
from agent_memory.store.commit_counter import CommitCounter
from agent_memory.store.family_memory import FamilyMemory
from agent_memory.store.rows import Rows

log = logging.getLogger(__name__)

CATCH_UP_TRIES = 3
CATCH_UP_PAUSE_S = 0.02


class Reader(Rows):
    """A secondary of the store at `db_path`. Threads may share it; `scratch` is a folder for this reader alone.

    `commits` is the file in which the writer counts its commits; with it, catching up is almost free while there are
    none. A store `at_rest`, which nobody writes, is opened read-only: that fails where a file is missing, while a
    secondary would show an older state. Such a reader never catches up.
    Raises StoreMissing while there is no store, StoreError where it can't be read or a newer version wrote it.
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
        self._at_rest = at_rest
        self._commit_counter = CommitCounter(commits) if commits else None
        self._seen_commits: object = None
        self._memory = FamilyMemory()
        self._is_stale = False
        self._catching_up = threading.Lock()
        self.reopened = 0
        self._let_go_of = 0
        self._open()

    def catch_up(self, *, idly: bool = False) -> None:
        """See everything that was acknowledged before this call.

        Costs 0.04 ms, more where there are many files, even when nothing changed. With a commit counter it costs that
        only after a commit, or `idly`: catching up also releases the files that a compaction has replaced.
        """
        with self._catching_up:
            for attempt in range(CATCH_UP_TRIES):
                try:
                    if _opening_of(self._db_path) != self._opening:
                        # What a secondary has replayed hides what the primary wrote to its files after a restart.
                        log.info("the primary was opened again, and so is the secondary")
                        self._is_stale = True
                    if self._is_stale:
                        self._open()
                    committed = self._commit_counter.count if self._commit_counter else None
                    if committed is None or committed != self._seen_commits or idly:
                        if self._follow():
                            self._open()
                        self._seen_commits = committed
                    return
                except Exception as error:  # rocksdict raises bare Exception
                    log.warning(line("catch-up failed", attempt=attempt + 1, error=error))
                    time.sleep(CATCH_UP_PAUSE_S)
            # A secondary can fall behind for good when its primary is restarted or repaired.
            self._open()
            self.reopened += 1
            log.warning(line("secondary reopened", times=self.reopened))

    def let_go_after(self, erasure: int) -> bool:
        """Open the store again, once for each erasure, given by its number, that has ended; whether that was done.

        A secondary keeps a file open for good that was written and replaced between two of its looks. Deleted or not,
        that file is still on the disk.
        """
        with self._catching_up:
            if erasure <= self._let_go_of:
                return False
            self._open()
            self._let_go_of = erasure
            return True

    def close(self) -> None:
        """Close the files and remove the scratch folder."""
        self._disconnect()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _open(self) -> None:
        # Opening would create a folder with a file in it where there is no store.
        directory.require_store(self._db_path)
        # Before the files are read: the next catch-up notices a primary that is opened meanwhile.
        self._opening = _opening_of(self._db_path)
        self._seen_commits = None
        shutil.rmtree(self._scratch, ignore_errors=True)
        make_private_dir(self._scratch)
        # False: records that are still in the log are no error, they are replayed.
        access = AccessType.read_only(False) if self._at_rest else AccessType.secondary(str(self._scratch))
        try:
            self._manifest = self._db_path / (self._db_path / directory.CURRENT).read_text().strip()
            self._manifest_bytes = _size(self._manifest)
            self._connect(access, view_of(self._db_path, self._scratch) if self._at_rest else None)
            if not self._at_rest:
                # The primary may have moved records from its log into a file after we read the file list and before we
                # read the log.
                self._memory = FamilyMemory()
                self._memory.may_hide_a_flush(self._families)
                # Hidden is then only what was written since we began: the next catch-up opens the store again.
                self._is_stale = self._follow()
            info = self._families[schema.CHECKPOINTS].get(keys.STORE)
            version = codec.store_info(info).schema_version if info else schema.SCHEMA_VERSION
        except Exception as error:  # rocksdict raises bare Exception
            raise StoreError(
                f"The store at {self._db_path} can't be read: {directory.said(error)}.",
                "If another program wrote it, name another folder with --db-path. If it is damaged, copy the folder, "
                "then restore it from a backup.",
            ) from error
        schema.check_version(self._db_path, version)

    def _follow(self) -> bool:
        """Replay what the primary has written; whether a flush of it is hidden by what was replayed before."""
        # A flush adds to the manifest. Its size before the last time that we followed: no flush is missed so.
        before, self._manifest_bytes = self._manifest_bytes, _size(self._manifest)
        self._db.try_catch_up_with_primary()
        may_hide = self._memory.may_hide_a_flush(self._families)
        now = _size(self._manifest)
        return may_hide and (now is None or now != before)


def _size(manifest: Path) -> int | None:
    """The manifest's size in bytes; None where a new opening of the primary has replaced it."""
    try:
        return manifest.stat().st_size
    except FileNotFoundError:
        return None


def view_of(db_path: Path, scratch: Path) -> Path:
    """A folder in which the store's files are links: rocksdict writes a file of its own where it opens a store."""
    folder = scratch / "view"
    make_private_dir(folder)
    for path in db_path.absolute().iterdir():
        if path.name not in directory.STRAY:
            (folder / path.name).symlink_to(path)
    return folder


def _opening_of(db_path: Path) -> tuple[int, int]:
    """Identifies this opening of the primary: each one renames a new CURRENT into place."""
    found = (db_path / directory.CURRENT).stat()
    return found.st_ino, found.st_mtime_ns


@contextmanager
def open_snapshot(db_path: Path) -> Iterator[Reader]:
    """The store as it is now, whatever is written meanwhile; raises StoreError, StoreMissing."""
    with tempfile.TemporaryDirectory(prefix="agent-memory-") as scratch:
        reader = _opened_now(db_path, Path(scratch) / "secondary")
        try:
            yield reader
        finally:
            reader.close()


def _opened_now(db_path: Path, scratch: Path) -> Reader:
    """A read-only reader where the store is at rest, else a secondary of its writer."""
    directory.require_store(db_path)
    opening = _opening_of(db_path)
    if not directory.is_locked(db_path):
        try:
            return Reader(db_path, scratch, at_rest=True)
        except StoreError:
            # A writer that was opened meanwhile, and may be gone again, has changed the files; that is no damage.
            if not directory.is_locked(db_path) and _opening_of(db_path) == opening:
                raise
    return Reader(db_path, scratch)
