"""Ledger rows in a group: how many events of a day and an agent are stored, and how many the tree leads to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from agent_memory.ingest.writer import Group
from agent_memory.store import codec, keys, ledger, schema


def count_stored(group: Group, stored: Mapping[tuple[int, str], int]) -> None:
    """Add stored events, counted by quarter of an hour since 1970 and agent."""
    entries: Counter[str] = Counter()
    for (quarter, agent), count in stored.items():
        entries[ledger.name(quarter * ledger.QUARTER_MS, agent, group.zone)] += count
    for entry, count in entries.items():
        change(group, entry, stored=count)


def count_reached(group: Group, segment_row: bytes, counts: Mapping[str, int]) -> None:
    """Replace what a segment's row counts as reached; `counts` is what the row will hold."""
    was = group.get(schema.CHECKPOINTS, segment_row)
    before = codec.segment_row(was).counts if was is not None else {}
    if before == counts:
        return
    for entry in {*before, *counts}:
        change(group, entry, reached=counts.get(entry, 0) - before.get(entry, 0))


def change(group: Group, entry: str, *, stored: int = 0, reached: int = 0) -> None:
    """Add to an entry's two counts."""
    key = keys.ledger(entry)
    changed = codec.ledger_entry(group.get(schema.CHECKPOINTS, key)).changed(stored=stored, reached=reached)
    group.put_visibly(schema.CHECKPOINTS, key, codec.to_json(changed))
