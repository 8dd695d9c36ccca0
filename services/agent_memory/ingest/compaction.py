"""Compaction takes minutes, so it runs beside the writing, in a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from agent_memory.bus import frames
from agent_memory.errors import StoreError
from agent_memory.ingest.writer import Writer
from agent_memory.logs import line
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import schema

log = logging.getLogger(__name__)


class Compactor:
    """Compacts one store, one request after another."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "compaction")

    def start(self, writer: Writer, family: str, answer: Callable[[pb.Reply], None]) -> None:
        """Compact that column family, or all where none is named; `answer` gets the reply, in whatever thread."""
        if family and family not in schema.COLUMN_FAMILIES:
            message = f"There is no column family {family}; there are {', '.join(schema.COLUMN_FAMILIES)}."
            answer(frames.refused(pb.Refused.INVALID, message))
            return
        families = [family] if family else list(schema.COLUMN_FAMILIES)
        self._thread.submit(_compact, writer, families).add_done_callback(lambda done: answer(_reply(done)))

    def wait(self) -> None:
        """Wait until nothing is being compacted."""
        self._thread.submit(lambda: None).result()

    def close(self) -> None:
        """Wait for the compaction under way; refuse those that have not begun."""
        self._thread.shutdown(cancel_futures=True)


def _compact(writer: Writer, families: list[str]) -> pb.Reply:
    for family in families:
        writer.compact(family)
        log.info(line("compacted", column_family=family))
    return pb.Reply(protocol=frames.PROTOCOL, compacted=pb.Compacted(column_families=families))


def _reply(done: Future[pb.Reply]) -> pb.Reply:
    if done.cancelled():
        return frames.refused(pb.Refused.UNAVAILABLE, "The writer is stopping.", "Compact again when it is back.")
    error = done.exception()
    if isinstance(error, StoreError):
        return frames.refused(pb.Refused.UNAVAILABLE, f"The compaction failed: {error.message}", error.remedy)
    if error:
        return frames.refused(pb.Refused.UNAVAILABLE, f"The compaction failed: {error}")
    return done.result()
