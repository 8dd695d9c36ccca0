"""What a power cut may leave at the end of a log: the store opens with all before it; damage elsewhere is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from agent_memory.errors import StoreError
from agent_memory.ingest import acknowledged, torn_log
from agent_memory.ingest.wal import BLOCK_BYTES
from agent_memory.ingest.writer import Group, Writer
from agent_memory.store import keys, schema

EVENTS = 60
START_MS = 1_790_000_000_000


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store as kill -9 leaves it, with some blocks of log."""
    folder = tmp_path_factory.mktemp("crashed")
    store = Writer(folder / "live", "UTC")
    chance = Random(1)
    for number in range(EVENTS):
        group = Group(store)
        group.put(schema.EVENTS, keys.event(START_MS + number, "e"), chance.randbytes(2000))
        store.commit(group)
    shutil.copytree(folder / "live", folder / "db")
    store.close()
    return folder / "db"


@pytest.fixture
def db_path(crashed: Path, tmp_path: Path) -> Path:
    return shutil.copytree(crashed, tmp_path / "db")


def log_of(db_path: Path) -> Path:
    (found,) = (path for path in db_path.glob("*.log") if path.stat().st_size)
    return found


def stored(db_path: Path) -> int:
    store = Writer(db_path)
    try:
        return sum(1 for _ in store.scan(schema.EVENTS, keys.EVENT_PREFIX, keys.after(keys.EVENT_PREFIX)))
    finally:
        store.close()


GARBAGE: dict[str, Callable[[Random], bytes]] = {
    "noise": lambda chance: chance.randbytes(500),
    "noise over blocks": lambda chance: chance.randbytes(3 * BLOCK_BYTES + 17),
    "zeros": lambda chance: bytes(2 * BLOCK_BYTES),
    "a hole": lambda chance: bytes(BLOCK_BYTES) + chance.randbytes(900),
    "a record that fits and is not right": lambda chance: chance.randbytes(4) + b"\x64\0\1" + chance.randbytes(100),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_behind_the_last_record_costs_nothing(db_path: Path, name: str) -> None:
    """Whatever lies in the room of a write that was not synced."""
    for seed in range(2):
        copy = shutil.copytree(db_path, db_path.with_name(f"db{seed}"))
        log = log_of(copy)
        log.write_bytes(log.read_bytes() + GARBAGE[name](Random(seed)))

        assert stored(copy) == EVENTS, f"seed {seed}"


@pytest.mark.parametrize("is_behind", [False, True])
def test_the_last_write_may_be_garbage_if_it_was_not_acknowledged(db_path: Path, is_behind: bool) -> None:
    """After a power cut what says how far that was may be behind; after a kill it is not, and the log is left."""
    log = log_of(db_path)
    content = bytearray(log.read_bytes())
    content[-1000:] = Random(2).randbytes(1000)
    log.write_bytes(content)
    if is_behind:
        (db_path / acknowledged.NAME).unlink()
        assert stored(db_path) == EVENTS - 1
        (kept,) = db_path.glob("*.log.tail-*")
        assert kept.read_bytes() == bytes(content[-len(kept.read_bytes()) :])
        return

    with pytest.raises(StoreError, match="backup"):
        Writer(db_path)
    assert log.read_bytes() == content


@pytest.mark.parametrize("place", [1, 4, 6, 300])
def test_damage_in_the_middle_is_refused(db_path: Path, place: int) -> None:
    """In a record's checksum, length, kind or content, although nothing says how far was acknowledged.

    A length that leads beyond the log's end is taken for a torn tail by RocksDB itself: only that file tells.
    """
    (db_path / acknowledged.NAME).unlink()
    log = log_of(db_path)
    content = bytearray(log.read_bytes())
    records = [piece.offset for piece in torn_log._pieces(bytes(content)) if piece.kind in (1, 2)]
    content[records[-3] + place] ^= 0x55
    log.write_bytes(content)

    with pytest.raises(StoreError, match="Corruption"):
        Writer(db_path)
    assert log.read_bytes() == content
