"""The search index is a function of the set of events: whatever the batching, the order, the restarts, the damage."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from agent_memory.model import Event
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.search import format as index
from agent_memory.search.format import IndexUnusable
from agent_memory.search.reader import Filters, IndexReader
from agent_memory.search.tokens import tokens
from agent_memory.worker.search import indexer
from agent_memory.worker.search.search_index import PAUSE_MS
from support.conversations import LATER_MS, conversations
from support.keeper import Keeper
from support.search import Searching, database
from support.writer import WriterProcess, said


def found(db_path: Path, words: str, filters: Filters | None = None) -> list[str]:
    """The segments that the words are found in, best first."""
    reader = IndexReader(db_path)
    try:
        return [each.node_id for each in reader.find(tokens(words), filters or Filters(), 20)]
    finally:
        reader.close()


@pytest.fixture
def keeper(writer: WriterProcess) -> Iterator[Searching]:
    keeper = Searching(writer)
    try:
        yield keeper
    finally:
        keeper.close()


def parts(events: Sequence[Event], random: Random) -> Iterator[Sequence[Event]]:
    at = 0
    while at < len(events):
        size = random.choice((1, 3, 20, 100))
        yield events[at : at + size]
        at += size


@pytest.mark.parametrize("seed", range(3))
def test_any_batching_order_and_restarts_give_the_same_index(writer: WriterProcess, seed: int) -> None:
    """Events in any order and in batches of any size, by a new worker each time: rows and words are the same."""
    random = Random(seed)
    events = conversations(seed, sessions=3, events_each=60)
    random.shuffle(events)
    keeper = Searching(writer)
    for batch in parts(events, random):
        writer.append(batch)
        if random.random() < 0.3:
            keeper.close()
            keeper = Searching(writer)
        keeper.drain()

    keeper.check()

    keeper.close()


def test_an_event_is_found_once_it_is_taken_in(writer: WriterProcess, keeper: Searching) -> None:
    """Also one of an open segment, also in a second batch of the same segment."""
    keeper.now_ms = 1_000_000
    writer.append([said("e1", 1_000_000, "The zebra crosses the bridge.")])
    keeper.drain()
    assert len(found(keeper.db_path, "zebras")) == 1

    writer.append([said("e2", 1_001_000, "A walrus follows.")])
    keeper.drain()

    assert found(keeper.db_path, "walrus") == found(keeper.db_path, "zebra") != []


def test_filters_work_inside_of_the_query(writer: WriterProcess, keeper: Searching) -> None:
    """Project, session, agent and time leave out segments that would otherwise be among the best."""
    day = 86_400_000
    writer.append([said(f"e{n}", n * day, "We chose Postgres.", session_id=f"s{n}") for n in range(1, 30)])
    keeper.drain()
    assert len(found(keeper.db_path, "postgres")) == 20

    assert len(found(keeper.db_path, "postgres", Filters(session_id="s3"))) == 1
    assert len(found(keeper.db_path, "postgres", Filters(from_ms=3 * day, to_ms=5 * day))) == 2
    assert found(keeper.db_path, "postgres", Filters(agent="codex")) == []
    assert len(found(keeper.db_path, "postgres", Filters(agent="claude-code"))) == 20


def test_a_time_holds_all_that_began_in_it_however_many(writer: WriterProcess, keeper: Searching) -> None:
    """Also of more segments than have numbers of that time; and none of what began before or after."""
    day = 86_400_000
    together = [said(f"e{n}", day + n, "We chose Postgres.", session_id=f"s{n}") for n in range(60)]
    others = [
        said("before", day - 200_000, "We chose Postgres.", session_id="before"),
        said("after", day + 70_000, "We chose Postgres.", session_id="after"),
    ]
    writer.append([*together, *others])
    keeper.drain()
    reader = IndexReader(keeper.db_path)

    within = reader.find(tokens("postgres"), Filters(from_ms=day, to_ms=day + 60), 100)
    without_words = reader.find((), Filters(from_ms=day, to_ms=day + 60), 100)
    after = reader.find(tokens("postgres"), Filters(from_ms=day + 70_000), 100)
    reader.close()

    assert {each.session_id for each in within} == {event.session_id for event in together}
    assert {each.session_id for each in without_words} == {event.session_id for event in together}
    assert {each.session_id for each in after} == {"after"}
    keeper.check()


def test_a_gap_in_the_outbox_is_closed_by_a_scan(writer: WriterProcess, keeper: Searching) -> None:
    """Where entries behind the cursor are gone, every session is looked at."""
    events = conversations(5)
    writer.append(events[:50])
    keeper.drain()
    writer.append(events[50:])
    Keeper.drain(keeper)
    serving = keeper.index._serving
    assert serving is not None

    serving.rebuild(keeper.toc.state.cursor, keeper.now_ms)
    keeper.index_all()

    keeper.check()


def _truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _garbage(path: Path) -> None:
    size = path.stat().st_size
    path.write_bytes(Random(1).randbytes(size))


def _garbage_inside(path: Path) -> None:
    with path.open("r+b") as file:
        for at in range(4096, path.stat().st_size - 4096, 8192):
            file.seek(at)
            file.write(Random(at).randbytes(4096))


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _another_database(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as opened:
        opened.execute("CREATE TABLE x(y)")


def _of_another_store(path: Path) -> None:
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("UPDATE meta SET value = '17 UTC' WHERE name = 'store'")


def _ahead_of_the_store(path: Path) -> None:
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("UPDATE meta SET value = '100000' WHERE name = 'cursor'")


def _of_another_history(path: Path) -> None:
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("UPDATE meta SET value = '17 other s1' WHERE name = 'entry'")


DAMAGE: Sequence[Callable[[Path], None]] = (
    *(_truncate, _garbage, _garbage_inside, _empty, Path.unlink, _another_database, _of_another_store),
    *(_ahead_of_the_store, _of_another_history),
)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_index_is_made_again(
    writer: WriterProcess, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever is wrong with its file: the log names it, and the next worker has all in it again."""
    caplog.set_level(logging.INFO)
    keeper = Searching(writer)
    writer.append(conversations(7))
    keeper.drain()
    keeper.close()
    path = index.current_file(index.folder_of(writer.db_path))
    for log in path.parent.glob(f"{path.name}-*"):
        log.unlink()

    damage(path)
    keeper = Searching(writer)
    keeper.drain()

    assert "making the search index" in caplog.text
    keeper.check()
    keeper.close()


def test_an_index_that_goes_away_while_it_is_served_is_made_again(writer: WriterProcess, keeper: Searching) -> None:
    """A reader that finds damage removes CURRENT, somebody may remove the folder: the worker notices by itself."""
    writer.append(conversations(8))
    keeper.drain()
    folder = index.folder_of(writer.db_path)
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(IndexUnusable):
        found(writer.db_path, "postgres")

    keeper.index_all()

    keeper.check()


def test_damage_that_a_reader_finds_is_told_to_the_worker(writer: WriterProcess, keeper: Searching) -> None:
    """The reader says so; the worker makes the index again, and says the same as before."""
    writer.append(conversations(9))
    keeper.drain()
    before = found(writer.db_path, "postgres")
    keeper.index.close()
    path = index.current_file(index.folder_of(writer.db_path))
    for log in path.parent.glob(f"{path.name}-*"):
        log.unlink()
    _garbage(path)
    with pytest.raises(IndexUnusable):
        found(writer.db_path, "postgres")

    keeper.index_all()

    assert found(writer.db_path, "postgres") == before


def test_other_words_than_were_put_in_make_a_new_index(writer: WriterProcess, keeper: Searching) -> None:
    """A row can be removed with its own words only; where the store gives others, nothing wrong stays findable."""
    keeper.now_ms = 1_000_000
    writer.append([said("e1", 1_000_000, "The zebra crosses the bridge.")])
    keeper.drain()
    with closing(database(writer.db_path)) as opened:
        opened.execute("UPDATE segment SET digest = x'00'")

    writer.append([said("e2", 1_001_000, "A walrus follows.")])
    keeper.drain()

    assert len(found(writer.db_path, "zebra")) == len(found(writer.db_path, "walrus")) == 1
    keeper.check()


def test_what_keeps_it_from_writing_does_not_keep_the_worker(
    writer: WriterProcess, keeper: Searching, caplog: pytest.LogCaptureFixture
) -> None:
    """A folder that can't be made: said once, tried again later, and the table of contents goes on."""
    folder = index.folder_of(writer.db_path)
    folder.write_text("in the way")
    writer.append([said("e1", 1_000_000, "The zebra crosses the bridge.")])
    keeper.drain()
    assert "can't be written" in caplog.text
    assert keeper.toc.state.cursor == 1

    folder.unlink()
    keeper.now_ms += PAUSE_MS
    keeper.index_all()

    assert len(found(writer.db_path, "zebra")) == 1


def test_a_rebuild_serves_the_old_file_until_the_new_one_is_complete(
    writer: WriterProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for, it goes on step by step, over a restart too; what comes meanwhile is found at once."""
    monkeypatch.setattr(indexer, "STEP_SCAN_SEGMENTS", 1)
    keeper = Searching(writer)
    writer.append(conversations(11, sessions=6))
    keeper.drain()
    folder = index.folder_of(writer.db_path)
    old = index.current_file(folder)

    writer.bus.ask(pb.Command(begin_index_rebuild=pb.BeginIndexRebuild(asked_ms=77)))
    keeper.reader.catch_up()
    for _ in range(3):
        assert keeper.index.step(keeper.toc.state.cursor, keeper.now_ms)
    assert index.current_file(folder) == old
    built = {path.name for path in folder.glob("words-*.db")}
    assert len(built) == 2
    keeper.close()
    keeper = Searching(writer)
    keeper.now_ms = LATER_MS + 1
    writer.append([said("late", LATER_MS, "The zebra crosses the bridge.", session_id="zz")])
    Keeper.drain(keeper)
    assert keeper.index.step(keeper.toc.state.cursor, keeper.now_ms)
    assert index.current_file(folder) == old
    assert len(found(writer.db_path, "zebra")) == 1
    keeper.index_all()

    assert index.current_file(folder).name == max(built)
    assert [path.name for path in folder.glob("words-*.db")] == [max(built)]
    keeper.check()
    keeper.close()


def test_an_erasure_leaves_nothing_of_a_rebuild_that_another_worker_began(
    writer: WriterProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first thing a new worker does may be an erasure; the half-made file holds the words as well."""
    monkeypatch.setattr(indexer, "STEP_SCAN_SEGMENTS", 1)
    keeper = Searching(writer)
    writer.append(conversations(11, sessions=6))
    keeper.drain()
    folder = index.folder_of(writer.db_path)
    old = index.current_file(folder)
    writer.bus.ask(pb.Command(begin_index_rebuild=pb.BeginIndexRebuild(asked_ms=77)))
    keeper.reader.catch_up()
    assert keeper.index.step(keeper.toc.state.cursor, keeper.now_ms)
    assert len(list(folder.glob("words-*.db"))) == 2
    keeper.close()
    keeper = Searching(writer)

    keeper.index.take_out({}, keeper.now_ms)

    assert list(folder.glob("words-*.db")) == [old]
    keeper.close()
