"""Checkpoints: copies of the store as it is, of hard links, made beside the writing, in a thread of their own."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from agent_memory import locks
from agent_memory.bus import frames
from agent_memory.ingest.background import Background
from agent_memory.ingest.writer import Writer
from agent_memory.process.logs import line
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import directory

log = logging.getLogger(__name__)


class Checkpoints(Background):
    """Makes checkpoints of the store at `db_path`, one after another, each in the place of the last one."""

    def __init__(self, db_path: Path) -> None:
        super().__init__("checkpoint")
        self._db_path = db_path

    def start(self, writer: Writer, answer: Callable[[pb.Reply], None]) -> None:
        """Make one; `answer` gets the reply, in whatever thread."""
        self.begin(partial(self._create, writer), answer)

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
