"""The wire: what an agent puts on its hook's standard input, read into one typed record.

The fields are Claude Code's; Codex, and Copilot where it runs Claude Code's hooks, send the same names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from agent_memory.errors import InvalidEvent

# Thirteen digits are the last that are milliseconds; below twelve a number counts seconds (until the year 5138).
TIMESTAMP_MS_MAX = 10**13
SECONDS_MAX = 10**11

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_HALF_CHARACTER_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")
_TRANSCRIPT_HOMES = (
    ("/.claude/", "claude-code"),
    ("/.codex/", "codex"),
    ("/.gemini/", "gemini-cli"),
    ("/.copilot/", "copilot-cli"),
)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One use of a tool. Input and response are the tool's own JSON: there are as many shapes as tools."""

    name: str
    use_id: str
    input: Mapping[str, object]
    response: object
    error: str


@dataclass(frozen=True, slots=True)
class HookCall:
    """One call of a hook. A text the agent did not send is empty."""

    hook: str
    session_id: str
    # When it happened, where the agent says so.
    timestamp_ms: int | None
    agent: str
    # Where the agent stood, which follows every `cd`; and the folder the session was opened in, where that is known.
    cwd: str
    project: str
    # The turn: one id for everything between two prompts.
    prompt_id: str
    prompt: str
    last_assistant_message: str
    # SessionStart: startup, resume, clear, fork or compact; SessionEnd: why.
    source: str
    reason: str
    model: str
    permission_mode: str
    subagent_id: str
    # None: no such field; empty: the agent's own housekeeping, such as a compaction.
    subagent_type: str | None
    tool: ToolCall | None
    message: str
    notification_type: str
    compact_summary: str
    error: str


def parse(raw: bytes, *, agent: str = "", event: str = "", project: str = "") -> HookCall:
    """The hook call that `raw`, the whole of standard input, tells of; unknown fields are passed over.

    What the payload says goes before what the caller knows: the agent's name, the event's, and the project's folder.
    Raises InvalidEvent where `raw` is not one JSON object.
    """
    payload = _decoded(raw)
    text = partial(_text, payload)
    hook = text("hook_event_name") or event
    source, cwd = text("source"), text("cwd")
    return HookCall(
        hook=hook,
        session_id=text("session_id"),
        timestamp_ms=timestamp_ms(payload.get("timestamp")),
        agent=_agent(payload, agent),
        cwd=cwd,
        project=project or (cwd if hook == "SessionStart" else ""),
        prompt_id=text("prompt_id") or text("turn_id"),
        prompt=text("prompt") or (text("message") if hook == "UserPromptSubmit" else ""),
        last_assistant_message=text("last_assistant_message"),
        source=source,
        reason=text("reason"),
        model=text("model"),
        permission_mode=text("permission_mode"),
        subagent_id=text("agent_id"),
        subagent_type=text("agent_type") if "agent_type" in payload else None,
        tool=_tool(payload),
        message=text("message"),
        notification_type=text("notification_type"),
        compact_summary=text("compact_summary"),
        error=text("error"),
    )


def timestamp_ms(value: object) -> int | None:
    """Milliseconds since 1970 from seconds, milliseconds or ISO 8601 (UTC where it names no zone); None from others."""
    match value:
        case bool():
            return None
        case int() | float():
            return _plausible(value * 1000 if abs(value) < SECONDS_MAX else value)
        case str():
            return _timestamp_from_text(value.strip())
        case _:
            return None


def _timestamp_from_text(text: str) -> int | None:
    try:
        return timestamp_ms(float(text))
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return _plausible(aware.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def _plausible(milliseconds: float) -> int | None:
    # Compared before it is made an integer: infinity and not-a-number have none.
    return round(milliseconds) if 0 < milliseconds < TIMESTAMP_MS_MAX else None


def _decoded(raw: bytes) -> Mapping[str, object]:
    text = raw.decode("utf-8-sig", errors="replace")
    try:
        # Not strict: a bare control character in a string costs nobody anything.
        value = json.loads(text, strict=False)
        if _HALF_CHARACTER_ESCAPED.search(text):
            # Half of a surrogate pair can be escaped, and written down nowhere.
            value = json.loads(_HALF_CHARACTER.sub("\ufffd", json.dumps(value, ensure_ascii=False)))
    except (ValueError, RecursionError) as error:
        raise InvalidEvent(f"The hook's input is not JSON: {error}. It takes one JSON object.") from error
    if not isinstance(value, dict):
        raise InvalidEvent(f"The hook's input is {type(value).__name__}, not a JSON object.")
    return value


def _agent(payload: Mapping[str, object], named: str) -> str:
    """Who sent it, told from the payload: agents run each other's hooks, so that a configured name proves nothing."""
    transcript = payload.get("transcript_path")
    if isinstance(transcript, str):
        for home, agent in _TRANSCRIPT_HOMES:
            if home in transcript:
                return agent
    if "prompt_id" not in payload and "turn_id" in payload:
        return "codex"
    if "prompt_id" not in payload and "transcript_path" not in payload and {"cwd", "timestamp"} <= payload.keys():
        return "copilot-cli"
    return named.lower() or "claude-code"


def _tool(payload: Mapping[str, object]) -> ToolCall | None:
    name, given = _text(payload, "tool_name"), payload.get("tool_input")
    if not name:
        return None
    return ToolCall(
        name=name,
        use_id=_text(payload, "tool_use_id"),
        input=given if isinstance(given, dict) else {},
        response=payload.get("tool_response", payload.get("tool_result")),
        error=_text(payload, "error"),
    )


def _text(payload: Mapping[str, object], field: str) -> str:
    value = payload.get(field)
    return value if isinstance(value, str) else ""
