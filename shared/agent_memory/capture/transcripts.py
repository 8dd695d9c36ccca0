"""Transcripts: what an agent writes down itself, for the words that its hook leaves out."""

from __future__ import annotations

import json
from dataclasses import replace

from agent_memory.capture import files
from agent_memory.capture.wire import HookCall, timestamp_ms

# A long answer and the bookkeeping after it; what is farther back belongs to something else.
TAIL_BYTES = 1 << 20


def completed(call: HookCall) -> HookCall:
    """The call, with the assistant's last words from the transcript where an agent that stops doesn't say them."""
    if call.agent != "copilot-cli" or call.hook != "Stop" or call.last_assistant_message:
        return call
    tail = files.tail(call.transcript_path, TAIL_BYTES)
    return replace(call, last_assistant_message=_last_words(tail, call.timestamp_ms))


def _last_words(tail: bytes, until_ms: int | None) -> str:
    """The last thing the assistant said in these lines, up to that moment: a letter can be read long afterwards."""
    for line in reversed(tail.split(b"\n")):
        match _parsed(line):
            case {"type": "user.message", "timestamp": said_at} if _is_before(said_at, until_ms):
                return ""  # the turn began here, and nothing was said since
            case {"type": "assistant.message", "timestamp": said_at, "data": {"content": str(words)}}:
                if words.strip() and _is_before(said_at, until_ms):
                    return words
    return ""


def _is_before(said_at: object, until_ms: int | None) -> bool:
    said_ms = timestamp_ms(said_at)
    return said_ms is None or until_ms is None or said_ms <= until_ms


def _parsed(line: bytes) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None  # torn at the beginning of the tail, or being written
