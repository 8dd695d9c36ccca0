"""What can honestly be said of a segment in which little or nothing was said: what was done."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from agent_memory.model import Event, EventRole, EventType
from agent_memory.worker.summarizer.prose import bare, printable
from agent_memory.worker.summarizer.summary import BULLET_MAX
from agent_memory.worker.summarizer.text import HEAD_CHARS, shorten

TOOLS_MAX = 4
FILES_MAX = 3
TOOL_MAX = 40  # characters of a tool's name
METADATA_CHARS = 2_000  # of a tool's input; a file written by it is in there, too
_FILE = re.compile(r"[\w@.+-]{1,80}\.[A-Za-z][A-Za-z0-9]{0,7}(?![\w/.])")
# Of a tool's input, which is JSON that may have been cut.
_PURPOSES = ("description", "command", "query", "pattern")
_PURPOSE = re.compile(rf'"({"|".join(_PURPOSES)})"\s*:\s*"((?:[^"\\]|\\.){{4,200}})')
_FENCE = re.compile(r"(?:```|~~~)\w*")
_HAPPENED = {
    EventType.SESSION_START: "Session started.",
    EventType.USER_MESSAGE: "A message without words.",
    EventType.ASSISTANT_MESSAGE: "An answer without words.",
    EventType.TOOL_RESULT: "A tool was used.",
    EventType.ASSISTANT_STOP: "The assistant finished.",
    EventType.SUBAGENT_START: "A subagent started.",
    EventType.SUBAGENT_STOP: "A subagent finished.",
    EventType.SESSION_END: "Session ended.",
    EventType.NOTE: "A note without words.",
}


def trace_of(events: Sequence[Event]) -> str:
    """What tools did, or else the first raw text, or else what kinds of things happened; empty for no events."""
    return tools_line(events) or _first_text(events) or " ".join(dict.fromkeys(_HAPPENED[e.event_type] for e in events))


def tools_line(events: Sequence[Event]) -> str:
    """`Used Bash 3 times (1 failed), Read: notes.md, app.py.`; empty when no tool was used."""
    used = [event for event in events if event.event_type == EventType.TOOL_RESULT]
    if not used:
        return ""
    names = Counter(event.metadata.get("tool_name") or "a tool" for event in used)
    failed = Counter(
        event.metadata.get("tool_name") or "a tool" for event in used if event.metadata.get("success") == "false"
    )
    tools = ", ".join(_counted(name, count, failed[name]) for name, count in names.most_common(TOOLS_MAX))
    files = ", ".join(name for name, _ in files_in(used).most_common(FILES_MAX))
    return shorten(f"Used {tools}: {files}." if files else f"Used {tools}.", BULLET_MAX)


def deed_of(events: Sequence[Event]) -> str:
    """What the first tool was used for: what it says of itself, its command, or else the files; empty for nothing."""
    for event in events:
        given = dict(_PURPOSE.findall(event.metadata.get("tool_input", "")[:METADATA_CHARS]))
        found = next((given[name] for name in _PURPOSES if name in given), "")
        if event.event_type == EventType.TOOL_RESULT and found:
            words = found.replace("\\n", " ").replace('\\"', '"')
            return shorten(bare(printable(words)), BULLET_MAX)
    if files := files_in(events):
        return ", ".join(name for name, _ in files.most_common(FILES_MAX))
    used = dict.fromkeys(
        event.metadata.get("tool_name") for event in events if event.event_type == EventType.TOOL_RESULT
    )
    names = ", ".join(bare(printable(name[:TOOL_MAX])) for name in list(used)[:TOOLS_MAX] if name)
    return f"Only tools: {names}" if names else ""


def files_in(events: Sequence[Event]) -> Counter[str]:
    """The names of the files that tools had to do with, counted by event."""
    found: Counter[str] = Counter()
    for event in events:
        named = event.metadata.get("files") or event.metadata.get("tool_input") or ""
        found.update(dict.fromkeys(_FILE.findall(named[:METADATA_CHARS]), 1))
    return found


def _counted(tool: str, count: int, failed: int) -> str:
    name = bare(printable(tool[:TOOL_MAX]))
    times = f" {count} times" if count > 1 else ""
    return f"{name}{times} ({failed} failed)" if failed else f"{name}{times}"


def _first_text(events: Sequence[Event]) -> str:
    for event in events:
        text = bare(_FENCE.sub("", printable(event.text[:HEAD_CHARS])))
        if text and event.role != EventRole.SYSTEM:
            return shorten(text, BULLET_MAX)
    return ""
