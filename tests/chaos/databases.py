"""Transcripts that are databases, of which rows and the JSON in them are changed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from agent_memory.backfill.reading import events_of
from agent_memory.backfill.transcript_paths import Transcript
from agent_memory.capture.project.projects import Projects
from agent_memory.messages import event_to_pb
from chaos.fuzzing import Parser
from support.mutations import Samples
from support.transcripts import COLUMNS, RECORDINGS

_GOOSE: Final = {
    "sessions": ("id", "working_dir", "created_at"),
    "messages": ("id", "session_id", "role", "content_json", "created_timestamp", "metadata_json"),
}


def databases(folder: Path) -> Iterator[Parser]:
    """The readers of them, on a database in `folder` that has the rows of an input: a JSON object a line."""
    rows = (RECORDINGS / "opencode" / "rows.jsonl").read_bytes()
    for agent, columns, samples in (("opencode", COLUMNS, [rows]), ("goose", _GOOSE, [_goose_rows()])):
        yield Parser(f"database of {agent}", Samples(samples), _Reader(agent, columns, folder / f"{agent}.db").read)


class _Reader:
    def __init__(self, agent: str, columns: dict[str, tuple[str, ...]], path: Path) -> None:
        self._agent, self._columns, self._path = agent, columns, path
        self._database = sqlite3.connect(path)
        self._database.execute("PRAGMA synchronous = OFF")
        for table, names in columns.items():
            self._database.execute(f"CREATE TABLE {table} ({', '.join(names)})")

    def read(self, data: bytes) -> None:
        with self._database:
            for table in self._columns:
                self._database.execute(f"DELETE FROM {table}")
            for line in data.split(b"\n"):
                self._insert(line)
        transcript = Transcript(self._agent, self._path, 0, 0)
        for event in events_of(transcript, Projects({}), lambda broken: None, lambda read: None):
            event_to_pb(event)

    def _insert(self, line: bytes) -> None:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            return
        names = self._columns.get(str(row.get("table")), ()) if isinstance(row, dict) else ()
        if names:
            table, marks = row["table"], ", ".join("?" * len(names))
            self._database.execute(f"INSERT INTO {table} VALUES ({marks})", [_column(row.get(name)) for name in names])


def _column(value: Any) -> Any:
    """The value as a column can have it."""
    if isinstance(value, dict | list):
        try:
            return json.dumps(value)
        except RecursionError:
            return "[" * 1000
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, int) and abs(value) >= 2**63:
        return float(value) if abs(value) < 2**1000 else hex(value)
    return value


def _goose_rows() -> bytes:
    session = {"table": "sessions", "id": "20261128_1", "working_dir": "/home/dev/project", "created_at": "2026-11-28"}
    call = {"name": "developer__shell", "arguments": {"command": "ls"}}
    result = {"status": "success", "value": {"content": [{"type": "text", "text": "a"}], "isError": False}}
    said: list[tuple[str, list[dict[str, object]]]] = [
        ("user", [{"type": "text", "text": "Please set up notes.md."}]),
        ("assistant", [{"type": "toolRequest", "id": "c1", "toolCall": {"status": "success", "value": call}}]),
        ("user", [{"type": "toolResponse", "id": "c1", "toolResult": result}]),
        ("assistant", [{"type": "text", "text": "I wrote notes.md."}]),
    ]
    messages = [
        {
            "table": "messages",
            "id": number,
            "session_id": "20261128_1",
            "role": role,
            "content_json": content,
            "created_timestamp": 1_795_363_889 + number,
            "metadata_json": {"userVisible": True},
        }
        for number, (role, content) in enumerate(said)
    ]
    return b"\n".join(json.dumps(row).encode() for row in [session, *messages])
