"""Places: where each agent keeps its transcripts, and whose a file is that somebody names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent_memory.capture.wire import decoded
from agent_memory.errors import InvalidEvent

_HEAD_BYTES: Final = 1 << 20
_SQLITE: Final = b"SQLite format 3\0"
# What begins the definition of a table that no other of the databases here has.
_OPENCODE: Final = re.compile(rb"CREATE TABLE .?message\b")


@dataclass(frozen=True, slots=True)
class Transcript:
    """One file of an agent's, its size in bytes and when it was last written to, in nanoseconds."""

    agent: str
    path: Path
    size: int
    changed_ns: int


# Of each agent: the variable that names its folder, the folder if none does, and what is in it.
_PLACES: Final = {
    "claude-code": ("CLAUDE_CONFIG_DIR", ".claude", ("projects",), (".jsonl",)),
    "codex": ("CODEX_HOME", ".codex", ("sessions", "archived_sessions"), (".jsonl",)),
    "gemini-cli": ("", ".gemini", ("tmp",), (".jsonl", ".json")),
    "opencode": ("", ".local/share/opencode", (".",), ("opencode.db",)),
    "copilot-cli": ("", ".copilot", ("session-state",), ("events.jsonl",)),
}
AGENTS: Final = tuple(_PLACES)


def found(agent: str, environ: Mapping[str, str], home: Path) -> list[Transcript]:
    """The agent's transcripts, oldest first; none where it was never used. Nothing outside of its folder is opened."""
    variable, folder, parts, endings = _PLACES[agent]
    if agent == "opencode" and environ.get("XDG_DATA_HOME", "").startswith("/"):
        root = Path(environ["XDG_DATA_HOME"]) / "opencode"
    else:
        named = environ.get(variable) if variable else None
        root = Path(named) if named else home / folder
    files = (path for part in parts for path in _files(root / part, endings))
    there = (_transcript(agent, path) for path in files if agent != "gemini-cli" or "chats" in path.parts)
    return sorted(filter(None, there), key=lambda each: (each.changed_ns, each.path))


def named(path: Path, agent: str = "") -> list[Transcript]:
    """The transcripts in this file or folder, of that agent if one is named; raises OSError where it can't be read."""
    files = _files(path, (".jsonl", ".json", ".db")) if path.is_dir() else [path]
    path.stat()
    there = []
    for file in files:
        whose = agent_of(file)
        if whose and agent in ("", whose) and (transcript := _transcript(whose, file)):
            there.append(transcript)
    return sorted(there, key=lambda each: (each.changed_ns, each.path))


def agent_of(path: Path) -> str:
    """Whose transcript the file is, told from its beginning; empty where it is nobody's."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return ""
    if head.startswith(_SQLITE):
        # The definitions may still be in the database's log, beside it.
        return "opencode" if path.name == "opencode.db" or _OPENCODE.search(head) else ""
    for line in head.split(b"\n")[:20]:
        try:
            record = decoded(line)
        except InvalidEvent:
            continue
        match record:
            case {"type": "session_meta", "payload": dict()}:
                return "codex"
            case {"type": "session.start", "data": dict()}:
                return "copilot-cli"
            case {"sessionId": str(), "projectHash": str()}:
                return "gemini-cli"
            case {"sessionId": str(), "type": "user" | "assistant", "message": dict()}:
                return "claude-code"
    return ""


def _files(folder: Path, endings: tuple[str, ...]) -> Iterator[Path]:
    """The files below the folder that end so. Links are not followed: what they lead to is another place."""
    for place, _, names in os.walk(folder.resolve()):
        yield from (Path(place) / name for name in names if name.endswith(endings))


def _transcript(agent: str, path: Path) -> Transcript | None:
    if path.is_symlink() or not path.is_file():
        return None
    status = path.stat()
    changed_ns = status.st_mtime_ns
    with suppress(OSError):
        # What was written to a database last is in its log.
        changed_ns = max(changed_ns, path.with_name(f"{path.name}-wal").stat().st_mtime_ns)
    return Transcript(agent, path, status.st_size, changed_ns)
