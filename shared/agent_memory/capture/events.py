"""Events from hook calls: what is worth keeping, whose words it is, under which id."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace

from agent_memory.agents import registry
from agent_memory.capture import own, recalled, tools
from agent_memory.capture.privacy import private
from agent_memory.capture.texts import fitted
from agent_memory.capture.typed import typed
from agent_memory.capture.wire import HookCall, ToolCall
from agent_memory.errors import InvalidEvent
from agent_memory.ids import derived_ulid
from agent_memory.model import TOOL_MAX_BYTES, Event, EventRole, EventType

# The daemon takes 16 MiB an event; nobody types more than this.
TEXT_MAX_BYTES = 10 << 20
ID_MAX_BYTES = 512
METADATA_MAX_BYTES = 4 << 10

# Another hook has the same and more, or they have nothing of the conversation.
_NOTHING_NEW = frozenset(
    {
        *("PreToolUse", "PostToolBatch", "MessageDisplay", "UserPromptExpansion", "InstructionsLoaded", "CwdChanged"),
        "AdditionalContext",
    }
)
# Sources of a SessionStart that come with a new session id, so that there is one of them in a session.
_FIRST_STARTS = ("startup", "new", "clear", "fork")
# Agents report an end twice, shortly after one another, and neither report has an id.
_SAME_END_MS = 10_000
# The results of background work, and what other agents say: Claude Code hands them to the model as if the user had
# typed them.
_MACHINE_PROMPT = re.compile(
    r"\s*<(?:(task-notification)>|(agent-message|teammate-message|cross-session-message)[\s>].*</\2>\s*\Z)", re.DOTALL
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def event_from(call: HookCall, now_ms: int, key: str, tool_max_bytes: int = TOOL_MAX_BYTES) -> Event | None:
    """The hook call's event; None where it has nothing worth keeping.

    `now_ms` and `key` are the call's time and its id, for a payload without them. Of a tool's input and of its result
    `tool_max_bytes` are kept. Raises InvalidEvent where nothing names the call's event, or its session.
    """
    if not call.hook_name:
        raise InvalidEvent("It names no event: neither hook_event_name nor the hook's command line has it.")
    content = _content(call, tool_max_bytes)
    if content is not None:
        # Before the id is made: a live call has lost its private spans already, a call from a transcript has not.
        content = replace(content, text=private.without(content.text))
    session_id = _identifier(call.session_id)
    if content is None:
        return None
    if not session_id:
        raise InvalidEvent("It names no session: session_id is empty, or is not there.")
    return Event(
        event_id=_event_id(call, session_id, content.text, now_ms, key),
        session_id=session_id,
        timestamp_ms=now_ms if call.timestamp_ms is None else call.timestamp_ms,
        event_type=content.event_type,
        role=content.role,
        # What we recalled for the agent is no news, wherever it comes back.
        text=fitted(recalled.without(content.text), TEXT_MAX_BYTES),
        metadata=_metadata(call, content),
        agent=call.agent,
    )


@dataclass(frozen=True, slots=True)
class _Content:
    event_type: EventType
    role: EventRole
    text: str
    details: dict[str, str] = field(default_factory=dict)
    # Arguments that the text does not show, as JSON.
    tool_input: str = ""


def _content(call: HookCall, tool_max_bytes: int) -> _Content | None:
    match call.hook:
        case "UserPromptSubmit":
            return _prompt(call)
        case "Stop":
            # The one event of a turn's end: it has the assistant's words, so there is no message beside it.
            return _Content(EventType.ASSISTANT_STOP, EventRole.ASSISTANT, call.last_assistant_message)
        case "AssistantMessage":
            return _Content(EventType.ASSISTANT_MESSAGE, EventRole.ASSISTANT, call.last_assistant_message)
        case "PostToolUse" | "PostToolUseFailure" if call.tool is not None:
            if own.is_call(call):
                return None
            return _tool_result(call, call.tool, tool_max_bytes)
        case "SessionStart":
            # A compaction goes on with the same session.
            return None if call.source == "compact" else _start(call)
        case "SessionEnd":
            text = _because("Session ended", call.reason)
            return _Content(EventType.SESSION_END, EventRole.SYSTEM, text, {"reason": call.reason})
        case "SubagentStart" | "SubagentStop":
            return _subagent(call)
        case "PostCompact":
            return _compaction(call)
        case "StopFailure":
            text = call.last_assistant_message or call.error
            return _Content(EventType.ASSISTANT_STOP, EventRole.SYSTEM, text, {"error": call.error})
        case hook if not hook or hook in _NOTHING_NEW:
            return None
        case _:
            return _system(call, tool_max_bytes)


def _prompt(call: HookCall) -> _Content | None:
    prompt = recalled.without(call.prompt)
    if not prompt:
        return None
    if machine := _MACHINE_PROMPT.match(prompt):
        return _Content(EventType.TOOL_RESULT, EventRole.SYSTEM, prompt, {"machine_text": machine[1] or machine[2]})
    if call.subagent_id:
        # The words are the agent's: a task for its subagent.
        return _Content(EventType.ASSISTANT_MESSAGE, EventRole.SYSTEM, prompt, {"machine_text": "subagent-task"})
    prompt = typed(prompt)
    if not prompt or own.is_command(prompt):
        return None
    return _Content(EventType.USER_MESSAGE, EventRole.USER, prompt)


def _tool_result(call: HookCall, tool: ToolCall, max_bytes: int) -> _Content:
    success = False if call.hook == "PostToolUseFailure" else tool.success
    is_question = own.is_question(tool) and not tool.error
    if is_question:
        # Else every answer would become a memory of its own, and be found before its source.
        tool = replace(tool, response=recalled.ANSWERED)
    details = {
        "machine_text": recalled.QUESTION if is_question else "",
        "tool_name": tool.name,
        "tool_use_id": tool.use_id,
        # Some agents do not say.
        "success": "" if success is None else str(success).lower(),
        "files": "\n".join(tools.files(tool)),
    }
    text, rest = tools.shown(tool, max_bytes), tools.not_shown(tool, max_bytes)
    return _Content(EventType.TOOL_RESULT, EventRole.TOOL, text, details, rest)


def _start(call: HookCall) -> _Content:
    text = _because("Session started", call.source)
    return _Content(EventType.SESSION_START, EventRole.SYSTEM, text, {"source": call.source})


def _subagent(call: HookCall) -> _Content | None:
    if call.subagent_type == "":
        return None
    if call.hook == "SubagentStart":
        text = _because("Subagent started", call.subagent_type or "")
        return _Content(EventType.SUBAGENT_START, EventRole.SYSTEM, text)
    return _Content(EventType.SUBAGENT_STOP, EventRole.ASSISTANT, call.last_assistant_message)


def _compaction(call: HookCall) -> _Content | None:
    """What the agent wrote for itself about all that was said, to go on with in place of it."""
    if not call.compact_summary:
        return None
    details = {"machine_text": "compaction-summary"}
    return _Content(EventType.ASSISTANT_MESSAGE, EventRole.SYSTEM, call.compact_summary, details)


def _system(call: HookCall, tool_max_bytes: int) -> _Content:
    """A hook of no known kind keeps its name and all of its fields.

    Of the types there are, an assistant's message comes nearest; the role says that no assistant wrote it.
    """
    tool = tools.shown(call.tool, tool_max_bytes) if call.tool else ""
    text = call.message or call.prompt or call.last_assistant_message or tool or call.error
    if not text:
        said = {name: value for name, value in call.rest.items() if value}
        text = f"{call.hook}: {fitted(tools.as_json(said), tool_max_bytes)}" if said else call.hook
    details = {
        "notification_type": call.notification_type,
        "tool_name": call.tool.name if call.tool else "",
        "source": call.source,
        "reason": call.reason,
    }
    return _Content(EventType.ASSISTANT_MESSAGE, EventRole.SYSTEM, text, details)


def _because(happened: str, why: str) -> str:
    return f"{happened} ({why})" if why else happened


def _metadata(call: HookCall, content: _Content) -> dict[str, str]:
    values = {
        "hook_event_name": call.hook_name,
        "cwd": call.cwd,
        "project": call.project,
        "project_id": call.project_id,
        "git_branch": call.git_branch,
        "prompt_id": call.prompt_id,
        "model": call.model,
        "permission_mode": call.permission_mode,
        "agent_id": call.subagent_id,
        "agent_type": call.subagent_type or "",
        **content.details,
    }
    metadata = {name: fitted(value, METADATA_MAX_BYTES) for name, value in values.items() if value}
    return {**metadata, "tool_input": content.tool_input} if content.tool_input else metadata


def _event_id(call: HookCall, session_id: str, text: str, now_ms: int, key: str) -> str:
    """The same id for the same event, however often hooks or a transcript report it.

    The time in a derived id is zero where something else identifies the call: two hooks read two clocks, and a
    transcript has a third. Where only its time identifies it, the id begins with that: the transcript's time is close
    by, and the rest of the id is the same. A payload with neither gets its id from the call's key.
    """
    stamp = "" if call.timestamp_ms is None else str(call.timestamp_ms)
    stamp_ms = 0
    # A call that fails is one call all the same.
    hook = "PostToolUse" if call.hook == "PostToolUseFailure" else call.hook
    if call.tool is not None and call.tool.use_id:
        parts = [call.tool.use_id]
    elif call.message_id:
        parts = [call.message_id]
    elif call.hook == "SessionStart" and call.source in _FIRST_STARTS:
        parts = ["first"]
    elif not call.prompt_id and (call.hook == "SessionEnd" or (call.hook == "Stop" and not stamp)):
        at_ms = now_ms if call.timestamp_ms is None else call.timestamp_ms
        # A turn may take less than that; its words set it apart from the one before.
        parts = ["end", str(at_ms // _SAME_END_MS), *([text] if call.hook == "Stop" and text else [])]
    elif call.prompt_id:
        parts = [call.prompt_id, stamp, call.subagent_id, _distinction(call, text, stamp)]
    elif call.timestamp_ms is not None:
        stamp_ms, parts = call.timestamp_ms, ["", call.subagent_id, _distinction(call, text, stamp)]
    else:
        parts = ["call", key]
    return derived_ulid(stamp_ms, session_id, hook, *parts)


def _distinction(call: HookCall, text: str, stamp: str) -> str:
    """What two calls at one time differ in, taken from the payload alone."""
    if call.tool is not None:
        # Not its result, and not its name where two hooks name it differently.
        name = "" if registry.named(call.agent).renames_tools else call.tool.name
        return f"{name}\0{tools.essence(call.tool)}" if name else tools.essence(call.tool)
    # The same words may have blanks around them in one report and not in another.
    # With a time, the words may come from a transcript, and may be there for one report and not for another.
    return "" if call.hook == "Stop" and stamp else text.strip()


def _identifier(text: str) -> str:
    """The id without control characters and no longer than allowed; a digest keeps long ones apart."""
    clean = _CONTROL.sub("\ufffd", text.strip())
    data = clean.encode()
    if len(data) <= ID_MAX_BYTES:
        return clean
    digest = hashlib.sha256(data).hexdigest()
    return data[: ID_MAX_BYTES - len(digest) - 1].decode(errors="ignore") + ":" + digest
