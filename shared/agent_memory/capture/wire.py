"""The wire: what an agent puts on its hook's standard input, read into one typed record, whichever agent it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from agent_memory.capture import dialects
from agent_memory.errors import InvalidEvent

# Thirteen digits are the last that are milliseconds; below twelve a number counts seconds (until the year 5138), from
# sixteen on microseconds, from nineteen on nanoseconds.
TIMESTAMP_MS_MAX = 10**13
SECONDS_MAX = 10**11
MICROSECONDS_MIN = 10**15
NANOSECONDS_MIN = 10**18

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
    # Whether it did what it was asked; None where the agent doesn't say.
    success: bool | None


@dataclass(frozen=True, slots=True)
class HookCall:
    """One call of a hook. A text the agent did not send is empty."""

    # What happened, in Claude Code's words, and as the agent itself calls it.
    hook: str
    hook_name: str
    session_id: str
    # When it happened, where the agent says so.
    timestamp_ms: int | None
    agent: str
    # Where the agent stood, which follows every `cd`; and the folder the session was opened in, where that is known.
    cwd: str
    project: str
    # Not said by the agent: the project that this folder belongs to, whatever it is called, and the branch it is on.
    project_id: str
    git_branch: str
    # The turn: one id for everything between two prompts.
    prompt_id: str
    # What is told, where the agent gives it an id of its own.
    message_id: str
    prompt: str
    last_assistant_message: str
    # Startup, new, resume, clear, fork or compact; and why it ended.
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
    transcript_path: str
    # Whatever else it says.
    rest: Mapping[str, object]


def parse(raw: bytes, *, agent: str = "", event: str = "", project: str = "") -> HookCall:
    """The hook call that `raw`, the whole of standard input, tells of.

    What the payload says goes before what the caller knows: the agent's name, the event's, and the project's folder.
    Raises InvalidEvent where `raw` is not one JSON object.
    """
    said = decoded(raw)
    return heard(said, agent=_agent(said, agent), event=event, project=project)


def heard(said: Mapping[str, object], *, agent: str, event: str, project: str) -> HookCall:
    """The hook call that this payload of that agent's tells of."""
    payload = _DIALECTS.get(agent, dialects.claude_code)(said, event)
    text = partial(_text, payload)
    hook, cwd = text("hook_event_name"), text("cwd")
    return HookCall(
        hook=hook,
        hook_name=_text(said, "hook_event_name") or event or hook,
        session_id=text("session_id"),
        timestamp_ms=timestamp_ms(payload.get("timestamp")),
        agent=agent,
        cwd=cwd,
        project=project or text("project") or (cwd if hook == "SessionStart" else ""),
        project_id="",
        git_branch="",
        prompt_id=text("prompt_id") or text("turn_id"),
        message_id=text("message_id"),
        prompt=text("prompt") or (text("message") if hook == "UserPromptSubmit" else ""),
        last_assistant_message=text("last_assistant_message"),
        source=text("source"),
        reason=text("reason"),
        model=text("model"),
        permission_mode=text("permission_mode"),
        subagent_id=text("agent_id"),
        subagent_type=text("agent_type") if payload.get("agent_type") is not None else None,
        tool=_tool(payload),
        message=text("message"),
        notification_type=text("notification_type"),
        compact_summary=text("compact_summary"),
        error=text("error"),
        transcript_path=text("transcript_path"),
        rest={name: value for name, value in payload.items() if name not in _FIELDS},
    )


def timestamp_ms(value: object) -> int | None:
    """Milliseconds since 1970 from a number of seconds or their parts, ISO 8601 or a mail's date; None from others.

    Where no zone is named it is UTC.
    """
    match value:
        case bool():
            return None
        case int() | float():
            return _plausible(_milliseconds(value))
        case str():
            return _timestamp_from_text(value.strip())
        case _:
            return None


def _milliseconds(number: float) -> float:
    if abs(number) < SECONDS_MAX:
        return number * 1000
    if abs(number) < MICROSECONDS_MIN:
        return number
    return number // (1000 if abs(number) < NANOSECONDS_MIN else 1_000_000)


def _timestamp_from_text(text: str) -> int | None:
    try:
        return timestamp_ms(float(text))
    except ValueError:
        pass
    try:
        moment = _call(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return _plausible(aware.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def _call(text: str) -> datetime:
    """The time that the text names; raises ValueError where it names none."""
    try:
        return datetime.fromisoformat(text.upper().removesuffix(" UTC"))
    except ValueError:
        from email.utils import parsedate_to_datetime  # no agent wrote one so far, and it takes its time to import

        return parsedate_to_datetime(text)


def _plausible(milliseconds: float) -> int | None:
    # Compared before it is made an integer: infinity and not-a-number have none.
    return round(milliseconds) if 0 < milliseconds < TIMESTAMP_MS_MAX else None


def decoded(raw: bytes) -> Mapping[str, object]:
    """The one JSON object that these bytes are; raises InvalidEvent where they are none."""
    text = raw.decode("utf-8-sig", errors="replace")
    try:
        # Not strict: a bare control character in a string costs nobody anything.
        value = json.loads(text, strict=False)
        if _HALF_CHARACTER_ESCAPED.search(text):
            # Half of a surrogate pair can be escaped, and written down nowhere.
            value = json.loads(_HALF_CHARACTER.sub("\ufffd", json.dumps(value, ensure_ascii=False)))
    except (ValueError, RecursionError) as error:
        raise InvalidEvent(f"This is not JSON: {error}. It takes one JSON object.") from error
    if not isinstance(value, dict):
        raise InvalidEvent("This is JSON, but no object. It takes one JSON object.")
    return value


def _agent(payload: Mapping[str, object], named: str) -> str:
    """Who sent it, told from the payload: agents run each other's hooks, so that a configured name proves nothing."""
    if {"hook", "input"} <= payload.keys():
        return "opencode"
    if "sessionId" in payload or "tool_result" in payload:
        return "copilot-cli"
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
        response=payload.get("tool_response"),
        error=_text(payload, "error"),
        success=_succeeded(payload),
    )


def _succeeded(payload: Mapping[str, object]) -> bool | None:
    if "tool_success" in payload:
        return payload["tool_success"] is True if payload["tool_success"] is not None else None
    response = payload.get("tool_response")
    interrupted = isinstance(response, dict) and response.get("interrupted") is True
    return not interrupted and not payload.get("error")


def _text(payload: Mapping[str, object], field: str) -> str:
    value = payload.get(field)
    return value if isinstance(value, str) else ""


# What a call has in fields of its own, and what is only of use to the agent.
_FIELDS = frozenset(
    {
        *(
            "hook_event_name",
            "session_id",
            "timestamp",
            "agent",
            "cwd",
            "project",
            "prompt_id",
            "turn_id",
            "message_id",
        ),
        *("prompt", "last_assistant_message", "source", "reason", "model", "permission_mode", "agent_id", "agent_type"),
        *("message", "notification_type", "compact_summary", "error", "transcript_path", "agent_transcript_path"),
        *("tool_name", "tool_use_id", "tool_input", "tool_response", "tool_success"),
        *("effort", "stop_hook_active", "background_tasks", "session_crons", "permission_suggestions"),
    }
)
_DIALECTS = {
    "codex": dialects.codex,
    "copilot-cli": dialects.copilot_cli,
    "gemini-cli": dialects.gemini_cli,
    "opencode": dialects.opencode,
}
