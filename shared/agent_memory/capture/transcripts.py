"""Transcripts: what an agent writes down itself, for what its hook leaves out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from agent_memory.capture import files
from agent_memory.capture.wire import HookCall, ToolCall, timestamp_ms

# A long answer and the bookkeeping after it; what is farther back belongs to something else.
TAIL_BYTES: Final = 1 << 20
# Copilot CLI calls its hook for a turn's end up to a tenth of a second before its transcript tells of it.
LATE_S: Final = 1.0
_LOOK_S: Final = 0.01
# An agent's own words about its user's model: there was none.
_NO_MODEL: Final = ("<synthetic>", "")


def completed(call: HookCall) -> HookCall:
    """The call, with what its agent doesn't tell hooks: the assistant's last words, the model, how a command went."""
    if call.hook == "Stop":
        tail = _turn(call)
        words = call.last_assistant_message
        if not words and call.agent == "copilot-cli":
            words = _last_words(tail, call.timestamp_ms)
        return replace(call, last_assistant_message=words, model=call.model or _model(tail))
    if call.agent == "codex" and call.tool is not None and call.tool.use_id and call.tool.success is None:
        tail = files.tail(call.transcript_path, TAIL_BYTES)
        return replace(call, tool=replace(call.tool, success=_success(tail, call.tool)))
    return call


def _turn(call: HookCall) -> bytes:
    """The transcript's end, with the end of this turn in it, which is waited for where it is only now being written."""
    tail = files.tail(call.transcript_path, TAIL_BYTES)
    if call.agent != "copilot-cli" or call.timestamp_ms is None:
        return tail
    # It writes down its own calls of hooks, too: this one, and before it what was said last.
    written, begun_s = str(call.timestamp_ms).encode(), time.time()
    late_s = min(begun_s, call.timestamp_ms / 1000) + LATE_S
    while written not in tail and time.time() < late_s:
        time.sleep(_LOOK_S)
        tail = files.tail(call.transcript_path, TAIL_BYTES)
    return tail


def _last_words(tail: bytes, until_ms: int | None) -> str:
    """The last thing the assistant said in these lines, up to that moment: an envelope can be read long afterwards."""
    for record in _newest_first(tail, b'"'):
        match record:
            case {"type": "user.message", "timestamp": said_at} if _is_before(said_at, until_ms):
                return ""  # the turn began here, and nothing was said since
            case {"type": "assistant.message", "timestamp": said_at, "data": {"content": str(words)}}:
                if words.strip() and _is_before(said_at, until_ms):
                    return words
    return ""


def _model(tail: bytes) -> str:
    """The model that said the last of these lines; empty where they don't tell."""
    for record in _newest_first(tail, b'"model"'):
        match record:
            case (
                {"type": "assistant", "message": {"model": str(model)}}
                | {"type": "gemini", "model": str(model)}
                | {"type": "assistant.message", "data": {"model": str(model)}}
            ) if model not in _NO_MODEL:
                return model
    return ""


def _success(tail: bytes, tool: ToolCall) -> bool | None:
    """Whether the command of this call ended with 0; None where that is not written down yet."""
    for record in _newest_first(tail, tool.use_id.encode()):
        match record:
            case {"payload": {"item": {"type": "CommandExecution", "id": tool.use_id, "exit_code": int(code)}}}:
                return code == 0
    return None


def _newest_first(tail: bytes, needle: bytes) -> Iterator[object]:
    """The records of these lines that have the needle in them, the last one first."""
    end = len(tail)
    while (at := tail.rfind(needle, 0, end)) >= 0:
        begin, end = tail.rfind(b"\n", 0, at) + 1, tail.find(b"\n", at, end)
        line = tail[begin : end if end >= 0 else None]
        end = begin
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            continue  # torn at the beginning of the tail, or being written


def _is_before(said_at: object, until_ms: int | None) -> bool:
    said_ms = timestamp_ms(said_at)
    return said_ms is None or until_ms is None or said_ms <= until_ms
