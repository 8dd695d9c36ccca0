"""Antigravity's payloads: where the conversation and its transcript are, and nothing of what was said."""

from __future__ import annotations

from agent_memory.agents.agent import Evidence, SamplePrompt
from agent_memory.agents.payload import Payload, first_text_of, text_of

# By these nothing is told that the transcript does not tell with more of it.
_READ_ON = ("PreInvocation", "PostInvocation", "PreToolUse", "PostToolUse", "Stop")


def detect(payload: Payload) -> Evidence:
    if {"conversationId", "transcriptPath"} <= payload.keys():
        return Evidence.OWN_FIELDS
    return Evidence.OWN_FOLDER if "/.gemini/antigravity" in text_of(payload, "transcript_path") else Evidence.NONE


def normalise(payload: Payload, event: str) -> Payload:
    hook = text_of(payload, "hook_event_name") or event
    if "conversationId" not in payload:
        return {**payload, "hook_event_name": hook}  # as the transcript's reader makes it
    folder = first_text_of(payload, "workspacePaths")
    return {
        "hook_event_name": "" if hook in _READ_ON else hook,
        "session_id": payload.get("conversationId"),
        "transcript_path": payload.get("transcriptPath"),
        "cwd": folder,
        "project": folder,
        "model": payload.get("modelName"),
        "source": "startup",
        "prompt": payload.get("prompt"),
        "message_id": payload.get("messageId"),
    }


def sample_prompt(sample: SamplePrompt) -> Payload:
    return {
        "conversationId": sample.session_id,
        "transcriptPath": str(sample.home / ".gemini" / "antigravity-cli" / sample.session_id),
        "workspacePaths": [str(sample.folder)],
        "messageId": sample.session_id,
        "prompt": sample.text,
    }
