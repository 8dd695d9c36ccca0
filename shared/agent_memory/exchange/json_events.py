"""Events of an earlier program's store: JSON objects, a batch at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from agent_memory.exchange.batches import Batch, Read, in_batches
from agent_memory.exchange.lines import whole_text
from agent_memory.model import Event, EventRole, EventType
from agent_memory.store import json_store

# What a row raises that holds no event: other JSON, or a time without an end.
NO_EVENT: Final = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)


@contextmanager
def batches_of(path: Path) -> Iterator[Iterator[Batch]]:
    """The events of that store, a batch at a time; raises UsageError, StoreError."""
    with json_store.values_of(path) as values:
        yield in_batches(_events(values))


def event_of(value: bytes) -> Event:
    """The event of a row; raises one of NO_EVENT where it holds none."""
    content = json.loads(value)
    metadata = content.get("metadata") or {}
    agent = content.get("agent")
    return Event(
        event_id=whole_text(content["event_id"]),
        session_id=whole_text(content["session_id"]),
        timestamp_ms=int(content["timestamp"]),
        event_type=EventType[whole_text(content["event_type"]).upper()],
        role=EventRole[whole_text(content["role"]).upper()],
        text=whole_text(content["text"]),
        metadata={whole_text(name): whole_text(each) for name, each in metadata.items()},
        agent=None if agent is None else whole_text(agent),
    )


def _events(values: Iterable[bytes]) -> Iterator[Read]:
    for number, value in enumerate(values, start=1):
        try:
            yield event_of(value), len(value)
        except NO_EVENT as error:
            yield f"Event {number} can't be read: {error!r}.", len(value)
