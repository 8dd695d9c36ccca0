"""Stores that can't be used: the error says why, and the folder stays as it is."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from agent_memory.errors import StoreError, StoreMissing, StoreNotReady
from agent_memory.ingest import offline
from agent_memory.ingest.writer import Group, Writer
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, directory, keys, records, schema
from agent_memory.store.maintenance.rebuild_scope import read_rebuild_scope
from agent_memory.store.maintenance.stats import read_stats
from agent_memory.store.maintenance.verify import verify
from agent_memory.store.reader import Reader, open_snapshot
from support.writer import WriterProcess, said

START_MS = 1_760_000_000_000
ROWS = 50


@pytest.fixture
def at_rest(tmp_path: Path) -> Path:
    """A store that nobody has open, its events in one file."""
    store = Writer(tmp_path / "db", "UTC")
    put(store, range(ROWS))
    store.compact(schema.EVENTS)
    store.close()
    return tmp_path / "db"


def put(store: Writer, numbers: range) -> None:
    group = Group(store)
    for number in numbers:
        group.put(schema.EVENTS, key(number), Random(number).randbytes(2000))
    store.commit(group)


def key(number: int) -> bytes:
    return keys.event(START_MS + number, "e")


def table(db_path: Path) -> Path:
    """The file that holds the events."""
    return max(db_path.glob("*.sst"), key=lambda path: path.stat().st_size)


def flip(path: Path, start: int, stop: int) -> None:
    content = bytearray(path.read_bytes())
    content[start:stop] = bytes(byte ^ 0x55 for byte in content[start:stop])
    path.write_bytes(content)


def look_through(db_path: Path) -> None:
    with open_snapshot(db_path) as reader:
        verify(reader)


OFFLINE: list[Callable[[Path], object]] = [read_stats, lambda db_path: read_rebuild_scope(db_path, ""), look_through]


@pytest.mark.parametrize("ask", OFFLINE)
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: os.truncate(path, 10)])
def test_a_store_at_rest_with_a_file_missing_is_damaged(
    at_rest: Path, damage: Callable[[Path], None], ask: Callable[[Path], object]
) -> None:
    """A secondary would show an older store, or an empty one, and call it sound."""
    broken = table(at_rest)
    damage(broken)

    with pytest.raises(StoreError, match=rf"{broken.name}.*backup"):
        ask(at_rest)


def test_what_is_only_in_the_log_of_a_store_at_rest_is_read(tmp_path: Path) -> None:
    """A writer that is killed leaves what it acknowledged in its log."""
    store = Writer(tmp_path / "live", "UTC")
    put(store, range(ROWS))
    crashed = tmp_path / "db"
    crashed.mkdir()
    for path in (tmp_path / "live").iterdir():
        (crashed / path.name).write_bytes(path.read_bytes())
    store.close()
    before = {path.name for path in crashed.iterdir()}

    with open_snapshot(crashed) as reader:
        assert reader.get(schema.EVENTS, key(ROWS - 1)) is not None

    assert {path.name for path in crashed.iterdir()} == before


def test_no_writer_makes_a_store_look_damaged(writer: WriterProcess) -> None:
    """Files come and go while it writes, compacts, is killed, and restarts: each look finds everything."""
    known = 0
    ended = threading.Event()

    def keep_writing() -> None:
        nonlocal known
        try:
            for life in range(4):
                for number in range(8):
                    writer.append([said(f"{life}-{number}", START_MS + number)])
                    known += 1
                    writer.bus.ask(pb.Command(compact=pb.Compact()))
                writer.kill() if life % 2 else writer.stop()
                writer.start()
        finally:
            ended.set()

    thread = threading.Thread(target=keep_writing)
    thread.start()
    looks = 0
    while not ended.is_set():
        before = known
        with open_snapshot(writer.db_path) as reader:
            assert records.counters(reader).events >= before
        looks += 1
    thread.join()
    assert known == 32
    assert looks > 10


def test_looking_never_keeps_a_writer_from_its_store(at_rest: Path) -> None:
    """A look whether the store is taken holds the lock for a moment; a writer tries again."""
    ended = threading.Event()

    def keep_looking() -> None:
        while not ended.is_set():
            directory.is_locked(at_rest)

    thread = threading.Thread(target=keep_looking)
    thread.start()
    try:
        for _ in range(20):
            Writer(at_rest).close()
    finally:
        ended.set()
        thread.join()


def test_every_way_of_reading_reports_a_damaged_row(at_rest: Path, tmp_path: Path) -> None:
    """StoreError with the family and the remedy, and no exception of the library's."""
    flip(table(at_rest), 10, 20)
    reader = Reader(at_rest, tmp_path / "secondary")

    for read in (
        lambda: reader.get(schema.EVENTS, key(0)),
        lambda: reader.get_many(schema.EVENTS, [key(0), key(1)]),
        lambda: list(reader.scan(schema.EVENTS, key(0), key(ROWS))),
    ):
        with pytest.raises(StoreError, match=r"is damaged in events: .*checksum.* restore the folder from a backup"):
            read()
    reader.close()


def test_damage_met_while_opening_is_not_taken_for_a_lock(at_rest: Path) -> None:
    """ "block checksum mismatch" contains the word "lock" and is about none."""
    path = table(at_rest)
    flip(path, path.stat().st_size - 2500, path.stat().st_size - 100)

    with pytest.raises(StoreError, match=r"can't be opened: .*block checksum mismatch.*backup"):
        Writer(at_rest)


@pytest.mark.parametrize("ask", OFFLINE)
def test_a_newer_store_is_read_by_nobody(at_rest: Path, ask: Callable[[Path], object]) -> None:
    """The meaning of its rows is unknown here; the remedy is an upgrade."""
    store = Writer(at_rest)
    group = Group(store)
    newer = codec.StoreInfo(schema.SCHEMA_VERSION + 1, "UTC", 0)
    group.put(schema.CHECKPOINTS, keys.STORE, codec.to_json(newer))
    store.commit(group)
    store.close()

    with pytest.raises(StoreError, match=r"newer version.*upgrade"):
        ask(at_rest)


@pytest.mark.parametrize("ask", [*OFFLINE, Writer, offline.compact])
def test_a_store_without_current_is_damaged(at_rest: Path, ask: Callable[[Path], object]) -> None:
    """It is neither missing nor some other folder: it is to be kept and restored."""
    (at_rest / "CURRENT").unlink()
    before = {path.name for path in at_rest.iterdir()}

    with pytest.raises(StoreError, match=r"CURRENT is missing.*copy the folder.*backup") as refused:
        ask(at_rest)

    assert not isinstance(refused.value, StoreMissing)
    assert {path.name for path in at_rest.iterdir()} == before


@pytest.mark.parametrize("ask", [*OFFLINE, offline.compact])
def test_a_missing_store_is_named_and_not_made(tmp_path: Path, ask: Callable[[Path], object]) -> None:
    """To look at a store makes none."""
    missing = tmp_path / "my db"

    with pytest.raises(StoreMissing, match=f"There is no store at {missing} yet"):
        ask(missing)
    assert not missing.exists()


def test_a_folder_that_is_refused_keeps_its_mode(tmp_path: Path) -> None:
    """A mistyped --db-path changes no folder's mode."""
    (tmp_path / "letter.txt").write_text("dear")
    tmp_path.chmod(0o755)

    with pytest.raises(StoreError, match="holds other things"):
        Writer(tmp_path)

    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_a_store_whose_folder_was_removed_is_not_made_again(tmp_path: Path) -> None:
    """A project store may be moved or removed just as the writer opens it."""
    with pytest.raises(StoreNotReady, match=r"can't be used: No such file or directory"):
        Writer(tmp_path / "acme" / "db")

    assert not (tmp_path / "acme").exists()


def test_a_file_is_no_folder_of_a_store(tmp_path: Path) -> None:
    """The error gives the reason."""
    file = tmp_path / "db"
    file.write_text("dear")

    with pytest.raises(StoreError, match=r"can't be used: Not a directory.*--db-path"):
        read_stats(file)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everywhere")
@pytest.mark.parametrize("mode", [0o000, 0o600])
def test_a_folder_without_the_right_to_read_is_named(at_rest: Path, mode: int) -> None:
    """The error names the folder, the reason and the remedy."""
    at_rest.chmod(mode)
    try:
        with pytest.raises(StoreError, match=r"can't be used: Permission denied.*--db-path"):
            read_stats(at_rest)
    finally:
        at_rest.chmod(0o700)


def test_a_store_that_is_being_created_is_none_yet(tmp_path: Path) -> None:
    """CURRENT comes last: until then, the lock on the folder shows that the store is not damaged."""
    folder = tmp_path / "db"
    folder.mkdir()
    (folder / "MANIFEST-000001").touch()
    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        with pytest.raises(StoreMissing):
            read_stats(folder)
    finally:
        os.close(descriptor)
