"""Gemini CLI's payloads: an agent begins and ends where others have a prompt and a stop, and a subagent is a tool."""

from __future__ import annotations

import re

from agent_memory.agents.agent import Evidence, SamplePrompt
from agent_memory.agents.payload import Payload, object_of, parts_text, text_of

_HOOKS = {"BeforeAgent": "UserPromptSubmit", "AfterAgent": "Stop", "AfterTool": "PostToolUse"}
# Another hook has the same and more, or they have nothing of the conversation.
_NOTHING_NEW = ("BeforeTool", "BeforeModel", "AfterModel", "BeforeToolSelection", "PreCompress")
# Its own mark around what a hook put before the prompt.
_HOOK_CONTEXT = re.compile(r"\A\s*<hook_context>.*?</hook_context>\s*", re.DOTALL)
_UNTRUSTED = re.compile(r"\A<untrusted_context>\n?(.*?)\n?</untrusted_context>\Z", re.DOTALL)
# Of no use to anybody once the command is over.
_PGID = re.compile(r"\nProcess Group PGID: \d+\Z")
_EXIT = re.compile(r"^Exit Code: (\d+)$", re.MULTILINE)


def detect(payload: Payload) -> Evidence:
    return Evidence.OWN_FOLDER if "/.gemini/" in text_of(payload, "transcript_path") else Evidence.NONE


def normalise(payload: Payload, event: str) -> Payload:
    hook = text_of(payload, "hook_event_name") or event
    name = "" if hook in _NOTHING_NEW else _HOOKS.get(hook, hook)
    common: dict[str, object] = {**payload, "hook_event_name": name}
    match hook:
        case "BeforeAgent":
            common["prompt"] = _HOOK_CONTEXT.sub("", text_of(payload, "prompt"))
        case "AfterAgent":
            common["last_assistant_message"] = payload.get("prompt_response")
        case "AfterTool":
            text, failed = _result(payload.get("tool_response"))
            common |= {"tool_response": text, "tool_success": not failed}
    if payload.get("tool_name") == "invoke_agent":
        common["agent_type"] = text_of(object_of(payload, "tool_input"), "agent_name") or "subagent"
        common["hook_event_name"] = "SubagentStart" if hook == "BeforeTool" else "SubagentStop"
        common["last_assistant_message"] = common.get("tool_response")
    return common


def sample_prompt(sample: SamplePrompt) -> Payload:
    return {
        "session_id": sample.session_id,
        "transcript_path": str(sample.home / ".gemini" / f"{sample.session_id}.jsonl"),
        "cwd": str(sample.folder),
        "hook_event_name": "BeforeAgent",
        "timestamp": sample.at.isoformat(),
        "prompt": sample.text,
    }


def _result(response: object) -> tuple[str, bool]:
    """The text of a tool's result as the model saw it, and whether the tool failed."""
    if not isinstance(response, dict):
        return str(response or ""), False
    text = parts_text(response.get("llmContent"))
    if wrapped := _UNTRUSTED.match(text):
        text = _PGID.sub("", wrapped[1])
    exit_code = _EXIT.search(text)
    error = response.get("error")
    if isinstance(error, dict):
        error = text_of(error, "message")
    return text or str(error or ""), bool(error) or (exit_code is not None and exit_code[1] != "0")
