"""The pipeline: a hook's call becomes an event, in the same steps wherever the call comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from agent_memory.agents import registry
from agent_memory.agents.replayed_call import ReplayedCall
from agent_memory.agents.timestamps import timestamp_ms
from agent_memory.capture import own, wire
from agent_memory.capture.envelope import Envelope
from agent_memory.capture.events import event_from
from agent_memory.capture.followed import Written
from agent_memory.capture.recollections import Recollections
from agent_memory.capture.sessions import Sessions
from agent_memory.capture.transcripts import with_transcript
from agent_memory.capture.wire import HookCall
from agent_memory.errors import InvalidEvent
from agent_memory.model import TOOL_MAX_BYTES, Event, EventRole, EventType

# The call with its project and its branch; the number is how long ago it was made, in milliseconds.
WithProject = Callable[[HookCall, int], HookCall]
# Tools that bring a subagent's words.
_SUBAGENTS: Final = frozenset({"Agent", "Task", "task", "spawn_agent", "wait_agent", "invoke_agent"})
# Longer than any folder keeps its branch.
_LONG_AGO_MS: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Captured:
    """A call, complete, and its event; None where it holds nothing worth keeping."""

    call: HookCall
    event: Event | None


class Pipeline:
    """Makes events. It remembers what the first calls of a session say for those that follow. For any thread."""

    def __init__(self, with_project: WithProject, tool_max_bytes: int = TOOL_MAX_BYTES) -> None:
        """Of a tool's input, and of its result, `tool_max_bytes` are kept."""
        self._with_project = with_project
        self._tool_max_bytes = tool_max_bytes
        self._sessions = Sessions()
        self._recollections = Recollections()

    def event_of(self, envelope: Envelope, now_ms: int) -> Captured:
        """What the envelope's call becomes; raises InvalidEvent where its payload is none."""
        call = wire.parse(envelope.payload, agent=envelope.agent, event=envelope.event, project=envelope.project)
        if call.timestamp_ms is None and registry.named(call.agent).is_untimed:
            call = replace(call, timestamp_ms=envelope.arrived_ms)
        call = self._complete(with_transcript(call), late_ms=now_ms - envelope.arrived_ms)
        event = event_from(call, envelope.arrived_ms, envelope.key, self._tool_max_bytes)
        return Captured(call, self._own_words(call, event))

    def event_of_replayed(self, agent: str, replayed: ReplayedCall, number: int) -> Event | None:
        """What a call from a transcript of that agent's becomes; `number` is its place in the transcript."""
        call = wire.call_of(replayed.payload, agent=agent, event=replayed.hook, project=replayed.project)
        # Of a database, it is what its column holds.
        at_ms = timestamp_ms(replayed.at_ms) or 0
        # The folder's branch of today is not the one of that day: the transcript's is, or none.
        call = self._complete(
            replace(call, git_branch=replayed.git_branch, git_origin=replayed.git_origin), late_ms=_LONG_AGO_MS
        )
        try:
            event = event_from(call, at_ms, str(number), self._tool_max_bytes)
        except InvalidEvent:
            return None  # of a transcript, a record that tells nothing
        return self._own_words(call, event)

    def event_of_written(self, written: Written) -> Event | None:
        """What a call from a followed transcript becomes: its session is known from its own calls."""
        return self.event_of_replayed(written.agent, written.call, number=0)

    def note_recalled(self, session_id: str, text: str) -> None:
        """The memory told the session this: its agent may repeat it."""
        self._recollections.note(session_id, text)

    def _own_words(self, call: HookCall, event: Event | None) -> Event | None:
        """The event without what its agent repeats of the memory's answers; None where nothing else is in it."""
        for answer in own.answers_in(call):
            self._recollections.note(call.session_id, answer)
        if event is None or not _may_repeat(event):
            return event
        text = self._recollections.without(call.session_id, event.text)
        is_empty = event.event_type == EventType.ASSISTANT_MESSAGE and event.text and not text.strip()
        return None if is_empty else replace(event, text=text)

    def _complete(self, call: HookCall, late_ms: int) -> HookCall:
        return self._with_project(self._sessions.with_session(call), late_ms)


def _may_repeat(event: Event) -> bool:
    """Whether a model wrote the event's text; files and programs say what they say."""
    is_models = event.role == EventRole.ASSISTANT or event.event_type == EventType.ASSISTANT_MESSAGE
    return is_models or event.metadata.get("tool_name", "") in _SUBAGENTS
