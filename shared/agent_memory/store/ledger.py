"""The ledger: for each day and agent, how many events are stored, and how many the table of contents leads to.

Every write keeps it up to date, so that nobody has to count. An entry is named by its day, in the store's time zone,
and its agent: `2026-01-30 claude-code`.
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

# In every time zone midnight is at a full quarter of an hour, so all events of a quarter share their day.
QUARTER_MS: Final = 15 * 60_000
# A client may send any agent name.
_AGENT_MAX: Final = 64


def name(timestamp_ms: int, agent: str | None, zone: tzinfo) -> str:
    """The name of the entry for an event of that time and agent."""
    return f"{_day(timestamp_ms // QUARTER_MS, zone)} {(agent or '')[:_AGENT_MAX]}"


def counts(events: Iterable[Event], zone: tzinfo) -> Counter[str]:
    """The number of events by entry."""
    return Counter(name(event.timestamp_ms, event.agent, zone) for event in events)


def day_and_agent(entry_name: str) -> tuple[str, str]:
    day, _, agent = entry_name.partition(" ")
    return day, agent


def entries(reader: Reader, from_day: str = "") -> Iterator[tuple[str, LedgerEntry]]:
    """The entries with their names, in order, from that day on (`YYYY-MM-DD`); of all days by default."""
    for key, value in reader.scan(schema.CHECKPOINTS, keys.ledger(from_day), keys.after(keys.LEDGER_PREFIX)):
        yield key[len(keys.LEDGER_PREFIX) :].decode(), codec.ledger_entry(value)


def days_of(reader: Reader, agent: str, from_day: str = "", to_day: str = "9999") -> list[str]:
    """The days from `from_day` to `to_day` on which that agent has events, in order."""
    found: list[str] = []
    for entry_name, entry in entries(reader, from_day):
        day, named = day_and_agent(entry_name)
        if day > to_day:
            break
        if entry.stored and named == agent[:_AGENT_MAX]:
            found.append(day)
    return found


def agents(reader: Reader) -> list[str]:
    """Every agent that has events, the one with most first."""
    events: Counter[str] = Counter()
    for entry_name, entry in entries(reader):
        events[day_and_agent(entry_name)[1]] += entry.stored
    return [agent for agent, count in events.most_common() if agent and count > 0]


@lru_cache(maxsize=4096)
def _day(quarter: int, zone: tzinfo) -> str:
    return day_of(quarter * QUARTER_MS, zone).node_id.removeprefix("toc:day:")
