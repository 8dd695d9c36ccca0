"""opencode."""

import json
from pathlib import Path
from typing import Final

from agent_memory.agents.agent import (
    HOOK_TIMEOUT_S,
    Agent,
    Hook,
    HookCommands,
    HookFiles,
    OwnFile,
    PluginTest,
    Transcripts,
    flat_context,
    folder,
)
from agent_memory.agents.opencode import payload

_PROGRAM: Final = "opencode"
# Calls the plugin as opencode would. Node takes the file for a script of the older kind, and gets it as a text.
_CALL_PLUGIN: Final = """\
const { readFileSync } = require("node:fs")
const [plugin, session, prompt, directory] = process.argv.slice(-4)
const text = () => "data:text/javascript," + encodeURIComponent(readFileSync(plugin, "utf8"))
import(process.versions.bun ? plugin : text()).then(async ({ AgentMemory }) => {
  const hooks = await AgentMemory({ directory })
  const message = { id: "msg_" + session, sessionID: session, role: "user", time: { created: Date.now() } }
  await hooks["chat.message"]({ sessionID: session }, { message, parts: [{ type: "text", text: prompt }] })
})
"""


def _plugin(commands: HookCommands) -> str:
    template = Path(__file__).with_name("plugin.js").read_text(encoding="utf-8")
    call, patience_ms = json.dumps(list(commands.program)), str(HOOK_TIMEOUT_S * 1000)
    return template.replace("@PROGRAM@", call).replace("@PATIENCE_MS@", patience_ms)


def _transcripts() -> Transcripts:
    from agent_memory.agents.opencode import transcript

    return Transcripts(
        folder=folder("XDG_DATA_HOME", ".local/share"),
        parts=("opencode",),
        endings=(transcript.DATABASE,),
        recognises=transcript.recognises,
        replay=transcript.replay,
    )


AGENT: Final = Agent(
    name="opencode",
    program=_PROGRAM,
    # The functions of our plugin.
    hooks=(
        Hook("event"),
        Hook("chat.message"),
        Hook("tool.execute.after"),
        Hook("experimental.text.complete"),
        Hook("dispose"),
    ),
    hook_files=HookFiles(
        user_folder=folder("XDG_CONFIG_HOME", ".config"),
        user="opencode/plugin/agent-memory.js",
        project=".opencode/plugin/agent-memory.js",
        format=OwnFile(_plugin),
    ),
    # opencode itself can run JavaScript.
    self_test=PluginTest(_CALL_PLUGIN, (_PROGRAM, "bun", "node")),
    detect=payload.detect,
    normalise=payload.normalise,
    load_transcripts=_transcripts,
    session_start_reply=flat_context,
    # Our plugin puts it before each request and keeps it nowhere.
    forgets_context=True,
    subagents_are_sessions=True,
)
