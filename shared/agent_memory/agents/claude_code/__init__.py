"""Claude Code."""

from typing import Final

from agent_memory.agents.agent import (
    HOOK_TIMEOUT_S,
    Agent,
    CommandTest,
    Hook,
    HookFiles,
    JsonSettings,
    McpServers,
    PluginSwitch,
    Tail,
    Transcripts,
    disabled_where,
    folder,
)
from agent_memory.agents.claude_code import payload
from agent_memory.agents.payload import Payload, object_of

_FOLDER: Final = folder("CLAUDE_CONFIG_DIR", ".claude")
_PLUGIN: Final = "agent-memory"


def _is_plugin_on(settings: Payload) -> bool | None:
    """Whether our plugin is, from whichever marketplace."""
    found = [on for name, on in object_of(settings, "enabledPlugins").items() if name.partition("@")[0] == _PLUGIN]
    return any(on is True for on in found) if found else None


def _transcripts() -> Transcripts:
    from agent_memory.agents.claude_code import transcript
    from agent_memory.agents.jsonl import replay_with

    return Transcripts(
        folder=_FOLDER,
        parts=("projects",),
        endings=(".jsonl",),
        beside=(".meta.json",),
        recognises=transcript.recognises,
        replay=replay_with(transcript.Session),
        reader=transcript.Session,
        paths_of=transcript.paths_of,
    )


def _tail() -> Tail:
    from agent_memory.agents.claude_code import transcript

    return Tail(model=transcript.model_in)


AGENT: Final = Agent(
    name="claude-code",
    program="claude",
    hooks=(
        Hook("SessionStart"),
        Hook("UserPromptSubmit"),
        Hook("PostToolUse"),
        Hook("PostToolUseFailure"),
        Hook("Stop"),
        Hook("StopFailure"),
        Hook("SubagentStart"),
        Hook("SubagentStop"),
        Hook("SessionEnd"),
    ),
    hook_files=HookFiles(
        user_folder=_FOLDER,
        user="settings.json",
        # A project's settings.json is shared with others by git, and a command has paths of this machine in it.
        # Moreover, other agents run what is in it.
        project=".claude/settings.local.json",
        format=JsonSettings({"type": "command", "command": "", "timeout": HOOK_TIMEOUT_S}, reads_mark=True),
        disabled_by=disabled_where("disableAllHooks"),
        plugin=PluginSwitch(
            user=("settings.json",),
            project=(".claude/settings.json", ".claude/settings.local.json"),
            is_on=_is_plugin_on,
        ),
    ),
    self_test=CommandTest("UserPromptSubmit", payload.sample_prompt),
    # It writes that file all the time, and would lose what another program wrote there.
    mcp_servers=McpServers(
        user_folder=folder("CLAUDE_CONFIG_DIR", ""),
        files=(".claude.json",),
        add=("mcp", "add", "--scope", "user", "agent-memory", "--"),
        remove=("mcp", "remove", "--scope", "user", "agent-memory"),
        allow='in ~/.claude/settings.json: "permissions": {"allow": ["mcp__agent-memory__*"]}',
    ),
    detect=payload.detect,
    normalise=payload.normalise,
    load_transcripts=_transcripts,
    load_tail=_tail,
    others_run_its_hooks=True,
)
