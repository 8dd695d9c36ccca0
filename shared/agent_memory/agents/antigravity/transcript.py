"""Antigravity's transcripts, `brain/CONVERSATION/.system_generated/logs/transcript_full.jsonl`: a line for each step.

Beside it is one in which long texts are cut short, `transcript.jsonl`; hooks name either of them. A step's number is
its id. One that runs is written again once it is done.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from agent_memory.agents.agent import Speaker, TranscriptHead
from agent_memory.agents.payload import Payload, at_ms_of, object_of, objects_of, text_of
from agent_memory.agents.replayed_call import ReplayedCall

FULL: Final = "transcript_full.jsonl"
_SHORT: Final = "transcript.jsonl"
# The conversation's folder is that far above its transcript.
_DEPTH: Final = 2
_TYPED: Final = ("USER_EXPLICIT", "")
# What the client puts around a prompt, and beside it.
_REQUEST: Final = re.compile(r"<USER_REQUEST>\n?(.*?)\n?</USER_REQUEST>", re.DOTALL)
_MODEL: Final = re.compile(r"`Model Selection` from .*? to (.*?)\.(?:\s|</|\Z)", re.DOTALL)
_SECOND_MS: Final = 1000
_FAILED: Final = ("ERROR", "FAILED", "CANCELLED", "CANCELED")


def recognises(head: TranscriptHead) -> bool:
    return head.has(_is_own)


def paths_of(speaker: Speaker) -> Iterator[str]:
    """The full one, whichever is named."""
    yield (
        speaker.transcript_path.removesuffix(_SHORT) + FULL
        if speaker.transcript_path.endswith("/" + _SHORT)
        else speaker.transcript_path
    )


class Steps:
    """Reads one transcript, from its beginning to its end."""

    def __init__(self, path: Path) -> None:
        folders = path.parts[: -1 - _DEPTH]
        self._session_id = folders[-1] if folders else path.stem
        self._model = ""
        self._at_ms = 0
        self._has_begun = False
        # Calls that wait for their results, in order: a result names no call.
        self._calls: list[Payload] = []

    def take(self, record: Payload) -> Iterator[ReplayedCall]:
        step, kind, source = record.get("step_index"), text_of(record, "type"), text_of(record, "source")
        status = text_of(record, "status")
        if not isinstance(step, int) or status in ("RUNNING", "PENDING"):
            return
        # Times are in seconds: steps of the same one stay in order.
        created_ms = at_ms_of(record, "created_at")
        self._at_ms = (
            self._at_ms + 1 if created_ms <= self._at_ms < created_ms + _SECOND_MS else created_ms or self._at_ms
        )
        if not self._has_begun:
            self._has_begun = True
            yield self._call("SessionStart", source="startup")
        content = _text(record.get("content"))
        if kind == "USER_INPUT" and source in _TYPED:
            yield from self._prompt(step, content)
        elif kind == "PLANNER_RESPONSE":
            yield from self._said(step, content, objects_of(record, "tool_calls"))
        elif source == "MODEL" and self._calls:
            yield self._result(step, content, status)

    def end(self) -> Iterator[ReplayedCall]:
        """Nothing more: each step shows what it is by itself."""
        return iter(())

    def _prompt(self, step: int, content: str) -> Iterator[ReplayedCall]:
        if chosen := _MODEL.search(content):
            self._model = chosen[1].strip()
        request = _REQUEST.search(content)
        prompt = request[1] if request else content
        if prompt.strip():
            yield self._call("UserPromptSubmit", prompt=prompt, message_id=str(step))

    def _said(self, step: int, content: str, calls: list[Payload]) -> Iterator[ReplayedCall]:
        self._calls = list(calls)
        if content.strip():
            # One that calls no tool is the last of its turn.
            hook = "AssistantMessage" if calls else "Stop"
            yield self._call(hook, last_assistant_message=content, message_id=str(step), model=self._model)

    def _result(self, step: int, content: str, status: str) -> ReplayedCall:
        call = self._calls.pop(0)
        name = text_of(call, "name").rpartition(":")[2]
        tool: dict[str, object] = {"tool_name": name, "tool_input": _arguments(call), "tool_use_id": f"step-{step}"}
        if status in _FAILED:
            return self._call("PostToolUseFailure", **tool, error=content)
        return self._call("PostToolUse", **tool, tool_response=content)

    def _call(self, hook: str, **fields: object) -> ReplayedCall:
        payload = {"hook_event_name": hook, "session_id": self._session_id, **fields}
        return ReplayedCall(payload, self._at_ms, is_unhooked=True)


def _arguments(call: Payload) -> Payload:
    """What the tool was given; texts are written as JSON there, once more."""
    given = {}
    for name, value in object_of(call, "args").items():
        if isinstance(value, str) and value.startswith('"'):
            with suppress(ValueError):
                value = json.loads(value)
        given["command" if name == "CommandLine" else name] = value
    return given


def _text(content: object) -> str:
    match content:
        case str():
            return content
        case {"text": str(text)}:
            return text
        case _:
            return ""


def _is_own(record: Payload) -> bool:
    match record:
        case {"step_index": int(), "source": str(), "type": str()}:
            return True
        case _:
            return False
