"""Reading a transcript: its replayed calls become events, as the hooks' own calls do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from agent_memory.agents import registry
from agent_memory.agents.replayed_call import Advance, Broken, ReplayedCall, Report
from agent_memory.backfill.transcript_paths import Transcript
from agent_memory.capture import events, wire
from agent_memory.capture.project.projects import Projects
from agent_memory.capture.sessions import Sessions
from agent_memory.capture.wire import HookCall
from agent_memory.model import TOOL_MAX_BYTES, Event

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

    What can't be read is reported and skipped; `advance` is called with the bytes as they are read. Of a tool's input,
    and of its result, `tool_max_bytes` are kept.
    """
    sessions, folders = Sessions(), _Folders(projects)
    replay = registry.named(transcript.agent).transcripts.replay
    for number, (line, replayed) in enumerate(replay(transcript.path, report, advance), start=1):
        try:
            event = _event(transcript.agent, replayed, number, sessions, folders, tool_max_bytes)
        except Exception as error:
            # A record of a kind that no agent has written so far costs only itself.
            report(Broken(transcript.path, line, f"not understood: {error!r}"))
            continue
        if event is not None:
            yield event


def _event(
    agent: str, replayed: ReplayedCall, number: int, sessions: Sessions, folders: _Folders, tool_max_bytes: int
) -> Event | None:
    call = wire.call_of(replayed.payload, agent=agent, event=replayed.hook, project=replayed.project)
    call = sessions.completed(call)
    call = replace(call, project_id=folders.project_id(call), git_branch=replayed.git_branch)
    return events.event_from(call, replayed.at_ms, str(number), tool_max_bytes)


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
