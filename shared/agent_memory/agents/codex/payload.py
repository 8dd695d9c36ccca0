"""Codex's payloads: nearly Claude Code's."""

from __future__ import annotations

import re

from agent_memory.agents.agent import Evidence, SamplePrompt
from agent_memory.agents.payload import Payload, text_of

_EXIT = re.compile(r"\AExit code: (\d+)$", re.MULTILINE)
# What it tells its `notify` program, where that is our hook: the hook of a turn's end has the same and more.
_OF_NOTIFICATION = "thread-id"


def detect(payload: Payload) -> Evidence:
    if _OF_NOTIFICATION in payload:
        return Evidence.OWN_FIELDS
    if "/.codex/" in text_of(payload, "transcript_path"):
        return Evidence.OWN_FOLDER
    return Evidence.FIELDS_FIT if "turn_id" in payload and "prompt_id" not in payload else Evidence.NONE


def normalise(payload: Payload, event: str) -> Payload:
    """A tool's result is a text, which has an exit code only for patches."""
    common = {"hook_event_name": event, **payload}
    response = payload.get("tool_response")
    if "exit_code" in payload:  # its transcripts know, its hooks don't
        common["tool_success"] = payload["exit_code"] == 0
    elif isinstance(response, str):
        exit_code = _EXIT.match(response)
        common["tool_success"] = exit_code[1] == "0" if exit_code else None
    if _OF_NOTIFICATION in payload:
        common["hook_event_name"] = ""
    if common["hook_event_name"] == "Interrupt":
        common |= {"hook_event_name": "StopFailure", "error": "interrupted by the user"}
    return common


def sample_prompt(sample: SamplePrompt) -> Payload:
    return {
        "session_id": sample.session_id,
        "transcript_path": str(sample.home / ".codex" / f"{sample.session_id}.jsonl"),
        "cwd": str(sample.folder),
        "hook_event_name": "UserPromptSubmit",
        "turn_id": sample.session_id,
        "prompt": sample.text,
    }
