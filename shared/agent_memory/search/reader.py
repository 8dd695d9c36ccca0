"""Reading the search index: which segments hold the words of a question."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from agent_memory.search import format as index
from agent_memory.search.format import UNIT_MS, IndexUnusable, number_at

# Words whose frequency is remembered: it changes slowly, and counting a common word's rows costs milliseconds.
_FREQUENCIES_MAX: Final = 5_000
# Remembered frequencies are forgotten when the index has grown by this share.
_GROWTH: Final = 0.02
_READERS_MAX: Final = 4
# So many rows of so many terms are ranked for a question: about 30 ms.
_RANKED_MAX: Final = 20_000
_NUMBER_MAX: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Found:
    """A segment that holds words of a question; a higher score is better. Times in milliseconds."""

    node_id: str
    session_id: str
    first_ms: int
    last_ms: int
    event_ids: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Filters:
    """Which segments may be found. Of the names of one kind one must fit, of each kind that is given.

    The span is half-open; a segment fits that has a part of it.
    """

    projects: tuple[str, ...] = ()
    agent: str = ""
    session_id: str = ""
    role: str = ""
    # The base name of a file, folded, and the tokens of that name: a tool has named it, or somebody has.
    file: str = ""
    file_tokens: tuple[str, ...] = ()
    from_ms: int | None = None
    to_ms: int | None = None

    def named(self) -> Iterable[tuple[str, Sequence[str]]]:
        """The kinds of tags and the names that fit; of a kind that does not matter, empty ones."""
        yield from (("p", self.projects), ("a", (self.agent,)), ("s", (self.session_id,)), ("r", (self.role,)))


@dataclass(frozen=True, slots=True)
class IndexState:
    """How the index is: up to where it holds the outbox, and whether segments from before are still missing."""

    cursor: int
    is_complete: bool
    segments: int
    # When it was last written, in milliseconds.
    written_ms: int
    # The request for a rebuild that the file in use is the answer to, by its time.
    asked_ms: int


class NoIndex:
    """Stands for the index while there is none: it holds nothing."""

    def frequencies(self, terms: Sequence[str]) -> tuple[int, dict[str, int]]:
        return 0, dict.fromkeys(terms, 0)

    def find(
        self, terms: Sequence[str], filters: Filters, limit: int, phrases: Sequence[Sequence[str]] = ()
    ) -> list[Found]:
        return []

    def similar(self, term: str, limit: int) -> list[tuple[str, int]]:
        return []


class IndexReader:
    """The index in use. Threads may share it; each look-up sees what was committed before it.

    Every method raises IndexUnusable. A damaged file is reported to the worker by removing CURRENT, and the worker
    makes the index again.
    """

    def __init__(self, db_path: Path, file: str = "") -> None:
        """With `file`, that file of the folder, whether it is in use or not."""
        self._folder = index.folder_of(db_path)
        self._file = file
        self._lock = threading.Lock()
        self._name = ""
        self._idle: list[sqlite3.Connection] = []
        self._frequencies: dict[str, int] = {}
        self._counted_at = 0

    def close(self) -> None:
        """Close the file, and forget which words are frequent; the next look-up opens it again."""
        with self._lock:
            self._forget()

    def state(self) -> IndexState:
        with self._open() as database:
            meta = {str(name): str(value) for name, value in database.execute("SELECT name, value FROM meta")}
            return IndexState(
                cursor=int(meta["cursor"]),
                is_complete=meta["scan"] == "done",
                segments=int(meta["segments"]),
                written_ms=int(meta["written_ms"]),
                asked_ms=int(meta["asked_ms"]),
            )

    def frequencies(self, terms: Sequence[str]) -> tuple[int, dict[str, int]]:
        """How many segments there are, and in how many of them each of the terms stands."""
        with self._open() as database:
            return self._counted(database, terms)

    def find(
        self, terms: Sequence[str], filters: Filters, limit: int, phrases: Sequence[Sequence[str]] = ()
    ) -> list[Found]:
        """The segments that hold most of the terms and all of the phrases, best first; without either, the newest."""
        columns = "s.node_id, s.session_id, s.first_ms, s.last_ms, s.event_ids"
        with self._open() as database:
            first, last = _numbers(database, filters)
            if terms:
                terms, newest = self._affordable(database, terms, filters)
                first = max(first, newest)
            match = _match(terms, phrases, filters)
            span = (filters.from_ms or 0, _NUMBER_MAX if filters.to_ms is None else filters.to_ms)
            has_span = filters.from_ms is not None or filters.to_ms is not None
            if match and (terms or phrases) and not has_span:
                # The best ones first: looking up each row that matches takes as long as ranking it.
                rows = database.execute(
                    f"SELECT {columns}, -w.score FROM (SELECT rowid, rank AS score FROM words "
                    "WHERE words MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rank LIMIT ?) w "
                    "CROSS JOIN segment s ON s.number = w.rowid ORDER BY w.score",
                    (match, first, last, limit),
                )
            elif match:
                order = "w.rank" if terms or phrases else "w.rowid DESC"
                rows = database.execute(
                    f"SELECT {columns}, -w.rank FROM words w CROSS JOIN segment s ON s.number = w.rowid "
                    "WHERE w.words MATCH ? AND w.rowid BETWEEN ? AND ? AND s.last_ms >= ? AND s.first_ms < ? "
                    f"ORDER BY {order} LIMIT ?",
                    (match, first, last, *span, limit),
                )
            else:
                rows = database.execute(
                    f"SELECT {columns}, 0.0 FROM segment s WHERE s.number BETWEEN ? AND ? "
                    "AND s.last_ms >= ? AND s.first_ms < ? ORDER BY s.number DESC LIMIT ?",
                    (first, last, *span, limit),
                )
            return [
                Found(node_id, session_id, first_ms, last_ms, index.unpack(ids), score)
                for node_id, session_id, first_ms, last_ms, ids, score in rows
            ]

    def of_agent(self, agent: str) -> tuple[int, int, int] | None:
        """In how many sessions the agent was, and when first and last, in milliseconds; None for in none."""
        with self._open() as database:
            count, first_ms, last_ms = database.execute(
                "SELECT count(DISTINCT s.session_id), min(s.first_ms), max(s.last_ms) FROM words w "
                "JOIN segment s ON s.number = w.rowid WHERE w.words MATCH ?",
                (f"tag : {index.quoted(index.tag('a', agent))}",),
            ).fetchone()
            return (int(count), int(first_ms), int(last_ms)) if count else None

    def similar(self, term: str, limit: int) -> list[tuple[str, int]]:
        """Words of the index that begin like the term does, each with the number of segments that hold it.

        Another first character is not looked for, unless the first two were swapped: that would be a walk through all
        words. Of those that have the second one as well, there are never too many for the limit.
        """
        heads = dict.fromkeys((term[:2], term[1::-1], term[:1]))
        found: dict[str, int] = {}
        with self._open() as database:
            for head in heads:
                rows = database.execute(
                    "SELECT term, doc FROM vocabulary WHERE term >= ? AND term < ? "
                    "AND length(term) BETWEEN ? AND ? LIMIT ?",
                    (head, head + "\U0010ffff", len(term) - 2, len(term) + 2, limit),
                )
                found |= {str(word): int(count) for word, count in rows}
        return list(found.items())

    def has_words_like(self, head: str) -> bool:
        """Whether a word of the index begins with `head`."""
        with self._open() as database:
            query = "SELECT 1 FROM vocabulary WHERE term >= ? AND term < ? LIMIT 1"
            return database.execute(query, (head, head + "\U0010ffff")).fetchone() is not None

    def _counted(self, database: sqlite3.Connection, tokens: Iterable[str]) -> tuple[int, dict[str, int]]:
        segments = int(database.execute("SELECT value FROM meta WHERE name = 'segments'").fetchone()[0])
        if abs(segments - self._counted_at) > _GROWTH * self._counted_at or len(self._frequencies) > _FREQUENCIES_MAX:
            self._frequencies, self._counted_at = {}, segments
        known = self._frequencies
        found = {}
        for token in tokens:
            count = known.get(token)
            if count is None:
                row = database.execute("SELECT doc FROM vocabulary WHERE term = ?", (token,)).fetchone()
                count = known[token] = int(row[0]) if row else 0
            found[token] = count
        return segments, found

    def _affordable(
        self, database: sqlite3.Connection, terms: Sequence[str], filters: Filters
    ) -> tuple[Sequence[str], int]:
        """The rarest terms, as many as can be ranked in time, and the number of the first segment to look at.

        FTS5 looks at every row of every term. A word that stands in half of the segments tells nothing of which, and
        where there are only such words, the newest segments are as good as any.
        """
        segments, frequencies = self._counted(database, terms)
        if sum(frequencies.values()) <= _RANKED_MAX:
            return terms, 0
        reach = self._reach(database, filters, segments)
        kept: list[str] = []
        left = _RANKED_MAX
        for term in sorted(terms, key=frequencies.__getitem__):
            cost = min(frequencies[term], reach)
            if kept and (cost > left or 2 * frequencies[term] >= segments):
                break
            kept.append(term)
            left -= cost
        if left >= 0:
            return kept, 0
        query = "SELECT number FROM segment ORDER BY number DESC LIMIT 1 OFFSET ?"
        row = database.execute(query, (_RANKED_MAX * segments // (reach or 1),)).fetchone()
        return kept, row[0] if row else 0

    def _reach(self, database: sqlite3.Connection, filters: Filters, segments: int) -> int:
        """How many segments the filters leave, at most."""
        found = [segments]
        for kind, values in filters.named():
            if tags := [index.tag(kind, value) for value in values if value]:
                found.append(sum(self._counted(database, tags)[1].values()))
        return min(found)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection to the file in use; to another file after a rebuild has put it in place."""
        try:
            path = self._folder / self._file if self._file else index.current_file(self._folder)
            database = self._taken(path)
        except (OSError, ValueError, sqlite3.Error) as error:
            self._report(error)
            raise IndexUnusable(f"The search index in {self._folder} can't be opened: {error}") from error
        try:
            yield database
        except (sqlite3.Error, TypeError, ValueError, KeyError) as error:
            database.close()
            self._report(error)
            raise IndexUnusable(f"The search index in {self._folder} can't be read: {error}") from error
        except BaseException:
            database.close()
            raise
        self._put_back(path, database)

    def _taken(self, path: Path) -> sqlite3.Connection:
        with self._lock:
            if path.name != self._name:
                self._forget()
                self._name = path.name
            if self._idle:
                return self._idle.pop()
        return index.connect(path, read_only=True)

    def _put_back(self, path: Path, database: sqlite3.Connection) -> None:
        with self._lock:
            if path.name == self._name and len(self._idle) < _READERS_MAX:
                self._idle.append(database)
                return
        database.close()

    def _forget(self) -> None:
        while self._idle:
            self._idle.pop().close()
        self._name, self._frequencies, self._counted_at = "", {}, 0

    def _report(self, error: Exception) -> None:
        """Let the worker know of damage."""
        if index.is_damage(error) and not self._file:
            with suppress(OSError):
                (self._folder / index.CURRENT).unlink(missing_ok=True)


def _match(terms: Sequence[str], phrases: Sequence[Sequence[str]], filters: Filters) -> str:
    """The question in FTS5's language. Only our own tokens stand in it, each quoted: nobody's words are operators."""
    parts = [f"body : {_phrase(phrase)}" for phrase in phrases]
    if terms:
        parts.append("body : (" + " OR ".join(map(index.quoted, terms)) + ")")
    for kind, values in filters.named():
        if tags := [index.quoted(index.tag(kind, value)) for value in values if value]:
            parts.append("tag : (" + " OR ".join(tags) + ")")
    if filters.file:
        touched = f"tag : {index.quoted(index.tag('f', filters.file))}"
        spoken = f" OR body : {_phrase(filters.file_tokens)}" if filters.file_tokens else ""
        parts.append(f"({touched}{spoken})")
    return " AND ".join(parts)


def _phrase(tokens: Sequence[str]) -> str:
    return "(" + " + ".join(map(index.quoted, tokens)) + ")"


def _numbers(database: sqlite3.Connection, filters: Filters) -> tuple[int, int]:
    """The numbers that segments of the span can have.

    The longest segment may begin so long before it, and where too many began at once, numbers are those of later times.
    """
    first, last = 0, _NUMBER_MAX
    query = "SELECT value FROM meta WHERE name = ?"
    if filters.from_ms is not None:
        (longest,) = database.execute(query, ("longest_ms",)).fetchone()
        first = number_at(filters.from_ms - int(longest))
    if filters.to_ms is not None:
        (displaced,) = database.execute(query, ("displaced",)).fetchone()
        last = number_at(filters.to_ms + UNIT_MS) - 1 + int(displaced)
    return first, last


Index: TypeAlias = IndexReader | NoIndex
