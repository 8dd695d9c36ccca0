"""Qwen Code's chats: a line for each message and each tool's result, among the client's own records.

A session is `projects/FOLDER/chats/SESSION.jsonl`, each of its subagents
`projects/FOLDER/subagents/SESSION/agent-ID.jsonl`. A record has another time than the call of its hook; the import
finds the event that the two share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agent_memory.agents.agent import Speaker, TranscriptHead
from agent_memory.agents.payload import Payload, at_ms_of, object_of, objects_of, text_of
from agent_memory.agents.replayed_call import ReplayedCall
from agent_memory.agents.tails import newest_first

# What the client and hooks put before and behind a prompt.
_NOT_TYPED: Final = ("<system-reminder>", "<qwen:")
# Records of a user's that a user wrote; the other subtypes are the client's.
_TYPED: Final = ("", "mid_turn_user_message")
_REFUSED: Final = "refused by the user"


def recognises(head: TranscriptHead) -> bool:
    return head.has(_is_own)


def model_in(tail: bytes) -> str:
    """The model that wrote the last message in these lines."""
    for record in newest_first(tail, b'"model"'):
        match record:
            case {"type": "assistant", "model": str(model)} if model:
                return model
    return ""


def paths_of(speaker: Speaker) -> Iterator[str]:
    """The session's chat; a subagent has its own, in a folder beside those of the chats."""
    yield speaker.transcript_path
    chat = Path(speaker.transcript_path)
    if speaker.subagent_id and "/" not in speaker.subagent_id:
        yield str(chat.parent.parent / "subagents" / chat.stem / f"agent-{speaker.subagent_id}.jsonl")


class Chat:
    """Reads one chat, from its beginning to its end."""

    def __init__(self, _path: Path) -> None:
        self._session_id = self._subagent_id = self._subagent_type = self._cwd = ""
        self._is_fork = False
        self._at_ms = 0
        # Calls that wait for their results, by id.
        self._calls: dict[str, Payload] = {}
        # A subagent's last words, unless it has called a tool since.
        self._words: _Words | None = None

    def take(self, record: Payload) -> Iterator[ReplayedCall]:
        if "forkedFrom" in record:
            self._is_fork = True  # a copy from the session that this one was forked from
            return
        kind, message = text_of(record, "type"), object_of(record, "message")
        if kind not in ("user", "assistant", "tool_result"):
            return
        self._at_ms = at_ms_of(record) or self._at_ms
        self._cwd = text_of(record, "cwd") or self._cwd
        if not self._session_id:
            yield from self._start(record)
        match kind:
            case "user":
                yield from self._user_message(record, message)
            case "assistant":
                yield from self._assistant_message(record, message)
            case _:
                yield from self._results(record, message)

    def end(self) -> Iterator[ReplayedCall]:
        """A subagent's end, unless it is still at work."""
        last, self._words = self._words, None
        if last is not None:
            yield self._call("SubagentStop", last.at_ms, last_assistant_message=last.text)

    def _start(self, record: Payload) -> Iterator[ReplayedCall]:
        self._session_id = text_of(record, "sessionId")
        self._subagent_id, self._subagent_type = text_of(record, "agentId"), text_of(record, "agentName")
        if self._subagent_id:
            yield self._call("SubagentStart")
        else:
            yield self._call("SessionStart", source="resume" if self._is_fork else "startup")

    def _user_message(self, record: Payload, message: Payload) -> Iterator[ReplayedCall]:
        if self._subagent_id:
            yield from self.end()  # it was given another task
        elif text_of(record, "subtype") in _TYPED:
            prompt = "".join(text for text in _texts(message) if not text.startswith(_NOT_TYPED))
            if prompt:
                yield self._call("UserPromptSubmit", prompt=prompt)

    def _assistant_message(self, record: Payload, message: Payload) -> Iterator[ReplayedCall]:
        calls = [call for part in objects_of(message, "parts") if (call := object_of(part, "functionCall"))]
        self._calls |= {text_of(call, "id"): call for call in calls}
        text = "".join(_texts(message))
        words = _Words(text, text_of(record, "uuid"), self._at_ms) if text.strip() else None
        model = text_of(record, "model")
        if self._words is not None:
            yield self._said(self._words, model)
            self._words = None
        if words is not None and calls:
            yield self._said(words, model)
        elif words is not None and self._subagent_id:
            self._words = words
        elif words is not None:
            yield self._call("Stop", last_assistant_message=text, model=model)

    def _said(self, words: _Words, model: str) -> ReplayedCall:
        """Words that are not the last of a turn."""
        return self._call(
            "AssistantMessage",
            words.at_ms,
            last_assistant_message=words.text,
            message_id=words.record_id,
            model=model,
            is_unhooked=True,
        )

    def _results(self, record: Payload, message: Payload) -> Iterator[ReplayedCall]:
        result = object_of(record, "toolCallResult")
        responses = [object_of(part, "functionResponse") for part in objects_of(message, "parts")]
        for response in responses:
            call_id = text_of(response, "id")
            call = self._calls.pop(call_id, None)
            if call is None:
                continue
            tool: dict[str, Any] = {"tool_name": call.get("name"), "tool_input": call.get("args")}
            output = object_of(response, "response")
            if _was_not_made(result):
                error = text_of(output, "error") or _REFUSED
                tool |= {"tool_call_id": call_id, "error": error}
                yield self._call("PostToolUseFailure", is_unhooked=True, **tool)
                continue
            if "provenance" in record or self._subagent_id:  # hooks of early versions do not get the id
                tool["tool_call_id"] = call_id
            if "error" in output:
                yield self._call("PostToolUseFailure", **tool, error=output["error"])
            else:
                yield self._call("PostToolUse", **tool, tool_response={"llmContent": output.get("output")})

    def _call(self, hook: str, at_ms: int = 0, *, is_unhooked: bool = False, **fields: object) -> ReplayedCall:
        at_ms = at_ms or self._at_ms
        subagent = {"agent_id": self._subagent_id, "agent_type": self._subagent_type} if self._subagent_id else {}
        payload = {
            "hook_event_name": hook,
            "session_id": self._session_id,
            "cwd": self._cwd,
            "timestamp": at_ms,
            **subagent,
            **fields,
        }
        return ReplayedCall(payload, at_ms, project=self._cwd, is_unhooked=is_unhooked)


@dataclass(frozen=True, slots=True)
class _Words:
    """A text of the assistant's."""

    text: str
    record_id: str
    at_ms: int


def _texts(message: Payload) -> list[str]:
    """The texts of a message, without the model's thoughts."""
    return [text_of(part, "text") for part in objects_of(message, "parts") if not part.get("thought")]


def _was_not_made(result: Payload) -> bool:
    """Whether the call was refused or has no such tool: no hook was called for it."""
    return (
        text_of(result, "status") == "cancelled"
        or text_of(result, "executionStatus") == "not_started"
        or text_of(result, "errorType") == "tool_not_registered"
    )


def _is_own(record: Payload) -> bool:
    match record:
        case {"sessionId": str(), "uuid": str(), "type": "user" | "assistant", "message": {"parts": list()}}:
            return True
        case _:
            return False
