"""Kilo CLI: made from opencode, with the same plugins and the same database in folders of its own."""

from typing import Final

from agent_memory.agents.agent import Agent, Evidence, HookFiles, TranscriptHead, Transcripts, flat_context, folder
from agent_memory.agents.opencode import payload, plugin
from agent_memory.agents.payload import Payload

_NAME: Final = "kilo-cli"
_PROGRAM: Final = "kilo"
_DATABASE: Final = "kilo.db"
# The name of a table that opencode does not have.
_OWN_TABLE: Final = b"kilo_board"


def _detect(given: Payload) -> Evidence:
    return payload.detect_client(given, _NAME)


def _transcripts() -> Transcripts:
    from agent_memory.agents.databases import is_database, replay_with
    from agent_memory.agents.opencode import transcript

    def recognises(head: TranscriptHead) -> bool:
        if head.name == _DATABASE:
            return is_database(head)
        return transcript.recognises(head) and _OWN_TABLE in head.data

    return Transcripts(
        folder=folder("XDG_DATA_HOME", ".local/share"),
        parts=(_PROGRAM,),
        endings=(_DATABASE,),
        recognises=recognises,
        replay=replay_with(transcript.sessions),
    )


AGENT: Final = Agent(
    name=_NAME,
    program=_PROGRAM,
    hooks=plugin.HOOKS,
    hook_files=HookFiles(
        user_folder=folder("XDG_CONFIG_HOME", ".config"),
        user="kilo/plugin/agent-memory.js",
        project=".kilo/plugin/agent-memory.js",
        format=plugin.file(_NAME, "Kilo CLI"),
    ),
    self_test=plugin.test(_PROGRAM),
    mcp_servers=plugin.servers("kilo/kilo.json", "kilo/kilo.jsonc"),
    detect=_detect,
    normalise=payload.normalise,
    load_transcripts=_transcripts,
    session_start_reply=flat_context,
    # Our plugin puts it before each request and keeps it nowhere.
    forgets_context=True,
    subagents_are_sessions=True,
)
