"""Google's Antigravity CLI."""

from typing import Final

from agent_memory.agents.agent import (
    HOOK_TIMEOUT_S,
    Agent,
    CommandTest,
    Hook,
    HookFiles,
    JsonSettings,
    Transcripts,
    folder,
)
from agent_memory.agents.antigravity import payload

# It takes an answer with a field that it does not know for a broken one.
_NOTHING: Final = "{}"


def _transcripts() -> Transcripts:
    from agent_memory.agents.antigravity import transcript
    from agent_memory.agents.jsonl import replay_with

    return Transcripts(
        folder=folder("", ".gemini"),
        parts=("antigravity-cli/brain", "antigravity/brain", "antigravity-ide/brain"),
        endings=(transcript.FULL,),
        recognises=transcript.recognises,
        replay=replay_with(transcript.Steps),
        reader=transcript.Steps,
        paths_of=transcript.paths_of,
    )


AGENT: Final = Agent(
    name="antigravity",
    program="agy",
    # All that is said is in its transcript, and nothing in its payloads: they tell that there is something to read.
    hooks=(Hook("PreInvocation", answer=_NOTHING), Hook("Stop", answer=_NOTHING)),
    hook_files=HookFiles(
        user_folder=folder("", ".gemini"),
        user="antigravity-cli/hooks.json",
        project=".agents/hooks.json",
        format=JsonSettings(
            {"type": "command", "command": "", "timeout": HOOK_TIMEOUT_S}, within="agent-memory", is_flat=True
        ),
        trusts_folders=True,
        notes=("Some versions read ~/.gemini/config/hooks.json instead: if no event comes, link that to this file.",),
    ),
    self_test=CommandTest("UserPromptSubmit", payload.sample_prompt),
    detect=payload.detect,
    normalise=payload.normalise,
    load_transcripts=_transcripts,
    seen_running=False,
)
