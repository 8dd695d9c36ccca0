"""Copilot CLI's event logs, `session-state/SESSION/events.jsonl`: subagents are in them, and the hooks that were run.

Where a hook was run, the log has its input, to the millisecond; only calls that no hook got are made up here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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


@dataclass(frozen=True, slots=True)
class _Words:
    """A message of the assistant's."""

    text: str
    message_id: str
    at_ms: int


_NO_WORDS: Final = _Words("", "", 0)


class Log:
    """Reads one log, from its beginning to its end."""

    def __init__(self, _path: Path) -> None:
        self._session_id = self._project = self._cwd = self._branch = self._remote = ""
        self._model = ""
        self._at_ms = 0
        self._subagent_types: dict[str, str] = {}
        # By hook, agent's id (the session's own is empty) and content: hooks that were run, whose records follow later.
        self._hooked: dict[tuple[str, str, str], int] = {}
        self._calls: dict[str, tuple[str, Payload]] = {}
        # By the agent's id: the last words of its turn and their time, until a hook was run for its end.
        self._ends: dict[str, _Words] = {}

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
                    # No hook is called for what was typed while the agent worked.
                    is_ahead = text_of(data, "delivery") not in ("", "idle")
                    yield self._call("userPromptSubmitted", subagent_id, prompt=prompt, unhooked=is_ahead)
            case "assistant.message":
                self._model = text_of(data, "model") or self._model
                yield from self._flush(subagent_id)
                if (words := text_of(data, "content")).strip():
                    self._ends[subagent_id] = _Words(words, text_of(data, "messageId"), self._at_ms)
                # A message that calls a tool is not the last of the turn.
                if objects_of(data, "toolRequests"):
                    yield from self._flush(subagent_id)
            case "abort":
                yield from self._flush(subagent_id)
                error = "interrupted by the user"
                yield self._call(
                    "errorOccurred",
                    subagent_id,
                    error={"message": error},
                    message_id=text_of(record, "id"),
                    unhooked=True,
                )
            case "session.compaction_complete" if summary := text_of(data, "summaryContent"):
                message_id = text_of(record, "id")
                yield self._call("PostCompact", "", compact_summary=summary, message_id=message_id, unhooked=True)
            case "tool.execution_start":
                self._calls[text_of(data, "toolCallId")] = (text_of(data, "toolName"), object_of(data, "arguments"))
            case "tool.execution_complete":
                yield from self._result(data, subagent_id)
            case "subagent.started":
                self._subagent_types[subagent_id] = text_of(data, "agentType") or text_of(data, "agentName")
            case "subagent.completed":
                words = self._ends.pop(subagent_id, _NO_WORDS).text
                if not self._was_hooked("subagentStop", subagent_id):
                    yield self._call("subagentStop", subagent_id, response=words)
            case "session.shutdown":
                for ended in list(self._ends):
                    yield from self._stop(ended)

    def end(self) -> Iterator[ReplayedCall]:
        """The end of a turn that no hook was run for."""
        yield from self._stop("")

    def _start(self, data: Payload) -> Iterator[ReplayedCall]:
        if self._session_id:
            return
        context = object_of(data, "context")
        self._session_id = text_of(data, "sessionId")
        self._project = self._cwd = text_of(context, "cwd")
        self._branch = text_of(context, "branch")
        self._remote = _remote(context)
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
            words = self._ends.pop(subagent_id, _NO_WORDS).text
            payload |= {"response": words, "model": self._model}
        self._cwd = text_of(given, "cwd") or self._cwd
        yield ReplayedCall(payload, at_ms_of(given) or self._at_ms, hook, self._project, self._branch, self._remote)

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
        last = self._ends.get(subagent_id, _NO_WORDS)
        if last.text and not subagent_id:
            del self._ends[subagent_id]
            self._at_ms = last.at_ms
            yield self._call("agentStop", subagent_id, response=last.text, model=self._model)
        yield from self._flush(subagent_id)

    def _flush(self, subagent_id: str) -> Iterator[ReplayedCall]:
        """The words that came last were not the last of the turn."""
        said = self._ends.pop(subagent_id, _NO_WORDS)
        if said.text:
            payload = {
                "hook_event_name": "AssistantMessage",
                "sessionId": self._session_id,
                "timestamp": said.at_ms,
                "cwd": self._cwd,
                "message_id": said.message_id,
                "last_assistant_message": said.text,
                "model": self._model,
                **(self._identity(subagent_id) if subagent_id else {}),
            }
            yield ReplayedCall(
                payload,
                said.at_ms,
                project=self._project,
                git_branch=self._branch,
                git_origin=self._remote,
                is_unhooked=True,
            )

    def _identity(self, subagent_id: str) -> Payload:
        return {
            "agentId": subagent_id,
            "agentType": self._subagent_types.get(subagent_id, "subagent"),
            "parentAgentId": self._session_id,
        }

    def _call(self, hook: str, subagent_id: str, *, unhooked: bool = False, **fields: object) -> ReplayedCall:
        of_parent = hook in ("subagentStart", "subagentStop")
        payload = {
            "sessionId": self._session_id if of_parent else subagent_id or self._session_id,
            "timestamp": self._at_ms,
            "cwd": self._cwd,
            **(self._identity(subagent_id) if subagent_id else {}),
            **fields,
        }
        return ReplayedCall(payload, self._at_ms, hook, self._project, self._branch, self._remote, unhooked)

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


def _remote(context: Payload) -> str:
    """The address of the session's repository, which is named by its host and its path there."""
    repository = text_of(context, "repository")
    host = text_of(context, "repositoryHost") or text_of(context, "hostType").removesuffix(".com") + ".com"
    return f"https://{host}/{repository}" if repository and "." in host.strip(".") else ""


def _is_start(record: Payload) -> bool:
    match record:
        case {"type": "session.start", "data": dict()}:
            return True
        case _:
            return False


def _is_before(at: object, until_ms: int | None) -> bool:
    at_ms = timestamp_ms(at)
    return at_ms is None or until_ms is None or at_ms <= until_ms
