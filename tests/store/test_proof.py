"""The proof finds whatever is left, wherever it is, and says so."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.erasure.proof import Proof, _Sought, prove
from agent_memory.ingest.writer import Group, Writer
from agent_memory.messages import event_to_pb
from agent_memory.search import format as index
from agent_memory.store import keys, schema
from support.conversations import conversations
from support.erasing import Eraser
from support.writer import WriterProcess

PASSAGE = "the falcon lands at midnight"
EVENTS = [
    replace(event, text=f"{event.text} Report {number}.")
    for number, event in enumerate(conversations(5, sessions=2, events_each=120))
]
TOLD = replace(EVENTS[50], text=f"We decided that {PASSAGE}.")


@pytest.fixture(scope="module")
def erased_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store at rest, with its index, in which the event was, and from which it is erased."""
    writer = WriterProcess(tmp_path_factory.mktemp("w"))
    try:
        writer.start()
        writer.append([event for event in EVENTS if event.event_id != TOLD.event_id] + [TOLD])
        eraser = Eraser(writer)
        eraser.drain()
        eraser.erase([TOLD])
        eraser.close()
        writer.stop()
        yield writer.db_path
    finally:
        writer.close()


@pytest.fixture
def erased(erased_once: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    for folder in (erased_once, index.folder_of(erased_once)):
        shutil.copytree(folder, tmp_path / folder.name)
    return tmp_path / erased_once.name


def proof_of(db_path: Path) -> Proof:
    return prove(db_path, db_path.with_name("logs"), [PASSAGE])


def test_nothing_is_left_of_what_is_erased(erased: Path) -> None:
    """And what stays is found by the same means."""
    proof = proof_of(erased)

    assert proof.is_proved
    assert not proof.elsewhere
    assert proof.controls_found == proof.controls > 0
    assert proof.files > 5
    assert proof.words > 0


def write(db_path: Path, change: Callable[[Group], None]) -> None:
    store = Writer(db_path)
    group = Group(store)
    change(group)
    store.commit(group)
    store.close()


@pytest.mark.parametrize("family", [schema.TOC_NODES, schema.GRIPS, schema.CHECKPOINTS])
def test_a_row_is_found(erased: Path, family: str) -> None:
    """A version of a node, a grip, anything that quotes it."""
    write(erased, lambda group: group.put(family, b"left", f'{{"text": "{PASSAGE}"}}'.encode()))

    proof = proof_of(erased)

    assert not proof.is_proved
    assert f"row left of {family}" in proof.found


def test_an_event_that_is_deleted_and_not_compacted_away_is_found(erased: Path) -> None:
    """No read shows it, and its file is compressed: RocksDB's own count of entries tells."""
    row = keys.event(5, "left")
    write(erased, lambda group: group.put(schema.EVENTS, row, event_to_pb(TOLD).SerializeToString()))
    assert proof_of(erased).elsewhere == 1
    write(erased, lambda group: group.delete(schema.EVENTS, row))

    proof = proof_of(erased)

    assert proof.hidden_entries > 0
    assert not proof.is_proved


@pytest.mark.parametrize(
    "place", ["db/000012.log.tail-9", "db-spool/1", "db-index/words-000009.db-wal", "logs/query.log"]
)
def test_a_file_is_found(erased: Path, place: str) -> None:
    """Of the store, beside it, or a log."""
    path = erased.with_name(place.partition("/")[0]) / place.partition("/")[2]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x" * (1 << 20) + b"\0" + PASSAGE.encode())

    proof = proof_of(erased)

    assert not proof.is_proved
    assert str(path) in proof.found


def test_a_word_in_the_search_index_is_found(erased: Path) -> None:
    """One that the index finds a segment by, although no event of it has that word."""
    folder = index.folder_of(erased)
    database = index.connect(index.current_file(folder), read_only=False)
    (number,) = database.execute("SELECT max(number) FROM segment").fetchone()
    database.execute("INSERT INTO words(rowid, body, tag) VALUES(?, 'midnight', '')", (number,))
    database.close()

    proof = proof_of(erased)

    assert not proof.is_proved
    assert any("the search index" in place for place in proof.found)


@pytest.mark.parametrize("is_damaged", [False, True])
def test_every_index_file_is_looked_at(erased: Path, is_damaged: bool) -> None:
    """Also one that is not in use, as a killed worker may leave it; one that can't be read proves nothing."""
    left = index.folder_of(erased) / index.file_name(99)
    shutil.copyfile(index.current_file(index.folder_of(erased)), left)
    database = index.connect(left, read_only=False)
    (number,) = database.execute("SELECT max(number) FROM segment").fetchone()
    database.execute("INSERT INTO words(rowid, body, tag) VALUES(?, 'midnight', '')", (number,))
    database.close()
    if is_damaged:
        left.write_bytes(b"no database" * 999)

    proof = proof_of(erased)

    assert not proof.is_proved
    assert any((str(left) if is_damaged else "the search index") in place for place in proof.found)
    assert index.current_file(index.folder_of(erased)).exists()


def test_a_passage_that_somebody_else_said_too_proves_nothing(erased: Path) -> None:
    """It is counted and left out: what stays may be found."""
    also = replace(TOLD, event_id="also", timestamp_ms=TOLD.timestamp_ms + 1)
    write(
        erased,
        lambda group: group.put(schema.EVENTS, keys.event(*also.position), event_to_pb(also).SerializeToString()),
    )

    proof = proof_of(erased)

    assert proof.elsewhere == 1
    assert not proof.found


@given(st.lists(st.binary(min_size=1, max_size=3)), st.lists(st.binary(max_size=12)))
def test_each_word_is_found_once_where_it_first_stands(words: list[bytes], contents: list[bytes]) -> None:
    """Also where words begin with others, overlap, or come again and again."""
    sought = _Sought(words)
    left = dict.fromkeys(words)

    for content in contents * 3:
        expected = {word for word in left if word in content}
        assert set(sought.take_from(content)) == expected
        for word in expected:
            del left[word]

    assert list(sought.words) == list(left)
