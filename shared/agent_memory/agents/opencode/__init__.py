"""opencode."""

from typing import Final

from agent_memory.agents.agent import Agent, HookFiles, Transcripts, flat_context, folder
from agent_memory.agents.opencode import payload, plugin

_NAME: Final = "opencode"


def _transcripts() -> Transcripts:
    from agent_memory.agents.databases import replay_with
    from agent_memory.agents.opencode import transcript

    return Transcripts(
        folder=folder("XDG_DATA_HOME", ".local/share"),
        parts=("opencode",),
        endings=(transcript.DATABASE,),
        recognises=transcript.recognises,
        replay=replay_with(transcript.sessions),
    )


AGENT: Final = Agent(
    name=_NAME,
    program=_NAME,
    hooks=plugin.HOOKS,
    hook_files=HookFiles(
        user_folder=folder("XDG_CONFIG_HOME", ".config"),
        user="opencode/plugin/agent-memory.js",
        project=".opencode/plugin/agent-memory.js",
        format=plugin.file(_NAME, _NAME),
    ),
    self_test=plugin.test(_NAME),
    mcp_servers=plugin.servers("opencode/opencode.json", "opencode/opencode.jsonc"),
    detect=payload.detect,
    normalise=payload.normalise,
    load_transcripts=_transcripts,
    session_start_reply=flat_context,
    # Our plugin puts it before each request and keeps it nowhere.
    forgets_context=True,
    subagents_are_sessions=True,
)
