"""Proofs of erasures, made from outside of the daemon, and their receipts.

Whoever has something erased holds a lock until the receipt is written. If it ends before, the daemon has the proof made
by a command of its own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agent_memory import locks
from agent_memory.backup.places import Places
from agent_memory.capture.spool import Spool
from agent_memory.client import Client
from agent_memory.control import stack
from agent_memory.erasure.proof import Proof, prove
from agent_memory.erasure.receipts import Receipts
from agent_memory.errors import AgentMemoryError
from agent_memory.files import make_private_dir
from agent_memory.rpc.memory_pb2 import ERASURE_KIND_REDACT, ErasureReceipt
from agent_memory.settings import Settings
from agent_memory.store import records
from agent_memory.store.forgotten import ForgottenFile
from agent_memory.store.reader import open_snapshot

if TYPE_CHECKING:
    from agent_memory.rpc.memory_pb2 import GetErasureStatusResponse

# How often to ask how far the erasure is.
_LOOK_S: Final = 0.2
# A reader lets go of files that were replaced within seconds; after this, one that did not is a finding.
_PROOF_WAIT_S: Final = 20.0
# An erasure that was about to begin has begun after this.
_BEGINS_S: Final = 5.0
# Ids that are looked up in each backup: it holds nearly all of them, or nearly none.
_IDS_MAX: Final = 1000

Show = Callable[[int], None]


@contextmanager
def turn(settings: Settings) -> Iterator[None]:
    """Hold what one command at a time may hold that erases or proves; raises AgentMemoryError where another does."""
    make_private_dir(settings.runtime.scratch)
    lock = locks.take(settings.runtime.proof_lock, _PROOF_WAIT_S)
    if lock is None:
        raise AgentMemoryError(
            "Another command erases, or proves an erasure.", "Ask again when it is finished.", reason="UNDER_WAY"
        )
    try:
        yield
    finally:
        os.close(lock)


def follow(client: Client, number: int, show: Show) -> GetErasureStatusResponse:
    """How far the last erasure is, once that of this number is done."""
    while (status := client.erasure_status()).is_running and status.number == number:
        show(status.events_done)
        time.sleep(_LOOK_S)
    return status


def prove_pending(settings: Settings, client: Client, show: Show = lambda done: None) -> ErasureReceipt | None:
    """Prove the erasure whose proof is due, once it is done, and keep the receipt; None where none is due.

    The caller has its turn. Raises OSError, StoreError.
    """
    receipts = Receipts(settings.db_path)
    pending = receipts.pending()
    if pending is None:
        return None
    receipt = pending.receipt
    if not _has_begun(client, receipt.number):
        receipts.drop_pending()
        return None
    finished = follow(client, receipt.number, show)
    if finished.number == receipt.number:
        receipt.started_ms, receipt.finished_ms = finished.started_ms, finished.finished_ms
    prove_gone(settings, receipt, pending.passages)
    receipt.backups.extend(_holders(settings.db_path, receipt))
    if not receipt.number:
        receipt.number, receipt.kind, receipt.events = finished.number, finished.kind, finished.events
        receipt.problems.append("the list of what to look for, which is damaged")
        receipt.proved = False
        receipts.drop_pending()
    receipts.end(receipt)
    return receipt


def prove_gone(settings: Settings, receipt: ErasureReceipt, passages: Sequence[str]) -> None:
    """Look for the passages, and complete the receipt with what was found. Does not keep it."""
    proof = _proof(settings, passages, summaries_stay=receipt.keep_summaries)
    receipt.proved = proof.is_proved
    receipt.problems.extend(proof.found)
    receipt.passages, receipt.elsewhere, receipt.in_summaries = proof.passages, proof.elsewhere, proof.in_summaries
    receipt.rows, receipt.files, receipt.bytes, receipt.words = proof.rows, proof.files, proof.bytes, proof.words
    receipt.controls, receipt.controls_found = proof.controls, proof.controls_found
    receipt.hidden_entries = proof.hidden_entries
    receipt.proved_ms = time.time_ns() // 1_000_000


def _has_begun(client: Client, number: int) -> bool:
    until = time.monotonic() + _BEGINS_S
    while client.erasure_status().number < number:
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK_S)
    return True


def _proof(settings: Settings, passages: Sequence[str], *, summaries_stay: bool) -> Proof:
    """Look for the passages in this machine's files; again for a while, as readers let go of deleted ones."""
    if not passages:
        return Proof()
    found = stack.status(settings)
    processes = [process.pid for process in found.processes if process.pid]
    spool = Spool(settings.main_path).folder
    until = time.monotonic() + _PROOF_WAIT_S
    while True:
        proof = prove(
            settings.db_path, settings.runtime.logs, passages, processes, spool, summaries_stay=summaries_stay
        )
        if proof.is_proved or time.monotonic() > until:
            return proof
        time.sleep(1)


def _holders(db_path: Path, receipt: ErasureReceipt) -> Iterator[str]:
    """The backups, and the stores that were replaced, that hold some of what was erased: by ids, else by their age."""
    ids = [] if receipt.kind == ERASURE_KIND_REDACT else ForgottenFile(db_path).event_ids_of(receipt.number, _IDS_MAX)
    known = [(each.folder, each.manifest.made_ms) for each in Places(db_path).backups()]
    known += [(path, 0) for path in sorted(db_path.parent.glob(f"{db_path.name}-before-*")) if path.is_dir()]
    for folder, made_ms in known:
        if made_ms < receipt.finished_ms and (not ids or _holds(folder, ids)):
            yield str(folder)


def _holds(folder: Path, ids: Sequence[str]) -> bool:
    # What can't be read may hold it.
    with suppress(AgentMemoryError, OSError), open_snapshot(folder) as reader:
        return next(iter(records.event_rows_by_id(reader, ids)), None) is not None
    return True
