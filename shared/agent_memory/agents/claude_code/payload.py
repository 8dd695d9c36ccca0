"""Claude Code's payloads. All others are put into their terms."""

from __future__ import annotations

from agent_memory.agents.agent import Evidence, SamplePrompt
from agent_memory.agents.payload import Payload, text_of


def detect(payload: Payload) -> Evidence:
    return Evidence.OWN_FOLDER if "/.claude/" in text_of(payload, "transcript_path") else Evidence.NONE


def normalise(payload: Payload, event: str) -> Payload:
    """The payload as it is, with the event's name where that is missing."""
    return {"hook_event_name": event, **payload}


def sample_prompt(sample: SamplePrompt) -> Payload:
    return {
        "session_id": sample.session_id,
        "transcript_path": str(sample.home / ".claude" / f"{sample.session_id}.jsonl"),
        "cwd": str(sample.folder),
        "hook_event_name": "UserPromptSubmit",
        "prompt_id": sample.session_id,
        "prompt": sample.text,
    }
