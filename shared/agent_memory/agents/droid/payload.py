"""Droid's payloads: Claude Code's, without the assistant's words and without the ids of tool calls.

Its session files have both, so what a turn and a tool brought comes from there; so does the prompt of a session without
a terminal, for which no hook is called.
"""

from __future__ import annotations

import re

from agent_memory.agents.agent import Evidence, SamplePrompt
from agent_memory.agents.payload import Payload, text_of

# Told by the session file, with what the payload lacks.
_READ_ON = ("PostToolUse", "Stop", "SubagentStop")
_EXITED = re.compile(r"\s*\[Process exited with code 0\]\Z")


def detect(payload: Payload) -> Evidence:
    return Evidence.OWN_FOLDER if "/.factory/" in text_of(payload, "transcript_path") else Evidence.NONE


def normalise(payload: Payload, event: str) -> Payload:
    common: dict[str, object] = {"hook_event_name": event, **payload}
    common.pop("CLAUDE_ENV_FILE", None)
    hook = text_of(common, "hook_event_name")
    if hook in _READ_ON and not payload.get("is_replayed"):
        common["hook_event_name"] = ""
    caller = text_of(payload, "calling_session_id")
    if hook == "SessionStart" and caller:
        common |= {
            "hook_event_name": "SubagentStart",
            "session_id": caller,
            "agent_id": payload.get("session_id"),
            "agent_type": "subagent",
            "message_id": payload.get("session_id"),
        }
    if isinstance(payload.get("tool_response"), str):
        common["tool_response"] = _EXITED.sub("", text_of(payload, "tool_response"))
    return common


def sample_prompt(sample: SamplePrompt) -> Payload:
    return {
        "session_id": sample.session_id,
        "transcript_path": str(sample.home / ".factory" / f"{sample.session_id}.jsonl"),
        "cwd": str(sample.folder),
        "hook_event_name": "UserPromptSubmit",
        "message_id": sample.session_id,
        "prompt": sample.text,
    }
