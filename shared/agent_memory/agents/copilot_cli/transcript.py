"""Copilot CLI's event logs, `session-state/SESSION/events.jsonl`: subagents are in them, and the hooks that were run.

Where a hook was run, the log has its input, to the millisecond; only calls that no hook got are made up here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from agent_memory.agents.agent import TranscriptHead
from agent_memory.agents.payload import Payload, at_ms_of, object_of, objects_of, text_of
from agent_memory.agents.replayed_call import ReplayedCall
from agent_memory.agents.tails import newest_first
from agent_memory.agents.timestamps import timestamp_ms

_TOOL_HOOKS = ("postToolUse", "postToolUseFailure")


def recognises(head: TranscriptHead) -> bool:
    return head.has(_is_start)


def model_in(tail: bytes) -> str:
    """The model that wrote the last message in these lines."""
    for record in newest_first(tail, b'"model"'):
        match record:
            case {"type": "assistant.message", "data": {"model": str(model)}} if model:
                return model
    return ""


def last_words_in(tail: bytes, until_ms: int | None) -> str:
    """The assistant's last message in these lines, up to that time: a hook's call can be read long afterwards."""
    for record in newest_first(tail, b'"'):
        match record:
            case {"type": "user.message", "timestamp": at} if _is_before(at, until_ms):
                return ""  # the turn began here, and no message followed
            case {"type": "assistant.message", "timestamp": at, "data": {"content": str(words)}}:
                if words.strip() and _is_before(at, until_ms):
                    return words
    return ""


class Log:
    """Reads one log, from its beginning to its end."""

    def __init__(self, _path: Path) -> None:
        self._session_id = self._project = self._cwd = self._branch = ""
        self._model = ""
        self._at_ms = 0
        self._subagent_types: dict[str, str] = {}
        # By hook, agent's id (the session's own is empty) and content: hooks that were run, whose records follow later.
        self._hooked: dict[tuple[str, str, str], int] = {}
        self._calls: dict[str, tuple[str, Payload]] = {}
        # By the agent's id: the last words of its turn and their time, until a hook was run for its end.
        self._ends: dict[str, tuple[str, int]] = {}

    def take(self, record: Payload) -> Iterator[ReplayedCall]:
        data, subagent_id = object_of(record, "data"), text_of(record, "agentId")
        self._at_ms = at_ms_of(record) or self._at_ms
        match record.get("type"):
            case "session.start":
                yield from self._start(data)
            case "hook.start":
                yield from self._hook(text_of(data, "hookType"), object_of(data, "input"), subagent_id)
            case "user.message":
                yield from self._stop(subagent_id)
                if subagent_id and not self._was_hooked("subagentStart", subagent_id):
                    yield self._call("subagentStart", subagent_id, agentName=self._subagent_types.get(subagent_id))
                prompt = text_of(data, "content")
                if prompt and not self._was_hooked("userPromptSubmitted", subagent_id, prompt):
                    yield self._call("userPromptSubmitted", subagent_id, prompt=prompt)
            case "assistant.message":
                # A message that calls a tool is not the last of the turn.
                is_last = text_of(data, "content") and not objects_of(data, "toolRequests")
                self._model = text_of(data, "model") or self._model
                self._ends.pop(subagent_id, None)
                if is_last:
                    self._ends[subagent_id] = (text_of(data, "content"), self._at_ms)
            case "tool.execution_start":
                self._calls[text_of(data, "toolCallId")] = (text_of(data, "toolName"), object_of(data, "arguments"))
            case "tool.execution_complete":
                yield from self._result(data, subagent_id)
            case "subagent.started":
                self._subagent_types[subagent_id] = text_of(data, "agentType") or text_of(data, "agentName")
            case "subagent.completed":
                words, _ = self._ends.pop(subagent_id, ("", 0))
                if not self._was_hooked("subagentStop", subagent_id):
                    yield self._call("subagentStop", subagent_id, response=words)
            case "session.shutdown":
                yield from self.end()

    def end(self) -> Iterator[ReplayedCall]:
        """The ends of turns that no hook was run for."""
        for subagent_id in list(self._ends):
            yield from self._stop(subagent_id)

    def _start(self, data: Payload) -> Iterator[ReplayedCall]:
        if self._session_id:
            return
        context = object_of(data, "context")
        self._session_id = text_of(data, "sessionId")
        self._project = self._cwd = text_of(context, "cwd")
        self._branch = text_of(context, "branch")
        self._at_ms = at_ms_of(data, "startTime") or self._at_ms
        yield self._call("sessionStart", "", source="new")

    def _hook(self, hook: str, given: Payload, subagent_id: str) -> Iterator[ReplayedCall]:
        if hook in ("preToolUse", "permissionRequest") or given.get("source") == "new":
            return
        payload = dict(given)
        if subagent_id and given.get("sessionId") == subagent_id:
            # In a subagent's hooks the log leaves out what it has beside them.
            payload |= self._identity(subagent_id)
        if hook == "userPromptSubmitted":
            self._note_hook(hook, subagent_id, text_of(given, "prompt"))
        elif hook in _TOOL_HOOKS:
            self._note_hook("tool", subagent_id, f"{given.get('toolName')} {given.get('toolArgs')}")
        elif hook in ("subagentStart", "subagentStop"):
            self._note_hook(hook, text_of(given, "agentId"))
        elif hook == "agentStop":
            words, _ = self._ends.pop(subagent_id, ("", 0))
            payload |= {"response": words, "model": self._model}
        self._cwd = text_of(given, "cwd") or self._cwd
        yield ReplayedCall(payload, at_ms_of(given) or self._at_ms, hook, self._project, self._branch)

    def _result(self, data: Payload, subagent_id: str) -> Iterator[ReplayedCall]:
        name, given = self._calls.pop(text_of(data, "toolCallId"), ("", {}))
        if not name or self._was_hooked("tool", subagent_id, f"{name} {dict(given)}"):
            return
        if data.get("success") is False:
            error = text_of(object_of(data, "error"), "message")
            yield self._call("postToolUseFailure", subagent_id, toolName=name, toolArgs=given, error=error)
            return
        text = text_of(object_of(data, "result"), "content")
        result = {"resultType": "success", "textResultForLlm": text}
        yield self._call("postToolUse", subagent_id, toolName=name, toolArgs=given, toolResult=result)

    def _stop(self, subagent_id: str) -> Iterator[ReplayedCall]:
        words, at_ms = self._ends.pop(subagent_id, ("", 0))
        if words and not subagent_id:
            self._at_ms = at_ms
            yield self._call("agentStop", subagent_id, response=words, model=self._model)

    def _identity(self, subagent_id: str) -> Payload:
        return {
            "agentId": subagent_id,
            "agentType": self._subagent_types.get(subagent_id, "subagent"),
            "parentAgentId": self._session_id,
        }

    def _call(self, hook: str, subagent_id: str, **fields: object) -> ReplayedCall:
        of_parent = hook in ("subagentStart", "subagentStop")
        payload = {
            "sessionId": self._session_id if of_parent else subagent_id or self._session_id,
            "timestamp": self._at_ms,
            "cwd": self._cwd,
            **(self._identity(subagent_id) if subagent_id else {}),
            **fields,
        }
        return ReplayedCall(payload, self._at_ms, hook, self._project, self._branch)

    def _note_hook(self, what: str, subagent_id: str, content: str = "") -> None:
        key = (what, subagent_id, content)
        self._hooked[key] = self._hooked.get(key, 0) + 1

    def _was_hooked(self, what: str, subagent_id: str, content: str = "") -> bool:
        key = (what, subagent_id, content)
        count = self._hooked.get(key, 0)
        if count > 1:
            self._hooked[key] = count - 1
        elif count:
            del self._hooked[key]
        return count > 0


def _is_start(record: Payload) -> bool:
    match record:
        case {"type": "session.start", "data": dict()}:
            return True
        case _:
            return False


def _is_before(at: object, until_ms: int | None) -> bool:
    at_ms = timestamp_ms(at)
    return at_ms is None or until_ms is None or at_ms <= until_ms
