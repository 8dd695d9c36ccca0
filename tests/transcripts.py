"""Recorded sessions of five agents: what their hooks were told, and what they kept of the same sessions themselves."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from agent_memory.capture.history import places
from agent_memory.capture.history.moments import Broken
from agent_memory.capture.history.places import Transcript
from agent_memory.capture.history.reading import events_of
from agent_memory.capture.projects import Projects
from agent_memory.model import Event

RECORDINGS = Path(__file__).parent / "data" / "transcripts"
AGENTS = ("claude-code", "codex", "copilot-cli", "gemini-cli", "opencode")
_COLUMNS = {
    "session": ("id", "parent_id", "directory", "agent", "time_created"),
    "message": ("id", "session_id", "time_created", "data"),
    "part": ("id", "message_id", "session_id", "time_created", "data"),
}


def settle(agent: str, home: Path) -> None:
    """Put what the agent kept where it keeps it in that home."""
    shutil.copytree(RECORDINGS / agent / "home", home, dirs_exist_ok=True) if agent != "opencode" else _database(home)


def hook_calls(agent: str) -> Iterator[tuple[str, bytes]]:
    """What the hooks were told, in order: the event that the command line named, and standard input."""
    for line in (RECORDINGS / agent / "hooks.jsonl").read_text(encoding="utf-8").splitlines():
        call = json.loads(line)
        yield call["event"], call["stdin"].encode()


def read(transcript: Transcript, broken: list[Broken] | None = None) -> list[Event]:
    """The transcript's events; what can't be read goes into `broken`, or fails the test."""
    found: list[Broken] = []
    events = list(events_of(transcript, Projects({}), (found if broken is None else broken).append, lambda _: None))
    assert found == []
    return events


def kept(agent: str, home: Path) -> list[Event]:
    """The events of all that the agent kept in that home."""
    return [event for each in places.found(agent, {}, home) for event in read(each)]


def _database(home: Path) -> None:
    path = home / ".local" / "share" / "opencode" / "opencode.db"
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as database:
        for table, columns in _COLUMNS.items():
            database.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
        for line in (RECORDINGS / "opencode" / "rows.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            table = row.pop("table")
            marks = ", ".join("?" * len(row))
            database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))
    database.close()
