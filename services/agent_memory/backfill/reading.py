"""Reading a transcript: its moments, made into events as the hooks' own words are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from agent_memory.agents.claude_code import transcript as claude_code
from agent_memory.agents.codex import transcript as codex
from agent_memory.agents.copilot_cli import transcript as copilot_cli
from agent_memory.agents.gemini_cli import transcript as gemini_cli
from agent_memory.agents.opencode import transcript as opencode
from agent_memory.backfill.transcript_paths import Transcript
from agent_memory.capture import events, jsonl, wire
from agent_memory.capture.jsonl import Advance
from agent_memory.capture.project.projects import Projects
from agent_memory.capture.replayed_call import Broken, Reader, ReplayedCall, Report
from agent_memory.capture.sessions import Sessions
from agent_memory.capture.wire import HookCall
from agent_memory.model import TOOL_MAX_BYTES, Event

_READERS: Final[dict[str, Callable[[Path], Reader]]] = {
    "claude-code": claude_code.Session,
    "codex": codex.Thread,
    "gemini-cli": gemini_cli.Chat,
    "copilot-cli": copilot_cli.Log,
}
# As long ago as a call can be.
_LATE_MS: Final = 1 << 62


def events_of(
    transcript: Transcript,
    projects: Projects,
    report: Report,
    advance: Advance,
    tool_max_bytes: int = TOOL_MAX_BYTES,
) -> Iterator[Event]:
    """The transcript's events, in its order, under the ids that live capture gives them.

    What can't be read is reported and skipped; `advance` is told the bytes as they are read. Of a tool's input, and of
    its result, `tool_max_bytes` are kept.
    """
    sessions, folders = Sessions(), _Folders(projects)
    for number, (line, moment) in enumerate(_moments(transcript, report, advance), start=1):
        try:
            event = _event(transcript.agent, moment, number, sessions, folders, tool_max_bytes)
        except Exception as error:
            # A record that no agent has written so far must not stand in the way of those behind it.
            report(Broken(transcript.path, line, f"not understood: {error!r}"))
            continue
        if event is not None:
            yield event


def _moments(transcript: Transcript, report: Report, advance: Advance) -> Iterator[tuple[int, ReplayedCall]]:
    """What hooks would have been told, in the agent's own words, each with the line that tells of it."""
    if transcript.agent == "opencode":
        yield from opencode.replayed_calls(transcript.path, report, advance)
        return
    reader, line = _READERS[transcript.agent](transcript.path), 0
    for line, record in jsonl.records(transcript.path, report, advance):
        try:
            told = list(reader.take(record))
        except Exception as error:
            report(Broken(transcript.path, line, f"not understood: {error!r}"))
            continue
        yield from ((line, moment) for moment in told)
    yield from ((line, moment) for moment in reader.end())


def _event(
    agent: str, moment: ReplayedCall, number: int, sessions: Sessions, folders: _Folders, tool_max_bytes: int
) -> Event | None:
    call = sessions.completed(wire.heard(moment.payload, agent=agent, event=moment.hook, project=moment.project))
    call = replace(call, project_id=folders.project_id(call), git_branch=moment.git_branch)
    return events.event_from(call, moment.at_ms, str(number), tool_max_bytes)


class _Folders:
    """The projects of a transcript's few folders, each looked for once: it may be a million lines long."""

    def __init__(self, projects: Projects) -> None:
        self._projects = projects
        self._ids: dict[tuple[str, str], str] = {}

    def project_id(self, call: HookCall) -> str:
        folders = (call.project, "" if call.project else call.cwd)
        if folders not in self._ids:
            # What a folder's repository says now, such as its branch, is not what it said then.
            self._ids[folders] = self._projects.completed(call, late_ms=_LATE_MS).project_id
        return self._ids[folders]
