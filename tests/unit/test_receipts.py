"""Receipts of erasures: kept whole, and what their proof needs goes when it was made."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from agent_memory.erasure.receipts import KEPT, Receipts
from agent_memory.rpc.memory_pb2 import ERASURE_KIND_FORGET, ErasureReceipt
from agent_memory.store import directory


def receipt(number: int, *, proved: bool = True) -> ErasureReceipt:
    return ErasureReceipt(number=number, kind=ERASURE_KIND_FORGET, events=3, proved=proved, problems=["row x"])


def test_passages_are_kept_until_the_proof_succeeds(tmp_path: Path) -> None:
    """One that fails can be made again; the last receipt is told meanwhile."""
    receipts = Receipts(tmp_path / "db")
    assert (receipts.pending(), receipts.last()) == (None, None)

    receipts.begin(receipt(7), ["a passage", "ünd \udc80 another"])
    assert (pending := receipts.pending())
    assert (pending.receipt, pending.passages) == (receipt(7), ("a passage", "ünd \udc80 another"))
    receipts.end(receipt(7, proved=False))
    assert receipts.pending() == pending

    receipts.end(receipt(7))
    assert receipts.pending() is None
    assert receipts.last() == receipt(7)
    assert [path.name for path in tmp_path.iterdir()] == ["db-receipts"]


def test_only_so_many_receipts_are_kept(tmp_path: Path) -> None:
    """The newest."""
    receipts = Receipts(tmp_path / "db")

    for number in range(1, KEPT + 4):
        receipts.end(receipt(number))

    kept = sorted(int(path.stem) for path in directory.receipts_of(tmp_path / "db").iterdir())
    assert kept == list(range(4, KEPT + 4))
    assert receipts.last() == receipt(KEPT + 3)


@given(st.binary(max_size=60))
def test_damaged_files_are_told_apart_from_none(content: bytes) -> None:
    """What was to be looked for is not known then, and no receipt is made up."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        db_path = Path(folder) / "db"
        receipts = Receipts(db_path)
        receipts.end(receipt(1))
        directory.passages_of(db_path).write_bytes(content)
        (directory.receipts_of(db_path) / "000002.json").write_bytes(content)

        pending = receipts.pending()

        assert pending
        assert not pending.passages
        assert receipts.last() in (receipt(1), ErasureReceipt())
