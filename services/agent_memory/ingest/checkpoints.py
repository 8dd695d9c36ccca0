"""Checkpoints: copies of the store as it is, of hard links, made beside the writing, in a thread of their own."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from agent_memory import locks
from agent_memory.bus import frames
from agent_memory.errors import StoreError
from agent_memory.ingest.writer import Writer
from agent_memory.logs import line
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import directory

log = logging.getLogger(__name__)


class Checkpoints:
    """Makes checkpoints of the store at `db_path`, one after another, each in the place of the last one."""

    def __init__(self, db_path: Path) -> None:
        self._db_path = db_path
        self._thread = ThreadPoolExecutor(1, "checkpoint")

    def start(self, writer: Writer, answer: Callable[[pb.Reply], None]) -> None:
        """Make one; `answer` gets the reply, in whatever thread."""
        self._thread.submit(self._create, writer).add_done_callback(lambda done: answer(_reply(done)))

    def wait(self) -> None:
        """Wait until none is being made."""
        self._thread.submit(lambda: None).result()

    def close(self) -> None:
        """Wait for the one being made; refuse those that have not begun."""
        self._thread.shutdown(cancel_futures=True)

    def _create(self, writer: Writer) -> pb.Reply:
        began_s = time.monotonic()
        folder = create(writer, self._db_path)
        log.info(line("checkpoint created", path=folder, took_ms=int((time.monotonic() - began_s) * 1000)))
        return pb.Reply(protocol=frames.PROTOCOL, checkpoint_created=pb.CheckpointCreated(path=str(folder)))


def create(writer: Writer, db_path: Path) -> Path:
    """Make a checkpoint of the store in the place of the last one; returns its folder. Raises StoreError."""
    folder = directory.checkpoint_of(db_path)
    shutil.rmtree(folder, ignore_errors=True)
    writer.create_checkpoint(folder)
    return folder


def sweep(db_path: Path, backup_lock: Path) -> None:
    """Remove what a killed backup left: it may hold what was erased since. While a backup is made, it stays."""
    folder = directory.checkpoint_of(db_path)
    if not folder.exists() or (lock := locks.take(backup_lock)) is None:
        return
    try:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)


def _reply(done: Future[pb.Reply]) -> pb.Reply:
    if done.cancelled():
        return frames.refused(pb.Refused.UNAVAILABLE, "The writer is stopping.", "Ask again when it is back.")
    error = done.exception()
    if isinstance(error, StoreError):
        return frames.refused(pb.Refused.UNAVAILABLE, error.message, error.remedy)
    if error:
        return frames.refused(pb.Refused.UNAVAILABLE, f"The checkpoint failed: {error}")
    return done.result()
