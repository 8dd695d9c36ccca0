"""The search index: a SQLite file beside the store. The worker writes it, the query service reads it.

    <store>-index/CURRENT                names the file in use
    <store>-index/words-<generation>.db  a row for each segment: the tokens of all its events, found by FTS5

It holds nothing that the store does not hold: whatever is wrong with it, it is made again. The position in the outbox
up to which it is complete stands in it and is committed with the rows, so a worker that is killed anywhere does the
same again, and nothing twice.

FTS5 is used without its own copy of the text. A row can then be taken out only with exactly the tokens that it was put
in with, so each row keeps the ids of its events and a digest of its tokens: the events give the tokens back.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent_memory.errors import AgentMemoryError
from agent_memory.search import tokens

SCHEMA: Final = 1
_CURRENT: Final = "CURRENT"
# A row's number is its segment's first second, and a place among those of the same second: a range of numbers is a span.
_PLACE_BITS: Final = 12
_CACHE_KIB: Final = 1000
_BUSY_MS: Final = 5000

_TABLES: Final = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE segment(
    number INTEGER PRIMARY KEY, node_id TEXT NOT NULL UNIQUE, session_id TEXT NOT NULL, project TEXT NOT NULL,
    agents TEXT NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, event_ids BLOB NOT NULL, digest BLOB NOT NULL
);
CREATE INDEX segment_session ON segment(session_id);
CREATE VIRTUAL TABLE words USING fts5(
    body, tag, content='', tokenize="unicode61 remove_diacritics 0 tokenchars '_'"
);
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, row);
INSERT INTO words(words, rank) VALUES('rank', 'bm25(1.0, 0.0)');
"""


class IndexDamaged(AgentMemoryError):
    """The index can't be used; the store is sound, and the worker makes the index again."""


@dataclass(frozen=True, slots=True)
class IndexedSegment:
    """A segment as it stands in the index. Times in milliseconds."""

    node_id: str
    session_id: str
    project: str
    agents: tuple[str, ...]
    first_ms: int
    last_ms: int
    event_ids: tuple[str, ...]
    # The tokens of all its events, in order.
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A segment that holds words of a question; a higher score is better."""

    node_id: str
    session_id: str
    event_ids: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Filters:
    """Which segments may be found; empty values and None allow all. The span is half-open."""

    project: str = ""
    agent: str = ""
    session_id: str = ""
    from_ms: int | None = None
    to_ms: int | None = None


def folder_of(db_path: Path) -> Path:
    """The folder of a store's index."""
    return db_path.with_name(db_path.name + "-index")


class IndexReader:
    """The index as it is now. For one thread at a time; each look-up sees what was committed before it."""

    def __init__(self, db_path: Path) -> None:
        self._folder = folder_of(db_path)
        self._name = ""
        self._database: sqlite3.Connection | None = None

    def close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def cursor(self) -> int:
        """The outbox position up to which the index is complete."""
        with self._open() as database:
            return int(_meta(database, "cursor"))

    def segments(self) -> int:
        """How many segments are in the index."""
        with self._open() as database:
            return int(database.execute("SELECT count(*) FROM segment").fetchone()[0])

    def frequency(self, token: str) -> int:
        """In how many segments the token stands."""
        with self._open() as database:
            row = database.execute("SELECT doc FROM vocabulary WHERE term = ?", (token,)).fetchone()
            return int(row[0]) if row else 0

    def find(self, terms: Sequence[str], filters: Filters, limit: int, excluded: Sequence[str] = ()) -> list[Found]:
        """The segments that hold most of the terms, best first; of those in the span, the newest without terms."""
        match = _match(terms, filters, excluded)
        first, last = _numbers(filters)
        with self._open() as database:
            if match:
                rows = database.execute(
                    "SELECT s.node_id, s.session_id, s.event_ids, -w.rank FROM words w JOIN segment s ON s.number = w.rowid "
                    "WHERE w.words MATCH ? AND w.rowid BETWEEN ? AND ? ORDER BY w.rank LIMIT ?",
                    (match, first, last, limit),
                ).fetchall()
            else:
                rows = database.execute(
                    "SELECT node_id, session_id, event_ids, 0.0 FROM segment WHERE number BETWEEN ? AND ? "
                    "ORDER BY number DESC LIMIT ?",
                    (first, last, limit),
                ).fetchall()
        return [Found(node_id, session_id, _unpacked(ids), score) for node_id, session_id, ids, score in rows]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """The database in use; another one after a rebuild has swapped it. Raises IndexDamaged."""
        try:
            name = (self._folder / _CURRENT).read_text(encoding="ascii").strip()
            if self._database is None or name != self._name:
                self.close()
                self._database = _connect(self._folder / name, read_only=True)
                self._name = name
            yield self._database
        except (OSError, ValueError, sqlite3.Error) as error:
            self.close()
            raise IndexDamaged(f"The search index in {self._folder} can't be read: {error}") from error


class IndexWriter:
    """The one writer of an index. Opening makes it where it is missing, damaged, of another version or another store."""

    def __init__(self, db_path: Path, store_id: str) -> None:
        self._folder = folder_of(db_path)
        self._store_id = store_id
        self._database, self.is_new = self._opened()

    @property
    def cursor(self) -> int:
        """The outbox position up to which everything is in the index."""
        return int(_meta(self._database, "cursor"))

    def close(self) -> None:
        self._database.close()

    @contextmanager
    def transaction(self, cursor: int) -> Iterator[None]:
        """What is put and removed inside is committed together, with the cursor, or not at all."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("UPDATE meta SET value = ? WHERE name = 'cursor'", (str(cursor),))
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def of_session(self, session_id: str) -> dict[str, tuple[tuple[str, ...], bytes]]:
        """The segments of a session that are in the index: their events and the digest of their tokens, by node id."""
        rows = self._database.execute(
            "SELECT node_id, event_ids, digest FROM segment WHERE session_id = ?", (session_id,)
        )
        return {node_id: (_unpacked(ids), digest) for node_id, ids, digest in rows}

    def put(self, segment: IndexedSegment) -> None:
        """Add a segment that is not in the index."""
        second = segment.first_ms // 1000 << _PLACE_BITS
        (taken,) = self._database.execute(
            "SELECT max(number) FROM segment WHERE number BETWEEN ? AND ?", (second, second + (1 << _PLACE_BITS) - 1)
        ).fetchone()
        number = second if taken is None else taken + 1
        self._database.execute(
            "INSERT INTO segment VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                segment.node_id,
                segment.session_id,
                segment.project,
                json.dumps(segment.agents),
                segment.first_ms,
                segment.last_ms,
                _packed(segment.event_ids),
                digest_of(segment.body),
            ),
        )
        self._database.execute(
            "INSERT INTO words(rowid, body, tag) VALUES(?, ?, ?)", (number, " ".join(segment.body), _tags(segment))
        )

    def remove(self, segment: IndexedSegment) -> None:
        """Take out a segment as it was put in. Raises IndexDamaged where its tokens are not those it was put in with."""
        row = self._database.execute("SELECT number, digest FROM segment WHERE node_id = ?", (segment.node_id,)).fetchone()
        if row is None or row[1] != digest_of(segment.body):
            raise IndexDamaged(f"The index holds other words of {segment.node_id} than the store does.")
        self._database.execute(
            "INSERT INTO words(words, rowid, body, tag) VALUES('delete', ?, ?, ?)",
            (row[0], " ".join(segment.body), _tags(segment)),
        )
        self._database.execute("DELETE FROM segment WHERE number = ?", (row[0],))

    def erase_removed(self) -> None:
        """Make the words of removed rows leave the file: a removed row's words otherwise stay in it until a merge."""
        self._database.execute("INSERT INTO words(words) VALUES('optimize')")
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _opened(self) -> tuple[sqlite3.Connection, bool]:
        os.makedirs(self._folder, mode=0o700, exist_ok=True)  # noqa: PTH103
        with suppress(OSError, ValueError, sqlite3.Error):
            name = (self._folder / _CURRENT).read_text(encoding="ascii").strip()
            database = _connect(self._folder / name)
            if _identity(database) == self._identity() and not _damage(database):
                return database, False
            database.close()
        return self._new_generation(), True

    def _new_generation(self) -> sqlite3.Connection:
        """An empty index in a new file; the old ones go."""
        old = sorted(self._folder.glob("words-*.db*"))
        numbers = [int(path.name[6:12]) for path in old if path.name[6:12].isdigit()]
        path = self._folder / f"words-{max(numbers, default=0) + 1:06}.db"
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        database = _connect(path)
        database.executescript(_TABLES)
        values = {**self._identity(), "cursor": "0"}
        database.executemany("INSERT INTO meta VALUES(?, ?)", values.items())
        swap(self._folder, path.name)
        return database

    def _identity(self) -> dict[str, str]:
        return {"store": self._store_id, "schema": str(SCHEMA), "tokens": str(tokens.VERSION)}


def swap(folder: Path, name: str) -> None:
    """Make that file the one in use, in one step, and remove the others."""
    new = folder / f".{_CURRENT}"
    new.write_text(f"{name}\n", encoding="ascii")
    new.chmod(0o600)
    new.replace(folder / _CURRENT)
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    for path in folder.glob("words-*.db*"):
        if not path.name.startswith(name):
            path.unlink(missing_ok=True)


def digest_of(body: Sequence[str]) -> bytes:
    """Stands for a segment's tokens: equal tokens in the same order, equal digests."""
    return hashlib.blake2b(" ".join(body).encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    mode = "ro" if read_only else "rw"
    database = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
    )
    database.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    if not read_only:
        database.execute("PRAGMA journal_mode = WAL")
        # The cursor is in the same transaction: what a power cut takes back is done again.
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA secure_delete = ON")
    return database


def _identity(database: sqlite3.Connection) -> dict[str, str]:
    rows = database.execute("SELECT name, value FROM meta WHERE name != 'cursor'")
    return {name: value for name, value in rows}


def _damage(database: sqlite3.Connection) -> str:
    with closing(database.execute("PRAGMA quick_check(1)")) as found:
        said = str(found.fetchone()[0])
    return "" if said == "ok" else said


def _meta(database: sqlite3.Connection, name: str) -> str:
    row = database.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise ValueError(f"it has no {name}")
    return str(row[0])


def _match(terms: Sequence[str], filters: Filters, excluded: Sequence[str]) -> str:
    """The question in FTS5's language. Only our own tokens stand in it, each quoted: nobody's words are its operators."""
    parts = []
    if terms:
        parts.append("body : (" + " OR ".join(map(_quoted, terms)) + ")")
    tags = [
        _tag(kind, value)
        for kind, value in (("p", filters.project), ("a", filters.agent), ("s", filters.session_id))
        if value
    ]
    parts += [f"tag : {_quoted(tag)}" for tag in tags]
    match = " AND ".join(parts)
    if match and excluded:
        match = f"({match}) NOT body : (" + " OR ".join(map(_quoted, excluded)) + ")"
    return match


def _numbers(filters: Filters) -> tuple[int, int]:
    first = 0 if filters.from_ms is None else max(filters.from_ms, 0) // 1000 << _PLACE_BITS
    last = (1 << 62) if filters.to_ms is None else (max(filters.to_ms, 0) // 1000 + 1 << _PLACE_BITS) - 1
    return first, last


def _tags(segment: IndexedSegment) -> str:
    named = [_tag("p", segment.project), _tag("s", segment.session_id), *(_tag("a", agent) for agent in segment.agents)]
    return " ".join(named)


def _tag(kind: str, value: str) -> str:
    """One token that stands for a project, an agent or a session, whatever characters it has."""
    return kind + hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _quoted(token: str) -> str:
    return '"' + token.replace('"', '""') + '"'


def _packed(event_ids: Sequence[str]) -> bytes:
    return "\0".join(event_ids).encode("utf-8", "surrogatepass")


def _unpacked(packed: bytes) -> tuple[str, ...]:
    return tuple(packed.decode("utf-8", "surrogatepass").split("\0")) if packed else ()
