"""Compaction takes minutes, so it runs beside the writing, in a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from agent_memory.bus import frames
from agent_memory.errors import StoreError
from agent_memory.ingest.background import Background
from agent_memory.ingest.writer import Writer
from agent_memory.process.logs import line
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import schema

log = logging.getLogger(__name__)


class Compactor(Background):
    """Compacts one store, one request after another."""

    def __init__(self) -> None:
        super().__init__("compaction")

    def start(self, writer: Writer, family: str, answer: Callable[[pb.Reply], None]) -> None:
        """Compact that column family, or all where none is named; `answer` gets the reply, in whatever thread."""
        if family and family not in schema.COLUMN_FAMILIES:
            message = f"There is no column family {family}; there are {', '.join(schema.COLUMN_FAMILIES)}."
            answer(frames.refused(pb.Refused.INVALID, message))
            return
        families = [family] if family else list(schema.COLUMN_FAMILIES)
        self.begin(partial(_compact, writer, families), answer)


def _compact(writer: Writer, families: list[str]) -> pb.Reply:
    for family in families:
        try:
            writer.compact(family)
        except StoreError as error:
            raise StoreError(f"The compaction failed: {error.message}", error.remedy) from error
        log.info(line("compacted", column_family=family))
    return pb.Reply(protocol=frames.PROTOCOL, compacted=pb.Compacted(column_families=families))
