"""Databases: SQLite in which an agent keeps its transcripts, session by session. Those in lines: see `jsonl`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from agent_memory.agents.agent import TranscriptHead
from agent_memory.agents.payload import Payload, parsed
from agent_memory.agents.replayed_call import Advance, Broken, Replay, ReplayedCall, Report
from agent_memory.errors import InvalidEvent

if TYPE_CHECKING:  # only imports of history need it
    import sqlite3

_WAIT_S: Final = 5.0
_HEADER: Final = b"SQLite format 3\0"

Database: TypeAlias = "sqlite3.Connection"
# Gets the number of a session, from 1, and what is wrong with it.
Complain = Callable[[int, str], None]
# The calls in a database, each with the number of its session: a database has no lines.
Sessions = Callable[[Database, Complain], Iterator[tuple[int, ReplayedCall]]]


def is_database(head: TranscriptHead) -> bool:
    return head.data.startswith(_HEADER)


def replay_with(sessions: Sessions) -> Replay:
    """How such a database is replayed: from its first session to its last."""
    return partial(_replay, sessions)


def object_in(column: object) -> Payload | None:
    """The JSON object that a column holds as text; None where it holds none."""
    with suppress(InvalidEvent):
        value = parsed(str(column))
        if isinstance(value, dict):
            return value
    return None


def _replay(sessions: Sessions, path: Path, report: Report, advance: Advance) -> Iterator[tuple[int, ReplayedCall]]:
    import sqlite3

    def complain(session: int, reason: str) -> None:
        report(Broken(path, session, reason))

    try:
        # Read only: the database belongs to a program that may be running.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", timeout=_WAIT_S, uri=True)) as database:
            yield from sessions(database, complain)
        advance(path.stat().st_size)
    except (sqlite3.Error, OSError) as error:
        report(Broken(path, 0, str(error)))
