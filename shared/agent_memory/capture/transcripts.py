"""Transcripts: what an agent writes down itself, for what its hook's payload leaves out."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from agent_memory.agents import registry
from agent_memory.agents.agent import Tail
from agent_memory.capture import files
from agent_memory.capture.wire import HookCall

# A long answer and the bookkeeping after it; what is farther back belongs to something else.
TAIL_BYTES: Final = 1 << 20
_POLL_S: Final = 0.01


def with_transcript(call: HookCall) -> HookCall:
    """The call with the assistant's last words, the model and a command's success, where the payload lacks them."""
    if call.hook == "Stop":
        tail = registry.named(call.agent).tail
        end = _end_of_turn(call, tail)
        words = call.last_assistant_message
        words = tail.last_words_of(end, words) if words else tail.last_words(end, call.timestamp_ms)
        return replace(call, last_assistant_message=words, model=call.model or tail.model(end))
    if call.tool is None or not call.tool.use_id or call.tool.success is not None:
        return call
    tail = registry.named(call.agent).tail
    if tail.has_success:
        success = tail.success(files.tail(call.transcript_path, TAIL_BYTES), call.tool.use_id)
        return replace(call, tool=replace(call.tool, success=success))
    return call


def _end_of_turn(call: HookCall, tail: Tail) -> bytes:
    """The transcript's end. Where that may be late, it is waited for."""
    end = files.tail(call.transcript_path, TAIL_BYTES)
    if not tail.late_s or call.timestamp_ms is None:
        return end
    # Such an agent records its own hook calls too: this one, and before it the assistant's last message.
    recorded, begun_s = str(call.timestamp_ms).encode(), time.time()
    until_s = min(begun_s, call.timestamp_ms / 1000) + tail.late_s
    while recorded not in end and time.time() < until_s:
        time.sleep(_POLL_S)
        end = files.tail(call.transcript_path, TAIL_BYTES)
    return end
