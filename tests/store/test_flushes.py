"""A reader sees the newest rows whatever the writer flushes and compacts between two of its looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import psutil
import pytest

from agent_memory.ingest.rest import FLUSHED_BYTES, REST_S, Rest
from agent_memory.ingest.writer import Group, Writer
from agent_memory.store import keys, schema
from agent_memory.store.reader import Reader
from agent_memory.store.rows import Rows
from support.stack import wait_until

FAMILIES = (schema.CHECKPOINTS, schema.TOC_LATEST, schema.GRIPS, schema.EVENTS)
ROW = keys.job("some")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Writer]:
    """A store that is open for writing."""
    opened = Writer(tmp_path / "db", "UTC")
    yield opened
    opened.close()


@pytest.fixture
def reader(store: Writer, tmp_path: Path) -> Iterator[Reader]:
    """A reader that has replayed the first value of a row from the log."""
    write(store, schema.CHECKPOINTS, ROW, b"old")
    opened = Reader(tmp_path / "db", tmp_path / "secondary")
    yield opened
    opened.close()


def write(store: Writer, family: str, key: bytes, value: bytes | None) -> None:
    """Commit one row, or its removal."""
    group = Group(store)
    if value is None:
        group.delete(family, key)
    else:
        group.put(family, key, value)
    store.commit(group)


def flush(store: Writer, family: str = schema.CHECKPOINTS) -> None:
    """What RocksDB does by itself once a family's rows fill their buffer."""
    store._families[family].flush()


def compact(store: Writer) -> None:
    store.compact(schema.CHECKPOINTS)


def copy(store: Writer) -> None:
    """What a backup does."""
    store.create_checkpoint(store._db_path.with_name("copy"))


def flush_and_go_on(store: Writer) -> None:
    """The family's next row comes two logs later."""
    flush(store)
    write(store, schema.GRIPS, b"other", b"row")
    flush(store, schema.GRIPS)
    write(store, schema.CHECKPOINTS, keys.job("other"), b"row")


@pytest.mark.parametrize("value", [b"new", None], ids=["overwritten", "deleted"])
@pytest.mark.parametrize("settle", [flush, compact, copy, flush_and_go_on])
def test_what_was_changed_and_flushed_between_two_looks_is_seen(
    store: Writer, reader: Reader, settle: Callable[[Writer], None], value: bytes | None
) -> None:
    """The first value, replayed from a log that is gone, hides neither the new one in the files nor its removal."""
    assert reader.get(schema.CHECKPOINTS, ROW) == b"old"

    write(store, schema.CHECKPOINTS, ROW, value)
    settle(store)
    reader.catch_up()

    assert reader.get(schema.CHECKPOINTS, ROW) == value
    assert [row for _, row in reader.scan(schema.CHECKPOINTS, ROW, keys.after(ROW))] == ([value] if value else [])


def test_openings_leave_nothing_behind(store: Writer, reader: Reader) -> None:
    """A reader that is opened again by a forty flushes holds no more files than after ten."""
    process = psutil.Process()
    held = []
    for number in range(40):
        write(store, schema.CHECKPOINTS, ROW, b"%d" % number)
        reader.catch_up()
        write(store, schema.CHECKPOINTS, ROW, b"new %d" % number)
        compact(store)
        reader.catch_up()
        assert reader.get(schema.CHECKPOINTS, ROW) == b"new %d" % number
        held.append(process.num_fds())

    assert held[-1] <= held[10] + 4


@pytest.mark.parametrize("seed", range(2))
def test_a_reader_agrees_with_a_dictionary(store: Writer, tmp_path: Path, seed: int) -> None:
    """Rows written, removed, flushed and compacted at random: each look, and each row of it, is the newest."""
    random = Random(seed)
    model: dict[tuple[str, bytes], bytes] = {}
    reader = Reader(tmp_path / "db", tmp_path / "secondary")
    for step in range(200):
        family = random.choice(FAMILIES)
        key = b"row:%02d" % random.randrange(8)
        match random.choices(("put", "delete", "flush", "compact", "look"), (6, 3, 3, 1, 3))[0]:
            case "put":
                model[family, key] = b"%d" % step
                write(store, family, key, model[family, key])
            case "delete":
                model.pop((family, key), None)
                write(store, family, key, None)
            case "flush":
                flush(store, family)
            case "compact":
                store.compact(family)
            case "look":
                reader.catch_up()
                for each in FAMILIES:
                    expected = {row: value for (owner, row), value in model.items() if owner == each}
                    assert dict(reader.scan(each, b"row:", b"row;")) == expected, f"seed {seed}, step {step}: {each}"
                    names = [b"row:%02d" % number for number in range(8)]
                    assert reader.get_many(each, names) == [expected.get(name) for name in names], (seed, step)
    reader.close()


def in_memory(rows: Rows) -> int:
    """The bytes of the rows of events that are in memory."""
    return rows._families[schema.EVENTS].property_int_value("rocksdb.cur-size-all-mem-tables") or 0


def test_a_store_at_rest_keeps_little_in_memory(store: Writer, reader: Reader) -> None:
    """Once nothing was written for a while, what was goes to files. A reader then lets go of its copy, and sees all."""
    names = [keys.event(number, "event") for number in range(1, 41)]
    for name in names:
        write(store, schema.EVENTS, name, Random(name).randbytes(FLUSHED_BYTES // 32))
    reader.catch_up()
    assert min(in_memory(store), in_memory(reader)) >= FLUSHED_BYTES

    store.flush_at_rest(0.0)
    store.flush_at_rest(REST_S - 1)
    assert in_memory(store) >= FLUSHED_BYTES

    store.flush_at_rest(REST_S)
    wait_until(lambda: in_memory(store) < FLUSHED_BYTES)
    reader.catch_up(idly=True)
    assert in_memory(reader) < FLUSHED_BYTES
    assert None not in reader.get_many(schema.EVENTS, names)


def test_a_little_in_memory_is_worth_no_file(store: Writer) -> None:
    """A store that hardly changed is left as it is."""
    write(store, schema.EVENTS, keys.event(1, "event"), b"row")

    store.flush_at_rest(0.0)
    store.flush_at_rest(REST_S)

    # A flush that begins takes the rows out of there at once.
    assert store._families[schema.EVENTS].property_int_value("rocksdb.num-entries-active-mem-table") == 1


def test_a_rest_begins_once_after_each_change() -> None:
    """It begins when nothing has changed for that long, and is news only then."""
    rest = Rest()

    assert [rest.begins(7, at_s) for at_s in (0, REST_S - 1, REST_S, REST_S + 1)] == [False, False, True, False]
    assert [rest.begins(8, at_s) for at_s in (50, 50 + REST_S, 99)] == [False, True, False]
