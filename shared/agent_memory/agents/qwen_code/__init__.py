"""Qwen Code."""

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
    disabled_where,
    folder,
)
from agent_memory.agents.qwen_code import payload

_FOLDER: Final = folder("QWEN_HOME", ".qwen")


def _transcripts() -> Transcripts:
    from agent_memory.agents.jsonl import replay_with
    from agent_memory.agents.qwen_code import transcript

    return Transcripts(
        folder=_FOLDER,
        parts=("projects",),
        endings=(".jsonl",),
        recognises=transcript.recognises,
        replay=replay_with(transcript.Chat),
        reader=transcript.Chat,
        paths_of=transcript.paths_of,
    )


def _tail() -> Tail:
    from agent_memory.agents.qwen_code import transcript

    return Tail(model=transcript.model_in)


AGENT: Final = Agent(
    name="qwen-code",
    program="qwen",
    hooks=(
        Hook("SessionStart"),
        Hook("UserPromptSubmit"),
        Hook("PostToolUse"),
        Hook("PostToolUseFailure"),
        Hook("Stop"),
        Hook("SubagentStart"),
        Hook("SubagentStop"),
        Hook("SessionEnd"),
    ),
    hook_files=HookFiles(
        user_folder=_FOLDER,
        user="settings.json",
        project=".qwen/settings.json",
        # Milliseconds: early versions read nothing else, and later ones take a number this large for milliseconds too.
        format=JsonSettings({"type": "command", "command": "", "timeout": HOOK_TIMEOUT_S * 1000}, reads_comments=True),
        disabled_by=disabled_where("disableAllHooks"),
    ),
    self_test=CommandTest("UserPromptSubmit", payload.sample_prompt),
    mcp_servers=McpServers(
        user_folder=_FOLDER,
        files=("settings.json",),
        reads_comments=True,
        allow='"trust": true beside its "command"',
    ),
    detect=payload.detect,
    normalise=payload.normalise,
    load_transcripts=_transcripts,
    load_tail=_tail,
    # It is part of the system prompt of one run, and of no record.
    forgets_context=True,
)
