"""A worker that keeps the search index, in the test's own process, and what the index should hold."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from agent_memory.search import format as index
from agent_memory.store import records
from agent_memory.worker.search.search_index import SearchIndex
from support.keeper import Keeper
from support.writer import WriterProcess


class Searching(Keeper):
    """A worker that keeps the index, too."""

    def __init__(self, writer: WriterProcess) -> None:
        super().__init__(writer)
        self.index = SearchIndex(self.reader, writer.db_path)
        self.db_path = writer.db_path

    def drain(self) -> None:
        self.drain_toc()
        self.index_all()

    def drain_toc(self) -> None:
        """Bring the tree up to all that was appended, and leave the index behind."""
        super().drain()
        self.reader.catch_up()

    def index_all(self) -> None:
        """Step until there is nothing left to do."""
        while self.index.step(self.toc.state.cursor, self.now_ms):
            self.reader.catch_up()

    def close(self) -> None:
        self.index.close()
        super().close()

    def check(self) -> None:
        """The index holds the segments of the table of contents, each with its events and with their words only."""
        found = rows(self.db_path)
        assert found == stored(self)
        words = vocabulary(self.db_path)
        self.index.close()
        folder = index.folder_of(self.db_path)
        aside = folder.with_name("aside")
        folder.rename(aside)
        self.index_all()
        assert vocabulary(self.db_path) == words
        self.index.close()
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        aside.rename(folder)


def stored(keeper: Keeper) -> dict[str, tuple[str, ...]]:
    """The events of each segment of the table of contents."""
    found = {}
    for session_id in records.sessions(keeper.reader):
        events = list(records.session_events(keeper.reader, session_id))
        for first, cut in records.segments_from(keeper.reader, session_id, (0, "")):
            last = (cut.last_ms, cut.last_event_id)
            found[cut.node_id] = tuple(each.event_id for each in events if first <= each.position <= last)
    return found


def database(db_path: Path) -> sqlite3.Connection:
    return index.connect(index.current_file(index.folder_of(db_path)), read_only=False)


def rows(db_path: Path) -> dict[str, tuple[str, ...]]:
    with closing(database(db_path)) as opened:
        opened.execute("INSERT INTO words(words) VALUES('integrity-check')")
        return {node: index.unpack(ids) for node, ids in opened.execute("SELECT node_id, event_ids FROM segment")}


def vocabulary(db_path: Path) -> list[tuple[str, int, int]]:
    with closing(database(db_path)) as opened:
        return list(opened.execute("SELECT term, doc, cnt FROM vocabulary"))
