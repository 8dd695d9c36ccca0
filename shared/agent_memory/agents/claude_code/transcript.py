"""Claude Code's transcripts: a line for each block of each message, among much of the client's own bookkeeping.

A session is `projects/FOLDER/SESSION.jsonl`, each of its subagents `projects/FOLDER/SESSION/subagents/agent-ID.jsonl`
with a `.meta.json` that has the subagent's type.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from agent_memory.agents.agent import TranscriptHead
from agent_memory.agents.payload import Payload, at_ms_of, object_of, objects_of, text_of
from agent_memory.agents.replayed_call import ReplayedCall
from agent_memory.agents.tails import newest_first

_TASK_NOTIFICATION: Final = "<task-notification>"
# What a user's record may hold that no user wrote: commands of the terminal, and notes to the model.
_NOT_TYPED: Final = ("<local-command-", "<command-name>", "<bash-", "[Request interrupted by user")
_COMMAND: Final = re.compile(
    r"\A<command-message>.*?</command-message>\s*<command-name>(.*?)</command-name>"
    r"(?:\s*<command-args>(.*?)</command-args>)?",
    re.DOTALL,
)
# A call that was not made: its hooks were not called either.
_NOT_CALLED: Final = ("<tool_use_error>", "The user doesn't want to", "Permission to use ")
# What is older than the file, by more than its clocks are apart, was copied from the session it was forked from.
_COPIED_MS: Final = 5000
_NO_MESSAGE: Final[Payload] = {}
# A meta file has some hundred bytes.
_META_MAX_BYTES: Final = 64 << 10
# In place of a model where there was none: these messages are the client's own.
_NO_MODEL: Final = ("<synthetic>", "")


def recognises(head: TranscriptHead) -> bool:
    return head.has(_is_own)


def model_in(tail: bytes) -> str:
    """The model that wrote the last message in these lines."""
    for record in newest_first(tail, b'"model"'):
        match record:
            case {"type": "assistant", "message": {"model": str(model)}} if model not in _NO_MODEL:
                return model
    return ""


class Session:
    """Reads one transcript, from its beginning to its end."""

    def __init__(self, path: Path) -> None:
        self._subagent_type = _subagent_type(path)
        self._session_id = self._subagent_id = self._project = self._cwd = ""
        self._source = "startup"
        self._prompt_id = self._mode = self._branch = ""
        self._at_ms = 0
        # When the file was begun.
        self._opened_ms = 0
        # When the subagent began, while its type is not known.
        self._began_ms = 0
        # Calls that wait for their results, by id.
        self._calls: dict[str, Payload] = {}
        self._answer = _Answer()

    def take(self, record: Payload) -> Iterator[ReplayedCall]:
        kind = record.get("type")
        self._opened_ms = self._opened_ms or at_ms_of(record)
        if 0 < at_ms_of(record) < self._opened_ms - _COPIED_MS:
            self._source = "fork"
            return
        if kind == "system" and record.get("subtype") == "stop_hook_summary":
            yield from self._stop()
        if kind not in ("user", "assistant"):
            return
        self._at_ms = at_ms_of(record) or self._at_ms
        self._cwd = text_of(record, "cwd") or self._cwd
        self._mode = text_of(record, "permissionMode") or self._mode
        self._branch = text_of(record, "gitBranch") or self._branch
        if not self._session_id:
            yield from self._start(record)
        self._subagent_type = self._subagent_type or text_of(record, "attributionAgent")
        if self._began_ms and self._subagent_type:
            yield self._call("SubagentStart", self._began_ms, permission_mode="")
            self._began_ms = 0
        message = object_of(record, "message")
        if kind == "assistant":
            yield from self._said(record, message)
        else:
            yield from self._heard(record, message)

    def end(self) -> Iterator[ReplayedCall]:
        """The last turn's end, unless it is still going on."""
        yield from self._stop()

    def _start(self, record: Payload) -> Iterator[ReplayedCall]:
        self._session_id = text_of(record, "sessionId")
        self._subagent_id = text_of(record, "agentId")
        self._prompt_id = text_of(record, "promptId")
        self._project = self._cwd
        if not self._subagent_id:
            yield self._call("SessionStart", source=self._source, prompt_id="", permission_mode="")
        else:
            self._began_ms = self._at_ms

    def _said(self, record: Payload, message: Payload) -> Iterator[ReplayedCall]:
        blocks = objects_of(message, "content")
        words = "\n".join(text_of(block, "text") for block in blocks if block.get("type") == "text")
        if record.get("isApiErrorMessage"):
            error = text_of(record, "error") or words
            yield self._call("StopFailure", error=error, last_assistant_message=words)
            return
        for block in blocks:
            if block.get("type") == "tool_use":
                self._calls[text_of(block, "id")] = block
                self._answer = _Answer()
        if words:
            self._answer = self._answer.with_words(words, message, self._at_ms)

    def _heard(self, record: Payload, message: Payload) -> Iterator[ReplayedCall]:
        content = message.get("content")
        results = [block for block in objects_of(message, "content") if block.get("type") == "tool_result"]
        if results:
            alone = record.get("toolUseResult") if len(results) == 1 else None
            for result in results:
                yield from self._result(record, result, alone)
            return
        prompt = content if isinstance(content, str) else _texts(objects_of(message, "content"))
        prompt = _typed(record, prompt)
        if not prompt or self._subagent_id or record.get("isSidechain"):
            return  # a subagent's task is in the call that began it
        yield from self._stop()
        # Clients of 2025 have no ids for prompts, only for records.
        self._prompt_id = text_of(record, "promptId") or text_of(record, "uuid")
        yield self._call("UserPromptSubmit", prompt=prompt)

    def _result(self, record: Payload, result: Payload, response: object) -> Iterator[ReplayedCall]:
        use_id = text_of(result, "tool_use_id")
        call = self._calls.pop(use_id, None)
        decision = object_of(record, "permissionDecision").get("decision", "accept")
        content = result.get("content")
        words = content if isinstance(content, str) else _texts(objects_of(result, "content"))
        failed = result.get("is_error") is True
        if call is None or decision != "accept" or (failed and words.startswith(_NOT_CALLED)):
            return
        tool: dict[str, Any] = {"tool_name": call.get("name"), "tool_input": call.get("input"), "tool_use_id": use_id}
        if failed:
            yield self._call("PostToolUseFailure", **tool, error=words)
        else:
            yield self._call("PostToolUse", **tool, tool_response=content if response is None else response)

    def _stop(self) -> Iterator[ReplayedCall]:
        answer, self._answer = self._answer, _Answer()
        if not answer.is_last:
            return
        if not self._subagent_id:
            yield self._call("Stop", answer.at_ms, last_assistant_message=answer.words, model=answer.model)
        elif self._subagent_type:
            yield self._call("SubagentStop", answer.at_ms, last_assistant_message=answer.words)

    def _call(self, hook: str, at_ms: int = 0, **fields: object) -> ReplayedCall:
        subagent = {"agent_id": self._subagent_id, "agent_type": self._subagent_type} if self._subagent_id else {}
        payload = {
            "hook_event_name": hook,
            "session_id": self._session_id,
            "cwd": self._cwd,
            "prompt_id": self._prompt_id,
            "permission_mode": self._mode,
            **subagent,
            **fields,
        }
        return ReplayedCall(payload, at_ms or self._at_ms, project=self._project, git_branch=self._branch)


class _Answer:
    """The assistant's last words of a turn, as far as they are read: one message comes in several records."""

    def __init__(self, words: str = "", message: Payload = _NO_MESSAGE, at_ms: int = 0) -> None:
        self.words = words
        self.at_ms = at_ms
        self.model = text_of(message, "model")
        self._message_id = text_of(message, "id")
        self._stop_reason = message.get("stop_reason")

    @property
    def is_last(self) -> bool:
        """Whether the turn ended with them. Older clients do not say why a message ended."""
        return bool(self.words) and self._stop_reason != "tool_use"

    def with_words(self, words: str, message: Payload, at_ms: int) -> _Answer:
        if self.words and text_of(message, "id") == self._message_id:
            words = f"{self.words}\n{words}"
        return _Answer(words, message, at_ms)


def _typed(record: Payload, prompt: str) -> str:
    """The prompt as the hook gets it; empty where nobody typed it."""
    if prompt.lstrip().startswith(_TASK_NOTIFICATION):
        return prompt
    if record.get("isMeta") or record.get("isCompactSummary") or record.get("isVisibleInTranscriptOnly"):
        return ""
    if command := _COMMAND.match(prompt):
        return f"{command[1]} {command[2] or ''}".rstrip()
    return "" if prompt.lstrip().startswith(_NOT_TYPED) else prompt


def _texts(blocks: Iterable[Payload]) -> str:
    return "\n".join(text_of(block, "text") for block in blocks if block.get("type") == "text")


def _subagent_type(path: Path) -> str:
    meta = path.with_suffix(".meta.json")
    with suppress(OSError, ValueError), meta.open("rb") as file:
        content = json.loads(file.read(_META_MAX_BYTES))
        return text_of(content, "agentType") if isinstance(content, dict) else ""
    return ""


def _is_own(record: Payload) -> bool:
    match record:
        case {"sessionId": str(), "type": "user" | "assistant", "message": {"content": _}}:
            return True
        case _:
            return False
