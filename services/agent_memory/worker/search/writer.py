"""Writing one file of the search index: rows of segments, and how far they are, committed together."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent_memory.search import format as index
from agent_memory.search.format import PLACE_BITS, number_at

# What the log keeps of its size once it is written into the file.
_LOG_BYTES: Final = 1 << 20
SCAN_BEGINS: Final = "after "
SCAN_DONE: Final = "done"


@dataclass(frozen=True, slots=True)
class IndexedSegment:
    """A segment as it is put into the index. Times in milliseconds."""

    node_id: str
    session_id: str
    first_ms: int
    last_ms: int
    event_ids: tuple[str, ...]
    tags: tuple[str, ...]
    # The tokens of all its events, in order.
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What the index keeps of a segment."""

    number: int
    node_id: str
    first_ms: int
    last_ms: int
    event_ids: tuple[str, ...]
    tags: tuple[str, ...]
    digest: bytes


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the file is. Committed with the rows."""

    # The outbox up to here is in it.
    cursor: int = 0
    # What the outbox holds at the cursor: another entry there means another store's history.
    entry: str = ""
    # Which sessions are still to be looked at as a whole: those behind the one named, none when it is done.
    scan: str = SCAN_BEGINS
    # The request that this file is the answer to, in milliseconds; 0 where nobody asked.
    asked_ms: int = 0
    # The rebuild of the table of contents that the rows are from, by the time it ended.
    toc_rebuilt_ms: int = 0


class Damaged(Exception):
    """The file can't be gone on with; another is made."""


class IndexWriter:
    """The one writer of an index file. Every method may raise sqlite3.Error."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path = path
        self._database = database
        database.execute("PRAGMA journal_mode = WAL")
        # The cursor is in the same transaction: what a power cut takes back is done again.
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
        database.execute("PRAGMA secure_delete = ON")
        self._inode = path.stat().st_ino

    @classmethod
    def create(cls, path: Path, store_id: str, progress: Progress) -> IndexWriter:
        """A new, empty index file; raises OSError, sqlite3.Error."""
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        writer = cls(path, index.connect(path, read_only=False))
        database = writer._database
        database.executescript(index.TABLES)
        values = {**index.identity(store_id), "segments": "0", "longest_ms": "0", "displaced": "0", "written_ms": "0"}
        with writer._transaction():
            database.executemany("INSERT INTO meta VALUES(?, ?)", values.items())
            writer._record(progress)
        return writer

    @classmethod
    def open(cls, path: Path, store_id: str) -> IndexWriter:
        """The file, if it is sound, this store's and this program's; raises Damaged, OSError, sqlite3.Error."""
        if not path.exists():
            raise Damaged("its file is not there")
        writer = cls(path, index.connect(path, read_only=False))
        try:
            meta = writer._meta()
            for name, wanted in index.identity(store_id).items():
                if meta.get(name) != wanted:
                    raise Damaged(f"it is of another {name}")
            with closing(writer._database.execute("PRAGMA quick_check(1)")) as found:
                if (said := str(found.fetchone()[0])) != "ok":
                    raise Damaged(said)
            writer.progress()
        except BaseException:
            writer.close()
            raise
        return writer

    def close(self) -> None:
        self._database.close()

    @property
    def is_there(self) -> bool:
        """Whether the file is still the one in the folder."""
        try:
            return self.path.stat().st_ino == self._inode
        except OSError:
            return False

    def progress(self) -> Progress:
        meta = self._meta()
        try:
            numbers = {name: int(meta[name]) for name in ("cursor", "asked_ms", "toc_rebuilt_ms")}
            return Progress(entry=meta["entry"], scan=meta["scan"], **numbers)
        except (KeyError, ValueError) as error:
            raise Damaged(f"it does not say how far it is: {error}") from error

    @contextmanager
    def committing(self, now_ms: int) -> Iterator[Changes]:
        """What is put, removed and recorded inside is committed together, or not at all."""
        with self._transaction():
            changes = Changes(self)
            yield changes
            meta = self._meta()
            values = {
                "segments": int(meta["segments"]) + changes.added,
                "longest_ms": max(int(meta["longest_ms"]), changes.longest_ms),
                "displaced": max(int(meta["displaced"]), changes.displaced),
                "written_ms": now_ms,
            }
            self._database.executemany(
                "UPDATE meta SET value = ? WHERE name = ?", [(str(value), name) for name, value in values.items()]
            )

    def rows_from(self, session_id: str, from_ms: int) -> list[Row]:
        """A session's segments that begin at `from_ms` or later, and the last one before, in order of time."""
        rows = self._database.execute(
            "SELECT number, node_id, first_ms, last_ms, event_ids, tags, digest FROM segment WHERE session_id = ?1 "
            "AND first_ms >= coalesce((SELECT max(first_ms) FROM segment WHERE session_id = ?1 AND first_ms < ?2), 0) "
            "ORDER BY first_ms, number",
            (session_id, from_ms),
        )
        return [
            Row(number, node_id, first_ms, last_ms, index.unpack(ids), tuple(tags.split()), digest)
            for number, node_id, first_ms, last_ms, ids, tags, digest in rows
        ]

    def merge_all(self) -> bool:
        """Make the words of removed rows leave the file: FTS5 keeps them until a merge, the log until a checkpoint.

        False while a reader keeps the log from being emptied: to be called again then.
        """
        self._database.execute("INSERT INTO words(words) VALUES('optimize')")
        (is_busy, _, _) = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not is_busy

    def sync(self) -> None:
        """Have on disk what was committed: what follows elsewhere must not outlive it in a power cut."""
        self._database.execute("PRAGMA wal_checkpoint(FULL)")

    def _meta(self) -> dict[str, str]:
        return {str(name): str(value) for name, value in self._database.execute("SELECT name, value FROM meta")}

    def _record(self, progress: Progress) -> None:
        values = [(name, str(getattr(progress, name))) for name in Progress.__slots__]
        self._database.executemany("INSERT OR REPLACE INTO meta VALUES(?, ?)", values)

    def _number(self, first_ms: int) -> int:
        """A number for a segment that begins then."""
        first = number_at(first_ms)
        last = first + (1 << PLACE_BITS) - 1
        query = "SELECT max(number) FROM segment WHERE number BETWEEN ? AND ?"
        (taken,) = self._database.execute(query, (first, last)).fetchone()
        if taken is None or taken < last:
            return first if taken is None else taken + 1
        # Too many began then: the next free number, whosever time that is.
        query = (
            "SELECT min(number) + 1 FROM segment a WHERE number >= ? "
            "AND NOT EXISTS (SELECT 1 FROM segment b WHERE b.number = a.number + 1)"
        )
        return int(self._database.execute(query, (last,)).fetchone()[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            # Nothing of it is there where the file is too bad to take it back.
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


class Changes:
    """The changes of one transaction."""

    def __init__(self, writer: IndexWriter) -> None:
        self._writer = writer
        self._database = writer._database
        self.added = 0
        self.longest_ms = 0
        # How far a number lies behind those of its segment's time, at most.
        self.displaced = 0

    def put(self, segment: IndexedSegment) -> None:
        """Add a segment that is not in the index."""
        number = self._writer._number(segment.first_ms)
        tags = " ".join(segment.tags)
        self._database.execute(
            "INSERT INTO segment VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                segment.node_id,
                segment.session_id,
                segment.first_ms,
                segment.last_ms,
                index.pack(segment.event_ids),
                tags,
                index.digest_of(segment.body, segment.tags),
            ),
        )
        self._database.execute(
            "INSERT INTO words(rowid, body, tag) VALUES(?, ?, ?)", (number, " ".join(segment.body), tags)
        )
        self.added += 1
        self.displaced = max(self.displaced, number - number_at(segment.first_ms))
        self.longest_ms = max(self.longest_ms, segment.last_ms - segment.first_ms)

    def remove(self, row: Row, body: tuple[str, ...]) -> None:
        """Remove a segment; `body` is what it was put in with. Raises Damaged where it was not."""
        if row.digest != index.digest_of(body, row.tags):
            raise Damaged(f"it holds other words of {row.node_id} than the store")
        self._database.execute(
            "INSERT INTO words(words, rowid, body, tag) VALUES('delete', ?, ?, ?)",
            (row.number, " ".join(body), " ".join(row.tags)),
        )
        self._database.execute("DELETE FROM segment WHERE number = ?", (row.number,))
        self.added -= 1

    def record(self, progress: Progress) -> None:
        """Say how far the file is with these changes."""
        self._writer._record(progress)
