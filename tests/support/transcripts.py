"""Recorded sessions of agents: what their hooks were told, and what they kept of the same sessions themselves."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agent_memory.agents.registry import AGENTS as REGISTRY
from agent_memory.agents.replayed_call import Broken
from agent_memory.backfill import transcript_paths
from agent_memory.backfill.reading import events_of
from agent_memory.backfill.transcript_paths import Transcript
from agent_memory.capture.project.projects import Projects
from agent_memory.model import Event

RECORDINGS = Path(__file__).parents[1] / "data" / "transcripts"
AGENTS = ("claude-code", "codex", "copilot-cli", "droid", "gemini-cli", "opencode", "qwen-code")
COLUMNS = {
    "session": ("id", "parent_id", "directory", "agent", "time_created"),
    "message": ("id", "session_id", "time_created", "data"),
    "part": ("id", "message_id", "session_id", "time_created", "data"),
}


def settle(agent: str, home: Path, data: Path | None = None) -> None:
    """Put what the agent kept where it keeps it in that home; `data` is where programs keep data there."""
    if agent == "opencode":
        _database((data or home / ".local" / "share") / "opencode" / "opencode.db")
    else:
        shutil.copytree(RECORDINGS / agent / "home", home, dirs_exist_ok=True)


def hook_calls(agent: str, home: Path) -> Iterator[tuple[str, bytes]]:
    """What the hooks were told, in order: the event that the command line named, and standard input.

    What the agent kept lies in that home, not in the one of the recording.
    """
    for line in (RECORDINGS / agent / "hooks.jsonl").read_text(encoding="utf-8").splitlines():
        call = json.loads(line)
        yield call["event"], call["stdin"].replace("/home/dev/.", f"{home}/.").encode()


def read(transcript: Transcript, broken: list[Broken] | None = None) -> list[Event]:
    """The transcript's events; what can't be read goes into `broken`, or fails the test."""
    found: list[Broken] = []
    events = list(events_of(transcript, Projects({}), (found if broken is None else broken).append, lambda _: None))
    assert found == []
    return events


def kept(agent: str, home: Path, environ: Mapping[str, str] | None = None) -> list[Event]:
    """The events of all that the agent kept in that home."""
    return [event for each in transcript_paths.found(REGISTRY[agent], environ or {}, home) for event in read(each)]


def long_history(path: Path, prompts: int, session_id: str = "long") -> None:
    """Write a session of Claude Code's of that many turns, four lines each, from 2026 on a minute apart."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(prompts):
            for record in _turn(number, session_id):
                file.write(json.dumps(record) + "\n")


def _turn(number: int, session_id: str) -> Iterator[dict[str, Any]]:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    record = {"sessionId": session_id, "cwd": "/home/dev/project", "timestamp": at.isoformat(), "isSidechain": False}
    user, assistant = {**record, "type": "user", "promptId": f"p{number}"}, {**record, "type": "assistant"}
    call = {"type": "tool_use", "id": f"t{number}", "name": "Bash", "input": {"command": f"make test-{number}"}}
    result = {"type": "tool_result", "tool_use_id": f"t{number}", "content": f"{number} tests passed\n" * 10}
    answer = {"type": "text", "text": f"All {number} tests pass now; the deployment can go out on Friday."}
    yield {**user, "message": {"role": "user", "content": f"Please make test {number} pass before we deploy."}}
    yield {**assistant, "message": {"id": f"m{number}", "content": [call], "stop_reason": "tool_use"}}
    yield {**user, "message": {"role": "user", "content": [result]}}
    yield {**assistant, "message": {"id": f"n{number}", "content": [answer], "stop_reason": "end_turn"}}


def _database(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as database:
        for table, columns in COLUMNS.items():
            database.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
        for line in (RECORDINGS / "opencode" / "rows.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            table = row.pop("table")
            marks = ", ".join("?" * len(row))
            database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))
    database.close()
