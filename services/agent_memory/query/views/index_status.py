"""How the search index is: its size, how far it is behind, and whether a rebuild is under way."""

from __future__ import annotations

from pathlib import Path

from agent_memory.rpc import memory_pb2 as pb
from agent_memory.search.format import IndexUnusable, folder_of
from agent_memory.search.reader import IndexReader
from agent_memory.store import records
from agent_memory.store.reader import Reader


def status(reader: Reader, index: IndexReader, db_path: Path) -> pb.GetIndexStatusResponse:
    """The state of the index beside the store. An empty store needs none, and has none."""
    sequence = records.counters(reader).sequence
    asked_ms = records.index_rebuild_asked_ms(reader)
    found = pb.GetIndexStatusResponse(rebuild_asked_ms=asked_ms, size_bytes=_size_bytes(folder_of(db_path)))
    try:
        state = index.state()
    except IndexUnusable as error:
        found.problem = str(error) if sequence else ""
        found.behind = sequence
        found.is_rebuilding = asked_ms > 0 and sequence > 0
        return found
    found.available = True
    found.segments = state.segments
    found.behind = max(0, sequence - state.cursor)
    found.is_partial = not state.is_complete
    found.written_ms = state.written_ms
    found.is_rebuilding = asked_ms > 0 and (state.asked_ms != asked_ms or not state.is_complete)
    return found


def _size_bytes(folder: Path) -> int:
    total = 0
    for path in folder.glob("words-*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # swapped away meanwhile
            continue
    return total
