"""Replayed calls: what a hook would have been given, and when, as an agent's transcript has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agent_memory.agents.payload import Payload


@dataclass(frozen=True, slots=True)
class ReplayedCall:
    """One call of a hook as it was, or would have been, in the agent's own form."""

    payload: Payload
    at_ms: int
    # The hook's name, where that agent's payload leaves it out.
    hook: str = ""
    # Where it happened, by the transcript: the folder itself may be gone by now, or on another branch.
    project: str = ""
    git_branch: str = ""
    # The address that its repository was cloned from, or the folder of the one that its worktree belongs to.
    git_origin: str = ""
    # No hook tells this: it is read from the transcript while the session is live, too.
    is_unhooked: bool = False


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that could not be read; of a whole file the line is 0."""

    path: Path
    line: int
    reason: str


Report = Callable[[Broken], None]
# Called with a number of bytes, as they are read.
Advance = Callable[[int], None]
# Each call with the line that it comes from.
Replay = Callable[[Path, Report, Advance], Iterator[tuple[int, ReplayedCall]]]


def known_calls(calls: Iterator[ReplayedCall], complain: Callable[[str], None]) -> Iterator[ReplayedCall]:
    """The calls, up to the first that can't be told: a record of a kind that no agent has written so far."""
    try:
        yield from calls
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        complain(f"not understood: {error!r}")


class Reader(Protocol):
    """Reads one transcript of lines, from its beginning to its end."""

    def take(self, record: Payload) -> Iterator[ReplayedCall]:
        """The calls that are known to have been made once this record is read."""

    def end(self) -> Iterator[ReplayedCall]:
        """The calls that only the end of the transcript shows to have been made."""
