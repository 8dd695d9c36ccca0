"""Moments: what a hook would have been told, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agent_memory.capture.wire import timestamp_ms

Payload = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ReplayedCall:
    """One call of a hook as it was, or would have been, in the agent's own words."""

    payload: Payload
    at_ms: int
    # The hook's name, where the payload of that agent doesn't say it.
    hook: str = ""
    # What transcripts say of the place; the folder itself may be gone, or on another branch by now.
    project: str = ""
    git_branch: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that could not be read, or a whole file, of which the line is 0 then."""

    path: Path
    line: int
    reason: str


Report = Callable[[Broken], None]


class Reader(Protocol):
    """One transcript of lines, walked from its beginning to its end."""

    def take(self, record: Payload) -> Iterator[ReplayedCall]:
        """What the hooks were told, or would have been, by the time of this record."""

    def end(self) -> Iterator[ReplayedCall]:
        """What only the end of the transcript shows to have been over."""


def at_ms_of(record: Payload, field: str = "timestamp") -> int:
    """When the record was written; 0 where it doesn't say."""
    return timestamp_ms(record.get(field)) or 0


def text_of(record: Payload, field: str) -> str:
    value = record.get(field)
    return value if isinstance(value, str) else ""


def object_of(record: Payload, field: str) -> Payload:
    value = record.get(field)
    return value if isinstance(value, dict) else {}


def objects_of(record: Payload, field: str) -> list[Payload]:
    """The objects in a list; whatever else is in it is passed over."""
    value = record.get(field)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
