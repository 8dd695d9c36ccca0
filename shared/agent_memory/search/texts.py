"""What an event is found by: its text as far as it counts, with the name of whoever speaks. Pure."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

from agent_memory.model import TOOL_HEAD_CHARACTERS, Event, EventRole, EventType
from agent_memory.search.tokens import tokens

# Of a longer text only so much is found: memory stays bounded whatever an event holds.
TEXT_MAX: Final = 100_000


def text_of(event: Event) -> str:
    """The event's text as far as it counts; of a tool's result, its head. A named speaker's name goes before it."""
    limit = TOOL_HEAD_CHARACTERS if event.event_type == EventType.TOOL_RESULT else TEXT_MAX
    speaker = event.metadata.get("speaker", "")
    return f"{speaker}: {event.text[:limit]}" if speaker else event.text[:limit]


def tokens_of(event: Event) -> list[str]:
    """The tokens that the event is found by, in order."""
    return tokens(text_of(event))


def role_of(event: Event) -> str:
    """Who the event came from, as filters name it: user, assistant, system, tool; empty where it is not known."""
    return EventRole(event.role).name.lower() if event.role else ""


def project_names_of(event: Event) -> list[str]:
    """What the event's project is called: its id, its folder, and the last part of either, folded."""
    names = [event.project, event.metadata.get("project", "")]
    return [name for name in dict.fromkeys((*names, *map(base_name, names))) if name]


def files_of(event: Event) -> list[str]:
    """The paths of the files that a tool call names."""
    return [path for path in event.metadata.get("files", "").split("\n") if path]


def base_name(path: str) -> str:
    """The last part of a path, folded, by which files and projects are looked up."""
    return PurePosixPath(path.replace("\\", "/")).name.casefold()


def is_about(path: str, file: str) -> bool:
    """Whether `path` ends with all parts of `file`: `src/app.py` names `/home/dev/shop/src/app.py`."""
    parts, wanted = _parts(path), _parts(file)
    return bool(wanted) and parts[-len(wanted) :] == wanted


def _parts(path: str) -> list[str]:
    return [part for part in path.replace("\\", "/").casefold().split("/") if part not in ("", ".")]
