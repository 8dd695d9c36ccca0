"""The ledger: of each day and agent, how many events are stored, and how many of them the table of contents leads to.

It is kept with the writes and never counted on a path that somebody waits for. An entry is named by its day, in the
store's zone, and its agent: `2026-01-30 claude-code`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from functools import lru_cache
from typing import Final

from agent_memory.model import Event
from agent_memory.periods import day_of
from agent_memory.store import codec, keys, schema
from agent_memory.store.codec import LedgerEntry
from agent_memory.store.reader import Reader

# Midnights come at full quarters of an hour, in every zone: a day is looked up once for all events of a quarter.
QUARTER_MS: Final = 15 * 60_000
# An agent's name is whatever a client says.
_AGENT_MAX: Final = 64


def name(timestamp_ms: int, agent: str | None, zone: tzinfo) -> str:
    """The entry that an event of that time and agent belongs to."""
    return f"{_day(timestamp_ms // QUARTER_MS, zone)} {(agent or '')[:_AGENT_MAX]}"


def counts(events: Iterable[Event], zone: tzinfo) -> Counter[str]:
    """How many of the events belong to which entry."""
    return Counter(name(event.timestamp_ms, event.agent, zone) for event in events)


def day_and_agent(entry_name: str) -> tuple[str, str]:
    day, _, agent = entry_name.partition(" ")
    return day, agent


def entries(reader: Reader, from_day: str = "") -> Iterator[tuple[str, LedgerEntry]]:
    """The entries from that day on, `YYYY-MM-DD`, by their names in order; of all days by default."""
    for key, value in reader.scan(schema.CHECKPOINTS, keys.ledger(from_day), keys.after(keys.LEDGER_PREFIX)):
        yield key[len(keys.LEDGER_PREFIX) :].decode(), codec.ledger_entry(value)


@lru_cache(maxsize=4096)
def _day(quarter: int, zone: tzinfo) -> str:
    return day_of(quarter * QUARTER_MS, zone).node_id.removeprefix("toc:day:")
