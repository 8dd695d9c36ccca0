"""Qwen Code's payloads: Claude Code's, with times. Of their ids only a tool call's is in the transcript too."""

from __future__ import annotations

import re

from agent_memory.agents.agent import Evidence, SamplePrompt
from agent_memory.agents.payload import Payload, parts_text, text_of

# What the client puts around a prompt: a note before it, the files that it names behind it.
_REMINDER = re.compile(r"\A\s*<system-reminder>.*?</system-reminder>\s*", re.DOTALL)
_FILES = "\n--- Content from referenced files ---"
# A command's result as the model gets it. The greedy output ends at the last line that can end it.
_SHELL = re.compile(
    r"\ACommand: .*?\nDirectory: [^\n]*\nOutput: (?P<output>.*)\nError: (?P<error>.*?)\nExit Code: (?P<exit>[^\n]*)"
    r"\nSignal: [^\n]*(?:\nProcess Group PGID: [^\n]*)?(?P<rest>.*)\Z",
    re.DOTALL,
)
_NOTHING = ("(none)", "(empty)")


def detect(payload: Payload) -> Evidence:
    if "/.qwen/" in text_of(payload, "transcript_path"):
        return Evidence.OWN_FOLDER
    fits = {"timestamp", "permission_mode", "transcript_path"} <= payload.keys()
    return Evidence.FIELDS_FIT if fits else Evidence.NONE


def normalise(payload: Payload, event: str) -> Payload:
    common: dict[str, object] = {"hook_event_name": event, **payload}
    # The transcript has no prompt's id: the time has to name what the two have in common.
    common.pop("prompt_id", None)
    if common["hook_event_name"] == "UserPromptSubmit":
        common["prompt"] = _prompt(payload)
    if "tool_name" in payload:
        # The other id is made up for hooks alone. Early versions have only that one.
        common["tool_use_id"] = text_of(payload, "tool_call_id")
        error, _ = shell_result(text_of(payload, "error"))
        result, exit_code = shell_result(_tool_response(payload.get("tool_response")))
        common |= {"error": error, "tool_response": result, "tool_success": not error and exit_code in ("", "0")}
    return common


def shell_result(text: str) -> tuple[str, str]:
    """A command's output, with its exit code if it failed, and that code; another tool's result as it is."""
    match = _SHELL.match(text)
    if match is None:
        return text, ""
    exit_code = "" if match["exit"] in _NOTHING else match["exit"]
    code_line = f"Exit Code: {exit_code}" if exit_code not in ("", "0") else ""
    lines = [match["output"], match["error"], code_line, match["rest"].strip("\n")]
    return "\n".join(line for line in lines if line and line not in _NOTHING), exit_code


def sample_prompt(sample: SamplePrompt) -> Payload:
    return {
        "session_id": sample.session_id,
        "transcript_path": str(sample.home / ".qwen" / f"{sample.session_id}.jsonl"),
        "cwd": str(sample.folder),
        "hook_event_name": "UserPromptSubmit",
        "timestamp": sample.at.isoformat(),
        "permission_mode": "default",
        "prompt": sample.text,
        "submitted_prompt": sample.text,
    }


def _prompt(payload: Payload) -> str:
    """The user's prompt; empty where the hook was called for another request of the same turn.

    It is called before every request to the model: after each round of tools without a text, and after another hook
    that kept the turn going with that hook's text. Only the user's own has `submitted_prompt`; of the few that lack it
    the nightly reconciliation takes care. Early versions have no such field, and no prompt's id.
    """
    prompt = _REMINDER.sub("", text_of(payload, "prompt")).partition(_FILES)[0]
    submitted = text_of(payload, "submitted_prompt")
    # Of a slash command, the transcript has only the expansion.
    if submitted and not submitted.startswith("/"):
        return submitted
    return prompt if submitted or "prompt_id" not in payload else ""


def _tool_response(response: object) -> str:
    content = response.get("llmContent") if isinstance(response, dict) else response
    return parts_text(content)
