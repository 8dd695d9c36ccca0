"""Copilot CLI."""

import json
from collections.abc import Sequence
from typing import Final

from agent_memory.agents.agent import (
    HOOK_TIMEOUT_S,
    Agent,
    CommandTest,
    Hook,
    HookCommands,
    HookFiles,
    McpServers,
    OwnFile,
    Tail,
    Transcripts,
    command_and_arguments,
    flat_context,
    folder,
)
from agent_memory.agents.copilot_cli import payload
from agent_memory.agents.payload import Payload

_FOLDER: Final = folder("COPILOT_HOME", ".copilot")


def _hooks_file(commands: HookCommands) -> str:
    handlers = {
        event: [{"type": "command", "bash": line, "timeoutSec": HOOK_TIMEOUT_S}]
        for event, line in commands.lines.items()
    }
    return json.dumps({"version": 1, "hooks": handlers}, indent=2, ensure_ascii=False) + "\n"


def _transcripts() -> Transcripts:
    from agent_memory.agents.copilot_cli import transcript
    from agent_memory.agents.jsonl import replay_with

    return Transcripts(
        folder=_FOLDER,
        parts=("session-state",),
        endings=("events.jsonl",),
        recognises=transcript.recognises,
        replay=replay_with(transcript.Log),
        reader=transcript.Log,
    )


def _tail() -> Tail:
    from agent_memory.agents.copilot_cli import transcript

    return Tail(
        model=transcript.model_in,
        last_words=transcript.last_words_in,
        # It calls its hook for a turn's end up to a tenth of a second before it writes that down.
        late_s=1.0,
    )


def _mcp_server(words: Sequence[str]) -> Payload:
    return {"type": "local", **command_and_arguments(words), "tools": ["*"]}


AGENT: Final = Agent(
    name="copilot-cli",
    program="copilot",
    # Not preToolUse: there, whatever goes wrong refuses the tool.
    hooks=(
        Hook("sessionStart"),
        Hook("userPromptSubmitted"),
        Hook("postToolUse"),
        Hook("postToolUseFailure"),
        Hook("agentStop"),
        Hook("errorOccurred"),
        Hook("subagentStart"),
        Hook("subagentStop"),
        Hook("sessionEnd"),
    ),
    hook_files=HookFiles(
        user_folder=_FOLDER,
        user="hooks/agent-memory.json",
        project=".github/hooks/agent-memory.json",
        format=OwnFile(_hooks_file),
        trusts_folders=True,
    ),
    self_test=CommandTest("userPromptSubmitted", payload.sample_prompt),
    mcp_servers=McpServers(user_folder=_FOLDER, files=("mcp-config.json",), entry=_mcp_server),
    detect=payload.detect,
    normalise=payload.normalise,
    load_transcripts=_transcripts,
    load_tail=_tail,
    session_start_reply=flat_context,
    renames_tools=True,
)
