"""Codex."""

from typing import Final

from agent_memory.agents.agent import (
    HOOK_TIMEOUT_S,
    Agent,
    CommandTest,
    Hook,
    HookFiles,
    JsonSettings,
    McpServers,
    Tail,
    Transcripts,
    Trust,
    folder,
)
from agent_memory.agents.codex import payload, trust
from agent_memory.agents.payload import Payload

_FOLDER: Final = folder("CODEX_HOME", ".codex")
_CONFIG: Final = "config.toml"


def _disabled_by(settings: Payload) -> str:
    match settings:
        case {"features": {"hooks": False}}:
            return "features.hooks"
        case _:
            return ""


def _transcripts() -> Transcripts:
    from agent_memory.agents.codex import transcript
    from agent_memory.agents.jsonl import replay_with

    return Transcripts(
        folder=_FOLDER,
        parts=("sessions", "archived_sessions"),
        endings=(".jsonl",),
        recognises=transcript.recognises,
        replay=replay_with(transcript.Thread),
        reader=transcript.Thread,
    )


def _tail() -> Tail:
    from agent_memory.agents.codex import transcript

    return Tail(success=transcript.success_in, has_success=True)


AGENT: Final = Agent(
    name="codex",
    program="codex",
    hooks=(
        Hook("SessionStart"),
        Hook("UserPromptSubmit"),
        Hook("PostToolUse"),
        Hook("Stop"),
        # Its answer may have no `continue`.
        Hook("Interrupt", answer=""),
        Hook("SubagentStart"),
        Hook("SubagentStop"),
        Hook("SessionEnd"),
    ),
    hook_files=HookFiles(
        user_folder=_FOLDER,
        user="hooks.json",
        project=".codex/hooks.json",
        format=JsonSettings({"type": "command", "command": "", "timeout": HOOK_TIMEOUT_S}),
        toml=_CONFIG,
        disabled_by=_disabled_by,
        switches=_CONFIG,
        trust=Trust(
            _CONFIG,
            trust.is_given,
            "Codex does not run its hooks yet: start it once in a terminal, and say that you trust them.",
        ),
        trusts_folders=True,
        notes=(
            "Codex runs none of them until you have said, at its next start in a terminal, that you trust them.",
            "`codex exec` does not ask, and skips them without a word.",
        ),
    ),
    self_test=CommandTest("UserPromptSubmit", payload.sample_prompt),
    mcp_servers=McpServers(user_folder=_FOLDER, files=(_CONFIG,), within="mcp_servers"),
    detect=payload.detect,
    normalise=payload.normalise,
    load_transcripts=_transcripts,
    load_tail=_tail,
)
