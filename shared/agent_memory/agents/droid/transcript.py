"""Droid's session files, `sessions/FOLDER/SESSION.jsonl`: a line for each message, whose id hooks name too.

A subagent's session has a file of its own, which names its caller. A fork's file begins with the messages of the
session that it was forked from, under their ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from agent_memory.agents.agent import TranscriptHead
from agent_memory.agents.payload import Payload, at_ms_of, object_of, objects_of, parts_text, text_of
from agent_memory.agents.replayed_call import ReplayedCall

# What the client puts before a session's first prompt.
_CONTEXT_ID: Final = "context-"
_REMINDER: Final = "<system-reminder>"
# Why a turn ended that ended well; and what others ended by, where it is not clear from the name.
_WELL: Final = ("", "completed", "spec_handoff")
_BADLY: Final = {"cancelled": "interrupted by the user", "permission_rejected": "refused by the user"}


def recognises(head: TranscriptHead) -> bool:
    return head.has(_is_own)


class Session:
    """Reads one file, from its beginning to its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._session_id = self._subagent_id = self._cwd = ""
        # The last message that a fork has from another session; empty behind it.
        self._copied_to = ""
        self._at_ms = 0
        self._begun: Payload | None = None
        # Calls that wait for their results, by id.
        self._calls: dict[str, Payload] = {}

    def take(self, record: Payload) -> Iterator[ReplayedCall]:
        match record.get("type"):
            case "session_start":
                self._begin(record)
            case "agent_turn_outcome" if not self._copied_to:
                yield from self._turn_ended(record)
            case "compaction_state" if not self._copied_to and (summary := text_of(record, "summaryText")):
                self._at_ms = at_ms_of(record) or self._at_ms
                record_id = text_of(record, "id")
                yield self._call("PostCompact", compact_summary=summary, message_id=record_id, is_unhooked=True)
            case "message" if self._copied_to:
                if record.get("id") == self._copied_to:
                    self._copied_to = ""
            case "message":
                yield from self._message(record)

    def end(self) -> Iterator[ReplayedCall]:
        """Nothing more: each message shows what it is by itself."""
        return iter(())

    def _begin(self, record: Payload) -> None:
        self._session_id, self._cwd = text_of(record, "id"), text_of(record, "cwd")
        if caller := text_of(record, "callingSessionId"):
            self._session_id, self._subagent_id = caller, self._session_id
        parent = text_of(record, "parent")
        if parent and "/" not in parent and self._path.with_name(f"{parent}.jsonl").exists():
            self._copied_to = text_of(record, "forkedAtMessageId")
        self._begun = record

    def _message(self, record: Payload) -> Iterator[ReplayedCall]:
        message = object_of(record, "message")
        if "hookEventName" in message:
            return  # what it notes of hooks, ours among them
        self._at_ms = at_ms_of(record) or self._at_ms
        if self._begun is not None:
            yield self._start(self._begun)
            self._begun = None
        if message.get("role") == "assistant":
            yield from self._said(record, message)
        else:
            yield from self._heard(record, message)

    def _start(self, record: Payload) -> ReplayedCall:
        if self._subagent_id:
            return self._call("SubagentStart", message_id=self._subagent_id)
        return self._call("SessionStart", source="fork" if record.get("parent") else "startup")

    def _said(self, record: Payload, message: Payload) -> Iterator[ReplayedCall]:
        blocks = objects_of(message, "content")
        text = "\n".join(text_of(block, "text") for block in blocks if block.get("type") == "text")
        calls = {text_of(block, "id"): block for block in blocks if block.get("type") == "tool_use"}
        self._calls |= calls
        if not text.strip():
            return
        # A message that calls no tool is the last of its turn.
        stop = "SubagentStop" if self._subagent_id else "Stop"
        yield self._call(
            "AssistantMessage" if calls else stop,
            last_assistant_message=text,
            message_id=text_of(record, "id"),
            model=text_of(message, "modelId"),
            is_unhooked=True,
        )

    def _heard(self, record: Payload, message: Payload) -> Iterator[ReplayedCall]:
        results = [block for block in objects_of(message, "content") if block.get("type") == "tool_result"]
        for result in results:
            yield from self._result(result)
        record_id, text = text_of(record, "id"), parts_text(message.get("content"))
        is_seen = text_of(message, "visibility") in ("", "both")
        if results or not is_seen or record_id.startswith(_CONTEXT_ID) or text.lstrip().startswith(_REMINDER):
            return
        if text.strip():
            yield self._call("UserPromptSubmit", prompt=text, message_id=record_id, is_unhooked=True)

    def _result(self, result: Payload) -> Iterator[ReplayedCall]:
        use_id = text_of(result, "tool_use_id")
        call = self._calls.pop(use_id, None)
        if call is None:
            return
        tool: dict[str, Any] = {"tool_name": call.get("name"), "tool_input": call.get("input"), "tool_use_id": use_id}
        text = parts_text(result.get("content"))
        if result.get("is_error") is True:
            yield self._call("PostToolUseFailure", **tool, error=text, is_unhooked=True)
        else:
            yield self._call("PostToolUse", **tool, tool_response=text, is_unhooked=True)

    def _turn_ended(self, record: Payload) -> Iterator[ReplayedCall]:
        reason = text_of(record, "reason")
        if reason not in _WELL:
            error = _BADLY.get(reason, reason.replace("_", " "))
            yield self._call("StopFailure", error=error, message_id=text_of(record, "turnId"), is_unhooked=True)

    def _call(self, hook: str, *, is_unhooked: bool = False, **fields: object) -> ReplayedCall:
        subagent = {"agent_id": self._subagent_id, "agent_type": "subagent"} if self._subagent_id else {}
        payload = {
            "hook_event_name": hook,
            "session_id": self._session_id,
            "cwd": self._cwd,
            "is_replayed": True,
            **subagent,
            **fields,
        }
        return ReplayedCall(payload, self._at_ms, project=self._cwd, is_unhooked=is_unhooked)


def _is_own(record: Payload) -> bool:
    match record:
        case {"type": "session_start", "id": str(), "cwd": str(), "version": int()}:
            return True
        case _:
            return False
