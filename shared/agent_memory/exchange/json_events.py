"""Events of an earlier program's store: JSON objects, a batch at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from agent_memory.exchange.importing import BATCH_BYTES, BATCH_EVENTS
from agent_memory.model import Event, EventRole, EventType
from agent_memory.store import json_store

Batch = tuple[list[Event], list[str]]


@contextmanager
def batches_of(path: Path) -> Iterator[Iterator[Batch]]:
    """The events of that store, so many at a time, each time with what is wrong with rows that hold none.

    Raises UsageError, StoreError.
    """
    with json_store.values_of(path) as values:
        yield _batches(values)


def event_of(value: bytes) -> Event:
    """The event of a row; raises ValueError, KeyError, TypeError or RecursionError where it holds none."""
    content = json.loads(value)
    metadata = content.get("metadata") or {}
    agent = content.get("agent")
    return Event(
        event_id=_text(content["event_id"]),
        session_id=_text(content["session_id"]),
        timestamp_ms=int(content["timestamp"]),
        event_type=EventType[_text(content["event_type"]).upper()],
        role=EventRole[_text(content["role"]).upper()],
        text=_text(content["text"]),
        metadata={_text(name): _text(each) for name, each in metadata.items()},
        agent=None if agent is None else _text(agent),
    )


def _batches(values: Iterable[bytes]) -> Iterator[Batch]:
    batch: list[Event] = []
    problems: list[str] = []
    size = 0
    for number, value in enumerate(values, start=1):
        try:
            batch.append(event_of(value))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            problems.append(f"Event {number} can't be read: {error!r}.")
        size += len(value)
        if len(batch) == BATCH_EVENTS or size >= BATCH_BYTES:
            yield batch, problems
            batch, problems, size = [], [], 0
    if batch or problems:
        yield batch, problems


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    value.encode()
    return value
