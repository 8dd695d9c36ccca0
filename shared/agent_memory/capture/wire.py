"""The wire: what an agent writes to its hook's standard input, as one typed record, whichever agent it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from agent_memory.agents import registry
from agent_memory.agents.agent import Evidence
from agent_memory.agents.payload import Payload, decoded, object_of, text_of
from agent_memory.agents.timestamps import timestamp_ms


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One use of a tool. Input and response are the tool's own JSON: there are as many shapes as tools."""

    name: str
    use_id: str
    input: Mapping[str, object]
    response: object
    error: str
    # None where the agent does not say.
    success: bool | None


@dataclass(frozen=True, slots=True)
class HookCall:
    """One call of a hook. A text the agent did not send is empty."""

    # The event, by Claude Code's name for it, empty where it tells nothing new; and by the agent's own.
    hook: str
    hook_name: str
    session_id: str
    # None where the agent does not say.
    timestamp_ms: int | None
    agent: str
    # The agent's working directory, which follows every `cd`; and the folder the session was opened in, where known.
    cwd: str
    project: str
    # Not from the agent: the project that this folder belongs to, whatever it is called, and its branch.
    project_id: str
    git_branch: str
    # Of the transcript: the address that the repository was cloned from, or the folder its worktree belongs to.
    git_origin: str
    # The turn: one id for everything between two prompts.
    prompt_id: str
    # Of a message, where the agent gives it an id.
    message_id: str
    prompt: str
    last_assistant_message: str
    # Why a session started (startup, new, resume, clear, fork, compact), and why it ended.
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
    # What somebody put before the agent beside the conversation.
    additional_context: str
    error: str
    transcript_path: str
    # All other fields.
    rest: Mapping[str, object]


def parse(raw: bytes, *, agent: str = "", event: str = "", project: str = "") -> HookCall:
    """The hook call with `raw`, the whole of standard input.

    The payload overrides what the caller knows: the agent's name, the event's, and the project's folder. Raises
    InvalidEvent where `raw` is not one JSON object.
    """
    payload = decoded(raw)
    return call_of(payload, agent=registry.detect(payload, agent), event=event, project=project)


def call_of(given: Payload, *, agent: str, event: str, project: str) -> HookCall:
    """The hook call with this payload of that agent."""
    payload = registry.named(agent).normalise(given, event)
    text = partial(text_of, payload)
    hook, cwd = text("hook_event_name"), text("cwd")
    return HookCall(
        hook=hook,
        hook_name=text_of(given, "hook_event_name") or event or hook or _known_by_fields(agent, given),
        session_id=text("session_id"),
        timestamp_ms=timestamp_ms(payload.get("timestamp")),
        agent=agent,
        cwd=cwd,
        project=project or text("project") or (cwd if hook == "SessionStart" else ""),
        project_id="",
        git_branch="",
        git_origin="",
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
        additional_context=text("additional_context"),
        error=text("error"),
        transcript_path=text("transcript_path"),
        rest={name: value for name, value in payload.items() if name not in _FIELDS},
    )


def _known_by_fields(agent: str, given: Payload) -> str:
    """The agent's name in place of the event's, where no other agent sends such a payload; else empty.

    Some name events on the command line alone, and what is worth storing can be told by its fields.
    """
    return agent if registry.named(agent).detect(given) is Evidence.OWN_FIELDS else ""


def _tool(payload: Payload) -> ToolCall | None:
    name = text_of(payload, "tool_name")
    if not name:
        return None
    return ToolCall(
        name=name,
        use_id=text_of(payload, "tool_use_id"),
        input=object_of(payload, "tool_input"),
        response=payload.get("tool_response"),
        error=text_of(payload, "error"),
        success=_succeeded(payload),
    )


def _succeeded(payload: Payload) -> bool | None:
    if "tool_success" in payload:
        return payload["tool_success"] is True if payload["tool_success"] is not None else None
    response = payload.get("tool_response")
    interrupted = isinstance(response, dict) and response.get("interrupted") is True
    return not interrupted and not payload.get("error")


# Fields that a call has under its own names, and those that only the agent can use.
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
        *(
            "message",
            "notification_type",
            "compact_summary",
            "additional_context",
            "error",
            "transcript_path",
            "agent_transcript_path",
        ),
        *("tool_name", "tool_use_id", "tool_input", "tool_response", "tool_success"),
        *("effort", "stop_hook_active", "background_tasks", "session_crons", "permission_suggestions"),
    }
)
