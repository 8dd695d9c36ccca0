"""Factory's Droid."""

from typing import Final

from agent_memory.agents.agent import (
    HOOK_TIMEOUT_S,
    Agent,
    CommandTest,
    Hook,
    HookFiles,
    JsonSettings,
    McpServers,
    Transcripts,
    disabled_where,
    folder,
    typed_command,
)
from agent_memory.agents.droid import payload

_FOLDER: Final = folder("", ".factory")
_HANDLER: Final = {"type": "command", "command": "", "timeout": HOOK_TIMEOUT_S}


def _transcripts() -> Transcripts:
    from agent_memory.agents.droid import transcript
    from agent_memory.agents.jsonl import replay_with

    return Transcripts(
        folder=_FOLDER,
        parts=("sessions",),
        endings=(".jsonl",),
        recognises=transcript.recognises,
        replay=replay_with(transcript.Session),
        reader=transcript.Session,
    )


AGENT: Final = Agent(
    name="droid",
    program="droid",
    # Not SubagentStop: a subagent is a session of its own, and its stop tells more.
    hooks=(
        Hook("SessionStart"),
        Hook("UserPromptSubmit"),
        Hook("PostToolUse"),
        Hook("Stop"),
        Hook("SessionEnd"),
    ),
    hook_files=HookFiles(
        user_folder=_FOLDER,
        user="settings.json",
        # It reads no hooks in the settings.local.json beside it.
        project=".factory/settings.json",
        format=JsonSettings(_HANDLER),
        instead="hooks.json",
        instead_format=JsonSettings(_HANDLER, within=""),
        disabled_by=disabled_where("hooksDisabled"),
    ),
    self_test=CommandTest("UserPromptSubmit", payload.sample_prompt),
    mcp_servers=McpServers(user_folder=_FOLDER, files=("mcp.json",), entry=typed_command),
    detect=payload.detect,
    normalise=payload.normalise,
    load_transcripts=_transcripts,
    subagents_are_sessions=True,
)
