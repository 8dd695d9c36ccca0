"""Notes: what somebody said is worth keeping, as an event of its own kind."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from agent_memory.agents import registry
from agent_memory.capture import AGENT_NOTES_SUFFIX, recalled
from agent_memory.capture.privacy import private
from agent_memory.capture.project.projects import Projects
from agent_memory.errors import InvalidEvent
from agent_memory.files import make_private_dir
from agent_memory.ids import derived_ulid
from agent_memory.model import Event, EventRole, EventType

# The name of an event's metadata that says which of NOTE_KINDS it is.
KIND: Final = "note"
# Characters: a note is a sentence or a few.
TEXT_MAX: Final = 2000


@dataclass(frozen=True, slots=True)
class Noting:
    """Who notes something, and where."""

    # Full path of the working directory.
    folder: str
    # Both empty where they are not known; without an agent it is the user who notes.
    session_id: str = ""
    agent: str = ""


def event_of(text: str, kind: str, noting: Noting, projects: Projects, now: datetime) -> Event:
    """The note as an event; the same words of the same kind are one event of their session.

    Raises InvalidEvent where the text holds nothing to keep, or more than a note.
    """
    text = recalled.without(private.without(text)).strip()
    if not text.replace(private.MARKER, "").strip():
        raise InvalidEvent("There is nothing in this note to keep.")
    if len(text) > TEXT_MAX:
        raise InvalidEvent(f"This note has {len(text)} characters; it may have {TEXT_MAX}. Say it in a few sentences.")
    project = projects.of(noting.folder)
    session_id = noting.session_id or _session_of(project.project_id, now)
    about = {KIND: kind, "cwd": noting.folder, "project": noting.folder, "project_id": project.project_id}
    return Event(
        event_id=derived_ulid(0, session_id, KIND, kind, text),
        session_id=session_id,
        timestamp_ms=int(now.timestamp() * 1000),
        event_type=EventType.NOTE,
        role=EventRole.ASSISTANT if noting.agent else EventRole.USER,
        text=text,
        metadata={**about, "git_branch": project.branch} if project.branch else about,
        agent=_agent(noting.agent) or None,
    )


def publish(db_path: Path, *, allowed: bool) -> None:
    """Let agents' tools know the setting, by a file beside the store; raises OSError."""
    path = Path(os.fsdecode(os.fsencode(db_path) + AGENT_NOTES_SUFFIX))
    if not allowed:
        path.unlink(missing_ok=True)
        return
    make_private_dir(path.parent)
    path.touch(0o600)


def _session_of(project_id: str, now: datetime) -> str:
    """Where nobody knows the session: one for each project and day."""
    return f"notes-{now:%Y-%m-%d}-{hashlib.sha256(project_id.encode()).hexdigest()[:8]}"


def _agent(name: str) -> str:
    """Our name of the agent: as an MCP client, it has one such as `codex-mcp-client`."""
    name = name.lower()
    return next((known for known in registry.AGENTS if known in name), name)
