"""Reading a transcript: its replayed calls become events, as the hooks' own calls do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from agent_memory.agents import registry
from agent_memory.agents.replayed_call import Advance, Broken, Report
from agent_memory.backfill.transcript_paths import Transcript
from agent_memory.capture.pipeline import Pipeline
from agent_memory.capture.project.projects import Projects
from agent_memory.capture.wire import HookCall
from agent_memory.model import TOOL_MAX_BYTES, Event


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
    agent = registry.named(transcript.agent)
    pipeline = Pipeline(_KnownProjects(projects).with_project, tool_max_bytes)
    for number, (line, replayed) in enumerate(agent.transcripts.replay(transcript.path, report, advance), start=1):
        try:
            event = pipeline.event_of_replayed(agent.name, replayed, number)
        except Exception as error:
            # A record of a kind that no agent has written so far costs only itself.
            report(Broken(transcript.path, line, f"not understood: {error!r}"))
            continue
        if event is not None:
            yield event


class _KnownProjects:
    """The projects of a transcript's few folders, each looked up once: it may be a million lines long."""

    def __init__(self, projects: Projects) -> None:
        self._projects = projects
        self._ids: dict[tuple[str, str, str], str] = {}

    def with_project(self, call: HookCall, late_ms: int) -> HookCall:
        folders = (call.git_origin, call.project, "" if call.project else call.cwd)
        if folders not in self._ids:
            self._ids[folders] = self._projects.with_project(call, late_ms).project_id
        return replace(call, project_id=self._ids[folders])
