"""Gemini CLI."""

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
    folder,
)
from agent_memory.agents.gemini_cli import payload
from agent_memory.agents.payload import Payload

# Named by the variable it is the folder that `.gemini` is in.
_FOLDER: Final = folder("GEMINI_CLI_HOME", "")
_HOOK_NAME: Final = "agent-memory"


def _disabled_by(settings: Payload) -> str:
    match settings:
        case {"hooksConfig": {"enabled": False}}:
            return "hooksConfig.enabled"
        case {"hooksConfig": {"disabled": [*names]}} if _HOOK_NAME in names:
            return "hooksConfig.disabled"
        case _:
            return ""


def _transcripts() -> Transcripts:
    from agent_memory.agents.gemini_cli import transcript
    from agent_memory.agents.jsonl import replay_with

    return Transcripts(
        folder=_FOLDER,
        parts=(".gemini/tmp",),
        endings=(".jsonl", ".json"),
        below="chats",
        recognises=transcript.recognises,
        replay=replay_with(transcript.Chat),
        reader=transcript.Chat,
        paths_of=transcript.paths_of,
    )


def _tail() -> Tail:
    from agent_memory.agents.gemini_cli import transcript

    return Tail(model=transcript.model_in, last_words_of=transcript.last_words_of)


AGENT: Final = Agent(
    name="gemini-cli",
    program="gemini",
    hooks=(
        Hook("SessionStart"),
        Hook("BeforeAgent"),
        # A subagent is a tool there; what every other tool is about to do is in AfterTool.
        Hook("BeforeTool", "invoke_agent"),
        Hook("AfterTool"),
        Hook("AfterAgent"),
        Hook("SessionEnd"),
    ),
    hook_files=HookFiles(
        user_folder=_FOLDER,
        user=".gemini/settings.json",
        project=".gemini/settings.json",
        format=JsonSettings(
            {"type": "command", "command": "", "timeout": HOOK_TIMEOUT_S * 1000, "name": _HOOK_NAME},
            reads_comments=True,
        ),
        disabled_by=_disabled_by,
        trusts_folders=True,
    ),
    self_test=CommandTest("BeforeAgent", payload.sample_prompt),
    mcp_servers=McpServers(
        user_folder=_FOLDER,
        files=(".gemini/settings.json",),
        reads_comments=True,
        allow='"trust": true beside its "command"',
        trusts_folders=True,
    ),
    detect=payload.detect,
    normalise=payload.normalise,
    load_transcripts=_transcripts,
    load_tail=_tail,
)
