"""Copilot CLI's payloads: names in camel case, results in a wrapper.

It also runs the hooks that were set up for Claude Code, with payloads that look like Claude Code's.
"""

from __future__ import annotations

import re

from agent_memory.agents.agent import Evidence, SamplePrompt
from agent_memory.agents.payload import Payload, text_of

_EXIT = re.compile(r"exit code (\d+)>\s*\Z")
_HOOKS = {
    "sessionStart": "SessionStart",
    "sessionEnd": "SessionEnd",
    "userPromptSubmitted": "UserPromptSubmit",
    "preToolUse": "PreToolUse",
    "postToolUse": "PostToolUse",
    "postToolUseFailure": "PostToolUseFailure",
    "agentStop": "Stop",
    "errorOccurred": "StopFailure",
    "subagentStart": "SubagentStart",
    "subagentStop": "SubagentStop",
}
_FIELDS = {
    "sessionId": "session_id",
    "transcriptPath": "transcript_path",
    "toolName": "tool_name",
    "toolArgs": "tool_input",
    "toolInput": "tool_input",
    "agentId": "agent_id",
    "agentType": "agent_type",
    "response": "last_assistant_message",
    "hookName": "hook_event_name",
}
# Payloads that don't name their hook, by a field that only they have; the first that fits.
_HOOKS_BY_FIELD = (
    ("stopReason", "agentStop"),
    ("initialPrompt", "sessionStart"),
    ("toolResult", "postToolUse"),
    ("errorContext", "errorOccurred"),
    ("reason", "sessionEnd"),
    ("agentName", "subagentStart"),
    ("prompt", "userPromptSubmitted"),
    ("source", "sessionStart"),
)


def detect(payload: Payload) -> Evidence:
    if "sessionId" in payload or "tool_result" in payload:
        return Evidence.OWN_FIELDS
    if "/.copilot/" in text_of(payload, "transcript_path"):
        return Evidence.OWN_FOLDER
    is_alike = {"cwd", "timestamp"} <= payload.keys() and not {"prompt_id", "transcript_path"} & payload.keys()
    return Evidence.FIELDS_FIT if is_alike else Evidence.NONE


def normalise(payload: Payload, event: str) -> Payload:
    """A subagent is a session of its own that names its parent."""
    common: dict[str, object] = {_FIELDS.get(name, name): value for name, value in payload.items()}
    hook = text_of(common, "hook_event_name") or event or _hook_of(payload)
    common["hook_event_name"] = _HOOKS.get(hook, hook)
    if common["hook_event_name"] in ("permissionRequest", "PermissionRequest"):
        common["hook_event_name"] = ""  # it comes even where everything is allowed
    parent = payload.get("parentAgentId")
    if parent and payload.get("sessionId") == payload.get("agentId"):
        common["session_id"] = parent
    if common["hook_event_name"] == "Stop" and common.get("agent_id"):
        common["hook_event_name"] = ""  # the subagent's stop comes next, and has the words
    result = payload.get("toolResult", payload.get("tool_result"))
    if isinstance(result, dict):
        text = text_of(result, "textResultForLlm") or text_of(result, "text_result_for_llm")
        kind = text_of(result, "resultType") or text_of(result, "result_type")
        exit_code = _EXIT.search(text)
        common["tool_response"] = text
        common["tool_success"] = kind in ("", "success") and (exit_code is None or exit_code[1] == "0")
    error = payload.get("error")
    if isinstance(error, dict):
        common["error"] = text_of(error, "message") or text_of(error, "name")
    return common


def sample_prompt(sample: SamplePrompt) -> Payload:
    return {
        "sessionId": sample.session_id,
        "timestamp": int(sample.at.timestamp() * 1000),
        "cwd": str(sample.folder),
        "prompt": sample.text,
    }


def _hook_of(payload: Payload) -> str:
    if "response" in payload:
        return "subagentStop"
    if "toolName" in payload and "error" in payload:
        return "postToolUseFailure"
    return next((hook for field, hook in _HOOKS_BY_FIELD if field in payload), "")
