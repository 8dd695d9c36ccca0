"""Cursor, the editor and its CLI."""

from typing import Final

from agent_memory.agents.agent import (
    HOOK_TIMEOUT_S,
    Agent,
    CommandTest,
    Hook,
    HookFiles,
    JsonSettings,
    McpServers,
    folder,
)
from agent_memory.agents.cursor import payload
from agent_memory.agents.payload import Payload

# Where an answer is of no use to it.
_NOTHING: Final = "{}"


def _context(context: str) -> Payload:
    return {"additional_context": context, "continue": True}


# Its transcripts have neither times nor ids: what hooks told could not be told from what they did not.
AGENT: Final = Agent(
    name="cursor",
    program="cursor-agent",
    hooks=(
        Hook("sessionStart"),
        Hook("beforeSubmitPrompt"),
        Hook("postToolUse", answer=_NOTHING),
        Hook("postToolUseFailure", answer=_NOTHING),
        Hook("afterAgentResponse", answer=_NOTHING),
        Hook("subagentStop", answer=_NOTHING),
        Hook("stop", answer=_NOTHING),
        Hook("sessionEnd", answer=_NOTHING),
    ),
    hook_files=HookFiles(
        user_folder=folder("", ".cursor"),
        user="hooks.json",
        project=".cursor/hooks.json",
        format=JsonSettings({"command": "", "timeout": HOOK_TIMEOUT_S}, is_flat=True, beside={"version": 1}),
        trusts_folders=True,
    ),
    self_test=CommandTest("beforeSubmitPrompt", payload.sample_prompt),
    mcp_servers=McpServers(user_folder=folder("", ".cursor"), files=("mcp.json",)),
    detect=payload.detect,
    normalise=payload.normalise,
    session_start_reply=_context,
    renames_tools=True,
    seen_running=False,
)
