"""Goose."""

import json
from typing import Final

from agent_memory.agents.agent import (
    HOOK_TIMEOUT_S,
    Agent,
    CommandTest,
    Hook,
    HookCommands,
    HookFiles,
    OwnFile,
    Transcripts,
    folder,
)
from agent_memory.agents.goose import payload

# A plugin is a folder, and this the file in it that Goose reads.
_FILE: Final = ".agents/plugins/agent-memory/hooks/hooks.json"
# Whatever else a hook prints, it takes for a hook that failed.
_NOTHING: Final = ""


def _hooks_file(commands: HookCommands) -> str:
    hooks = {
        event: [{"hooks": [{"type": "command", "command": line, "timeout": HOOK_TIMEOUT_S}]}]
        for event, line in commands.lines.items()
    }
    return json.dumps({"hooks": hooks}, indent=2, ensure_ascii=False) + "\n"


def _transcripts() -> Transcripts:
    from agent_memory.agents.databases import replay_with
    from agent_memory.agents.goose import transcript

    return Transcripts(
        folder=folder("XDG_DATA_HOME", ".local/share"),
        parts=("goose/sessions",),
        endings=(transcript.DATABASE,),
        recognises=transcript.recognises,
        replay=replay_with(transcript.sessions),
    )


AGENT: Final = Agent(
    name="goose",
    program="goose",
    hooks=(
        Hook("SessionStart", answer=_NOTHING),
        Hook("UserPromptSubmit", answer=_NOTHING),
        Hook("PostToolUse", answer=_NOTHING),
        Hook("PostToolUseFailure", answer=_NOTHING),
        Hook("Stop", answer=_NOTHING),
        Hook("SessionEnd", answer=_NOTHING),
    ),
    hook_files=HookFiles(
        user_folder=folder("GOOSE_PATH_ROOT", ""), user=_FILE, project=_FILE, format=OwnFile(_hooks_file)
    ),
    self_test=CommandTest("UserPromptSubmit", payload.sample_prompt),
    detect=payload.detect,
    normalise=payload.normalise,
    load_transcripts=_transcripts,
    is_untimed=True,
    seen_running=False,
)
