"""Cursor's payloads: a conversation, and in it a generation for each prompt.

It also runs the hooks in Claude Code's settings, under Claude Code's names; each of its payloads says that it is
Cursor's.
"""

from __future__ import annotations

from contextlib import suppress

from agent_memory.agents.agent import Evidence, SamplePrompt
from agent_memory.agents.payload import Payload, decoded, first_text_of, text_of
from agent_memory.errors import InvalidEvent

_HOOKS = {
    "sessionStart": "SessionStart",
    "sessionEnd": "SessionEnd",
    "beforeSubmitPrompt": "UserPromptSubmit",
    "preToolUse": "PreToolUse",
    "postToolUse": "PostToolUse",
    "postToolUseFailure": "PostToolUseFailure",
    "afterAgentResponse": "AssistantMessage",
    "subagentStart": "SubagentStart",
    "subagentStop": "SubagentStop",
    "stop": "Stop",
}
# The same is told once more by the hook of the tool, or is none of the conversation.
_NOTHING_NEW = (
    "preCompact",
    "afterAgentThought",
    "beforeReadFile",
    "beforeTabFileRead",
    "afterTabFileEdit",
    "afterFileEdit",
    "beforeShellExecution",
    "afterShellExecution",
    "beforeMCPExecution",
    "afterMCPExecution",
)
_OWN = ("cursor_version", "conversation_id", "generation_id")
_BADLY = ("aborted", "error")


def detect(payload: Payload) -> Evidence:
    if "cursor_version" in payload or {"conversation_id", "generation_id"} <= payload.keys():
        return Evidence.OWN_FIELDS
    return Evidence.OWN_FOLDER if "/.cursor/" in text_of(payload, "transcript_path") else Evidence.NONE


def normalise(payload: Payload, event: str) -> Payload:
    named = text_of(payload, "hook_event_name") or event
    hook = _HOOKS.get(named, named)
    common: dict[str, object] = {name: value for name, value in payload.items() if name not in _OWN}
    root = first_text_of(payload, "workspace_roots")
    common |= {
        "hook_event_name": "" if named in _NOTHING_NEW else hook,
        "session_id": payload.get("conversation_id") or payload.get("session_id"),
        "prompt_id": payload.get("generation_id"),
        "project": root,
        "cwd": text_of(payload, "cwd") or root,
    }
    # A person's address is nobody's business, and these are the same in each call.
    for name in ("user_email", "workspace_roots", "attachments"):
        common.pop(name, None)
    match hook:
        case "SessionStart":
            common |= {"source": "startup", "prompt_id": ""}
        case "SessionEnd":
            common["prompt_id"] = ""
        case "AssistantMessage":
            common["last_assistant_message"] = payload.get("text")
        case "PostToolUse" | "PostToolUseFailure":
            common |= _tool(payload)
        case "Stop" if payload.get("status") in _BADLY:
            common |= {
                "hook_event_name": "StopFailure",
                "error": text_of(payload, "error_message") or f"ended: {payload['status']}",
            }
        case "SubagentStart" | "SubagentStop":
            common |= {
                "agent_id": text_of(payload, "subagent_id") or text_of(payload, "tool_call_id"),
                "agent_type": text_of(payload, "subagent_type") or "subagent",
                "last_assistant_message": text_of(payload, "summary") or text_of(payload, "result"),
            }
    return common


def sample_prompt(sample: SamplePrompt) -> Payload:
    return {
        "conversation_id": sample.session_id,
        "generation_id": sample.session_id,
        "hook_event_name": "beforeSubmitPrompt",
        "cursor_version": "0",
        "workspace_roots": [str(sample.folder)],
        "prompt": sample.text,
    }


def _tool(payload: Payload) -> dict[str, object]:
    """A result comes as a text that is JSON."""
    output = payload.get("tool_output", payload.get("tool_response"))
    if isinstance(output, str) and output.startswith("{"):
        with suppress(InvalidEvent):
            output = decoded(output.encode())
    exit_code = None
    if isinstance(output, dict):
        exit_code = output.get("exitCode")
        said = "\n".join(filter(None, (text_of(output, name) for name in ("output", "stdout", "stderr"))))
        output = said or output
    error = text_of(payload, "error_message") or text_of(payload, "error")
    return {"tool_response": output, "error": error, "tool_success": not error and exit_code in (None, 0)}
