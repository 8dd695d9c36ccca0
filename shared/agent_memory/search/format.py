"""The search index on disk: SQLite files in a folder beside the store. The worker writes them, the query service reads.

    <store>-index/CURRENT                names the file in use
    <store>-index/words-<generation>.db  a row for each segment: the tokens of all its events, found by FTS5

The index holds nothing that the store does not hold, so whatever is wrong with it, it is made again. How far it is in
the outbox stands in it and is committed with its rows: a worker that is killed anywhere does the same work again, and
nothing twice.

FTS5 keeps no copy of the text here. A row can then be removed only with exactly the tokens it was added with, so each
row keeps the ids of its events and a digest of its tokens, and the events give the tokens back.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from agent_memory.errors import AgentMemoryError
from agent_memory.search import tokens

SCHEMA: Final = 2
CURRENT: Final = "CURRENT"
# What a file must have been made for and with to be used: a store, this schema, these tokens.
IDENTITY: Final = ("store", "schema", "tokens")
# A row's number says when its segment begins, and its place among those that begin at much the same time: a span of
# time is a range of numbers. FTS5 writes the distance to the next row of each word, so it is to be small: numbers grow
# by one a second.
UNIT_MS: Final = 16_000
PLACE_BITS: Final = 4
_IDS_LEVEL: Final = 1
_CACHE_KIB: Final = 1000
_DAMAGE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_BUSY_MS: Final = 5000

TABLES: Final = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE segment(
    number INTEGER PRIMARY KEY, node_id TEXT NOT NULL UNIQUE, session_id TEXT NOT NULL, first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL, event_ids BLOB NOT NULL, tags TEXT NOT NULL, digest BLOB NOT NULL
);
CREATE INDEX segment_session ON segment(session_id, first_ms);
CREATE VIRTUAL TABLE words USING fts5(
    body, tag, content='', tokenize="unicode61 remove_diacritics 0 tokenchars '_'"
);
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, row);
INSERT INTO words(words, rank) VALUES('rank', 'bm25(1.0, 0.0)');
"""


class IndexUnusable(AgentMemoryError):
    """The index can't be read or written. The store is sound; the worker makes a damaged index again by itself."""


def folder_of(db_path: Path) -> Path:
    """The folder of a store's index."""
    return db_path.with_name(db_path.name + "-index")


def current_file(folder: Path) -> Path:
    """The file in use; raises OSError, ValueError where none is named."""
    name = (folder / CURRENT).read_text(encoding="ascii").strip()
    if generation_of(Path(name)) is None:
        raise ValueError(f"{CURRENT} names no index file")
    return folder / name


def generation_of(path: Path) -> int | None:
    """The generation of an index file by its name; None for any other file."""
    digits = path.name.removeprefix("words-").removesuffix(".db")
    return int(digits) if digits.isdecimal() and path.name == file_name(int(digits)) else None


def file_name(generation: int) -> str:
    return f"words-{generation:06}.db"


def identity(store_id: str) -> dict[str, str]:
    """What an index of this store, made by this program, says of itself."""
    return dict(zip(IDENTITY, (store_id, str(SCHEMA), str(tokens.VERSION)), strict=True))


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open an index file that is there; raises sqlite3.Error."""
    mode = "ro" if read_only else "rw"
    database = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
    )
    database.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return database


def is_damage(error: Exception) -> bool:
    """Whether the error says that the file itself is bad, and not that the moment is: a full disk, a lock."""
    if isinstance(error, OSError):
        return False
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return True  # a row that should be there is not, or holds something else
    short_read = code == sqlite3.SQLITE_IOERR_SHORT_READ
    return code & 0xFF in _DAMAGE or short_read or str(error).startswith("no such")


def digest_of(body: Sequence[str], tags: Sequence[str]) -> bytes:
    """Stands for what a row was added with: equal tokens and tags in the same order, equal digests."""
    text = "\0".join((" ".join(body), " ".join(tags)))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def tag(kind: str, value: str) -> str:
    """One token for a project, an agent, a session, a role or a file, whatever characters its name has.

    `kind` is one letter: p, a, s, r, f.
    """
    return kind + hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def quoted(token: str) -> str:
    """The token as FTS5's query language takes any text literally."""
    return '"' + token.replace('"', '""') + '"'


def number_at(at_ms: int) -> int:
    """The least number of what begins then."""
    return max(0, at_ms) // UNIT_MS << PLACE_BITS


def pack(event_ids: Iterable[str]) -> bytes:
    """Event ids as one value, of half their size; no id holds a NUL."""
    return zlib.compress("\0".join(event_ids).encode("utf-8", "surrogatepass"), _IDS_LEVEL)


def unpack(packed: bytes) -> tuple[str, ...]:
    """The ids; raises ValueError where the value is none of `pack`."""
    try:
        ids = zlib.decompress(packed)
    except zlib.error as error:
        raise ValueError(f"event ids can't be read: {error}") from error
    return tuple(ids.decode("utf-8", "surrogatepass").split("\0")) if ids else ()
