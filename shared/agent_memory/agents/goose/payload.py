"""Goose's payloads: an event, and what it matched its hooks against."""

from __future__ import annotations

from agent_memory.agents.agent import Evidence, SamplePrompt
from agent_memory.agents.payload import Payload, parts_text, text_of


def detect(payload: Payload) -> Evidence:
    return Evidence.OWN_FIELDS if {"event", "session_id", "matcher_context"} <= payload.keys() else Evidence.NONE


def normalise(payload: Payload, event: str) -> Payload:
    hook = text_of(payload, "event") or event
    folder = text_of(payload, "working_dir")
    common: dict[str, object] = {
        "hook_event_name": hook,
        "session_id": payload.get("session_id"),
        "cwd": folder,
        "project": folder,
        "last_assistant_message": payload.get("last_assistant_message"),
        "timestamp": payload.get("timestamp"),
    }
    match hook:
        case "SessionStart":
            common["source"] = "startup"
        case "UserPromptSubmit":
            common["prompt"] = payload.get("message")
        case "PostToolUse" | "PostToolUseFailure":
            output = payload.get("tool_output")
            is_failure = hook == "PostToolUseFailure"
            common |= {
                "tool_name": payload.get("tool_name"),
                "tool_use_id": payload.get("tool_call_id"),
                "tool_input": payload.get("tool_input"),
                "tool_response": _shown(output),
                "error": _shown(output) or text_of(payload, "message") if is_failure else "",
                "tool_success": not is_failure,
            }
    return common


def sample_prompt(sample: SamplePrompt) -> Payload:
    return {
        "event": "UserPromptSubmit",
        "session_id": sample.session_id,
        "matcher_context": sample.text,
        "message": sample.text,
        "working_dir": str(sample.folder),
    }


def _shown(output: object) -> object:
    """A result's text, where it is one of the kinds that have one."""
    if isinstance(output, dict) and isinstance(output.get("content"), list):
        return parts_text(output["content"])
    return parts_text(output) if isinstance(output, list) else output
