"""opencode's payloads: what our plugin passes on, a hook's name with its input and its output."""

from __future__ import annotations

from agent_memory.agents.agent import Evidence
from agent_memory.agents.payload import Payload, object_of, parts_text, text_of


def detect(payload: Payload) -> Evidence:
    return detect_client(payload, "opencode")


def detect_client(payload: Payload, client: str) -> Evidence:
    """Whether our plugin sends it from that agent. Early versions were for opencode only, and did not say so."""
    is_plugins = {"hook", "input"} <= payload.keys() and payload.get("client", "opencode") == client
    return Evidence.OWN_FIELDS if is_plugins else Evidence.NONE


def normalise(payload: Payload, event: str) -> Payload:
    given, out = object_of(payload, "input"), object_of(payload, "output")
    common: dict[str, object] = {"session_id": given.get("sessionID"), "project": payload.get("directory")}
    match payload.get("hook"):
        case "chat.message":
            message = object_of(out, "message")
            common |= {
                "hook_event_name": "UserPromptSubmit",
                "session_id": message.get("sessionID") or given.get("sessionID"),
                "prompt": parts_text(out.get("parts")),
                "prompt_id": message.get("id"),
                "timestamp": object_of(message, "time").get("created"),
                "model": object_of(message, "model").get("modelID"),
            }
        case "tool.execute.after":
            exit_code = object_of(out, "metadata").get("exit")
            common |= {
                "hook_event_name": "PostToolUse",
                "tool_name": given.get("tool"),
                "tool_use_id": given.get("callID"),
                "tool_input": given.get("args"),
                "tool_response": out.get("output"),
                "tool_success": exit_code in (None, 0),
            }
        case "experimental.text.complete":
            common |= {
                "hook_event_name": "AssistantMessage",
                "message_id": given.get("partID"),
                "last_assistant_message": out.get("text"),
            }
            if out.get("summary") is True:  # of all that was said, at a compaction
                common |= {"hook_event_name": "PostCompact", "compact_summary": out.get("text")}
        case "dispose" if common["session_id"]:  # early versions of our plugin named none
            common |= {"hook_event_name": "SessionEnd", "reason": "exit"}
        case "event":
            common |= _event(object_of(given, "event"))
    parent = payload.get("parentID")
    if isinstance(parent, str) and parent:
        common |= {"agent_id": common["session_id"], "agent_type": "subagent", "session_id": parent}
        if common.get("hook_event_name") == "Stop":
            common["hook_event_name"] = "SubagentStop"
    return common


def _event(event: Payload) -> dict[str, object]:
    properties = object_of(event, "properties")
    info, part = object_of(properties, "info"), object_of(properties, "part")
    common: dict[str, object] = {"session_id": properties.get("sessionID")}
    match event.get("type"):
        case "session.created":
            parent = info.get("parentID")
            common |= {
                "hook_event_name": "SubagentStart" if parent else "SessionStart",
                "session_id": parent or info.get("id"),
                "agent_id": info.get("id") if parent else None,
                "agent_type": (info.get("agent") or "subagent") if parent else None,
                "source": "startup",
                "cwd": info.get("directory"),
                "timestamp": object_of(info, "time").get("created"),
            }
        case "session.resumed":  # our plugin's own word: opencode has none for it
            common |= {"hook_event_name": "SessionStart", "session_id": info.get("id"), "source": "resume"}
        case "session.deleted":
            common |= {
                "hook_event_name": "SessionEnd",
                "session_id": info.get("id"),
                "reason": "deleted",
                "timestamp": object_of(info, "time").get("updated"),
            }
        case "session.idle":
            common |= {"hook_event_name": "Stop"}
        case "session.error" if common["session_id"]:  # it need not be about a session
            error = object_of(properties, "error")
            message = text_of(object_of(error, "data"), "message") or text_of(error, "name")
            common |= {"hook_event_name": "StopFailure", "error": message, "message_id": event.get("id")}
        case "message.part.updated" if part.get("type") == "tool":
            state = object_of(part, "state")
            if state.get("status") == "error":
                common |= {
                    "hook_event_name": "PostToolUseFailure",
                    "session_id": part.get("sessionID"),
                    "tool_name": part.get("tool"),
                    "tool_use_id": part.get("callID"),
                    "tool_input": state.get("input"),
                    "error": state.get("error"),
                    "timestamp": object_of(state, "time").get("end"),
                }
    return common
