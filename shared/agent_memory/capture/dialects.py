"""Dialects: each agent's payload, said in Claude Code's words, so that everything behind knows one language.

A dialect passes on what it does not know under its own name; what becomes of it is decided in `events`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Payload = Mapping[str, object]

# An agent's own mark around what a hook put before the prompt.
_HOOK_CONTEXT = re.compile(r"\A\s*<hook_context>.*?</hook_context>\s*", re.DOTALL)
_UNTRUSTED = re.compile(r"\A<untrusted_context>\n?(.*?)\n?</untrusted_context>\Z", re.DOTALL)
# Of no use to anybody once the command is over.
_GEMINI_PGID = re.compile(r"\nProcess Group PGID: \d+\Z")
_GEMINI_EXIT = re.compile(r"^Exit Code: (\d+)$", re.MULTILINE)
_COPILOT_EXIT = re.compile(r"exit code (\d+)>\s*\Z")
_CODEX_EXIT = re.compile(r"\AExit code: (\d+)$", re.MULTILINE)

# Told better by another hook.
_NOTHING = ""
_GEMINI_HOOKS = {"BeforeAgent": "UserPromptSubmit", "AfterAgent": "Stop", "AfterTool": "PostToolUse"}
_COPILOT_HOOKS = {
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
_COPILOT_FIELDS = {
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
# Payloads that don't name their hook, by what only they have; the first that fits.
_COPILOT_TELLING = (
    ("stopReason", "agentStop"),
    ("initialPrompt", "sessionStart"),
    ("toolResult", "postToolUse"),
    ("errorContext", "errorOccurred"),
    ("reason", "sessionEnd"),
    ("agentName", "subagentStart"),
    ("prompt", "userPromptSubmitted"),
    ("source", "sessionStart"),
)


def claude_code(payload: Payload, event: str) -> Payload:
    """Claude Code's words are the ones everything else is said in; the event's name is added where it is missing."""
    return {"hook_event_name": event, **payload}


def codex(payload: Payload, event: str) -> Payload:
    """Nearly the same words; a tool's result is a text, which tells its exit code only for patches."""
    told = {"hook_event_name": event, **payload}
    response = payload.get("tool_response")
    if "exit_code" in payload:  # its transcripts know, its hooks don't
        told["tool_success"] = payload["exit_code"] == 0
    elif isinstance(response, str):
        exit_code = _CODEX_EXIT.match(response)
        told["tool_success"] = exit_code[1] == "0" if exit_code else None
    if told["hook_event_name"] == "Interrupt":
        told |= {"hook_event_name": "StopFailure", "error": "interrupted by the user"}
    return told


def gemini_cli(payload: Payload, event: str) -> Payload:
    """Agents are begun and ended where others prompt and stop; a subagent is a tool."""
    hook = _text(payload, "hook_event_name") or event
    told: dict[str, object] = {**payload, "hook_event_name": _GEMINI_HOOKS.get(hook, hook)}
    match hook:
        case "BeforeAgent":
            told["prompt"] = _HOOK_CONTEXT.sub("", _text(payload, "prompt"))
        case "AfterAgent":
            told["last_assistant_message"] = payload.get("prompt_response")
        case "AfterTool":
            text, failed = _gemini_result(payload.get("tool_response"))
            told |= {"tool_response": text, "tool_success": not failed}
    if payload.get("tool_name") == "invoke_agent":
        told["agent_type"] = _text(_object(payload, "tool_input"), "agent_name") or "subagent"
        told["hook_event_name"] = "SubagentStart" if hook == "BeforeTool" else "SubagentStop"
        told["last_assistant_message"] = told.get("tool_response")
    return told


def copilot_cli(payload: Payload, event: str) -> Payload:
    """Names in camel case, results in a wrapper; a subagent is a session of its own that names its parent."""
    told: dict[str, object] = {_COPILOT_FIELDS.get(name, name): value for name, value in payload.items()}
    hook = _text(told, "hook_event_name") or event or _copilot_hook(payload)
    told["hook_event_name"] = _COPILOT_HOOKS.get(hook, hook)
    if told["hook_event_name"] in ("permissionRequest", "PermissionRequest"):
        told["hook_event_name"] = _NOTHING  # it comes even where everything is allowed
    parent = payload.get("parentAgentId")
    if parent and payload.get("sessionId") == payload.get("agentId"):
        told["session_id"] = parent
    if told["hook_event_name"] == "Stop" and told.get("agent_id"):
        told["hook_event_name"] = _NOTHING  # the subagent's stop comes next, and has the words
    result = payload.get("toolResult", payload.get("tool_result"))
    if isinstance(result, dict):
        text = _text(result, "textResultForLlm") or _text(result, "text_result_for_llm")
        kind = _text(result, "resultType") or _text(result, "result_type")
        exit_code = _COPILOT_EXIT.search(text)
        told["tool_response"] = text
        told["tool_success"] = kind in ("", "success") and (exit_code is None or exit_code[1] == "0")
    error = payload.get("error")
    if isinstance(error, dict):
        told["error"] = _text(error, "message") or _text(error, "name")
    return told


def opencode(payload: Payload, event: str) -> Payload:
    """What its plugin is called with: the hook's name, its input and its output."""
    given, out = _object(payload, "input"), _object(payload, "output")
    told: dict[str, object] = {"session_id": given.get("sessionID"), "project": payload.get("directory")}
    match payload.get("hook"):
        case "chat.message":
            message = _object(out, "message")
            told |= {
                "hook_event_name": "UserPromptSubmit",
                "session_id": message.get("sessionID") or given.get("sessionID"),
                "prompt": _parts(out.get("parts")),
                "prompt_id": message.get("id"),
                "timestamp": _object(message, "time").get("created"),
                "model": _object(message, "model").get("modelID"),
            }
        case "tool.execute.after":
            exit_code = _object(out, "metadata").get("exit")
            told |= {
                "hook_event_name": "PostToolUse",
                "tool_name": given.get("tool"),
                "tool_use_id": given.get("callID"),
                "tool_input": given.get("args"),
                "tool_response": out.get("output"),
                "tool_success": exit_code in (None, 0),
            }
        case "experimental.text.complete":
            told |= {
                "hook_event_name": "AssistantMessage",
                "message_id": given.get("partID"),
                "last_assistant_message": out.get("text"),
            }
        case "dispose":
            told |= {"hook_event_name": "SessionEnd", "reason": "exit"}
        case "event":
            told |= _opencode_event(_object(given, "event"))
    parent = payload.get("parentID")
    if isinstance(parent, str) and parent:
        told |= {"agent_id": told["session_id"], "agent_type": "subagent", "session_id": parent}
        if told.get("hook_event_name") == "Stop":
            told["hook_event_name"] = "SubagentStop"
    return told


def _gemini_result(response: object) -> tuple[str, bool]:
    """The text of a tool's result as the model saw it, and whether the tool failed."""
    if not isinstance(response, dict):
        return str(response or ""), False
    text = _parts(response.get("llmContent"))
    if wrapped := _UNTRUSTED.match(text):
        text = _GEMINI_PGID.sub("", wrapped[1])
    exit_code = _GEMINI_EXIT.search(text)
    error = response.get("error")
    if isinstance(error, dict):
        error = _text(error, "message")
    return text or str(error or ""), bool(error) or (exit_code is not None and exit_code[1] != "0")


def _copilot_hook(payload: Payload) -> str:
    if "response" in payload:
        return "subagentStop"
    if "toolName" in payload and "error" in payload:
        return "postToolUseFailure"
    return next((hook for field, hook in _COPILOT_TELLING if field in payload), "")


def _opencode_event(event: Payload) -> dict[str, object]:
    properties = _object(event, "properties")
    info, part = _object(properties, "info"), _object(properties, "part")
    told: dict[str, object] = {"session_id": properties.get("sessionID")}
    match event.get("type"):
        case "session.created":
            parent = info.get("parentID")
            told |= {
                "hook_event_name": "SubagentStart" if parent else "SessionStart",
                "session_id": parent or info.get("id"),
                "agent_id": info.get("id") if parent else None,
                "agent_type": (info.get("agent") or "subagent") if parent else None,
                "source": "startup",
                "cwd": info.get("directory"),
                "timestamp": _object(info, "time").get("created"),
            }
        case "session.resumed":  # our plugin's own word: opencode has none for it
            told |= {"hook_event_name": "SessionStart", "session_id": info.get("id"), "source": "resume"}
        case "session.deleted":
            told |= {
                "hook_event_name": "SessionEnd",
                "session_id": info.get("id"),
                "reason": "deleted",
                "timestamp": _object(info, "time").get("updated"),
            }
        case "session.idle":
            told |= {"hook_event_name": "Stop"}
        case "session.error":
            error = _object(properties, "error")
            message = _text(_object(error, "data"), "message") or _text(error, "name")
            told |= {"hook_event_name": "StopFailure", "error": message, "message_id": event.get("id")}
        case "message.part.updated" if part.get("type") == "tool":
            state = _object(part, "state")
            if state.get("status") == "error":
                told |= {
                    "hook_event_name": "PostToolUseFailure",
                    "session_id": part.get("sessionID"),
                    "tool_name": part.get("tool"),
                    "tool_use_id": part.get("callID"),
                    "tool_input": state.get("input"),
                    "error": state.get("error"),
                    "timestamp": _object(state, "time").get("end"),
                }
    return told


def _parts(content: object) -> str:
    """A text, or the texts of a list of parts; what the agent itself put among them is left out."""
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict) and not part.get("synthetic")]
        return "\n".join(text for part in parts if (text := _text(part, "text")))
    return content if isinstance(content, str) else ""


def _object(payload: Payload, field: str) -> Payload:
    value = payload.get(field)
    return value if isinstance(value, dict) else {}


def _text(payload: Payload, field: str) -> str:
    value = payload.get(field)
    return value if isinstance(value, str) else ""
