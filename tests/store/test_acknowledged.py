"""A store that has lost what was acknowledged is never opened in silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent_memory.errors import StoreUnavailable
from agent_memory.ingest.acknowledged import NAME
from agent_memory.rpc import bus_pb2 as pb
from support.writer import WriterProcess, said

BEGIN_MS = 1_760_000_000_000


def emptied(log: Path) -> None:
    log.write_bytes(b"")


def cut_short(log: Path) -> None:
    log.write_bytes(log.read_bytes()[:-100])


@pytest.mark.parametrize("damage", [emptied, Path.unlink, cut_short])
def test_a_log_that_is_gone_is_missed(writer: WriterProcess, damage: Callable[[Path], None]) -> None:
    """Emptied, deleted or cut short after a kill: not served; the error says what is missing and what to do."""
    assert writer.append([said(f"e{number}", BEGIN_MS + number) for number in range(10)]) == [True] * 10
    writer.kill()
    for log in writer.db_path.glob("*.log"):
        damage(log)

    for _ in range(2):  # also after it was opened once
        writer.spawn()
        with pytest.raises(StoreUnavailable, match="has lost what was acknowledged") as lost:
            writer.bus.ask(pb.Command(ping=pb.Ping()), timeout_s=30)
        assert f"delete {writer.db_path / NAME}" in str(lost.value)
        writer.kill()

    (writer.db_path / NAME).unlink()
    writer.start()
    assert writer.append([said("after", BEGIN_MS)]) == [True]


def test_a_manifest_that_is_cut_short_is_refused(writer: WriterProcess) -> None:
    """RocksDB makes column families that it does not know of, and passes over what the log holds of them."""
    assert writer.append([said(f"e{number}", BEGIN_MS + number) for number in range(10)]) == [True] * 10
    writer.kill()
    (manifest,) = writer.db_path.glob("MANIFEST-*")
    whole = manifest.read_bytes()

    for size in (len(whole) // 2, len(whole) * 3 // 4):
        manifest.write_bytes(whole[:size])
        writer.spawn()
        with pytest.raises(StoreUnavailable, match=r"its MANIFEST is cut short before "):
            writer.bus.ask(pb.Command(ping=pb.Ping()), timeout_s=60)
        writer.kill()

    manifest.write_bytes(whole)
    writer.start()
    assert writer.append([said("e0", BEGIN_MS)]) == [False]


def test_a_kill_alone_is_no_loss(writer: WriterProcess) -> None:
    """What was synced is found again, and the store is served."""
    for life in range(3):
        assert writer.append([said(f"e{life}", BEGIN_MS + life)]) == [True]
        writer.kill()
        writer.start()
