"""Our plugin and our server, for opencode and for what was made from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from agent_memory.agents.agent import HOOK_TIMEOUT_S, Hook, HookCommands, McpServers, OwnFile, PluginTest, folder
from agent_memory.agents.payload import Payload

# The functions of the plugin.
HOOKS: Final = (
    Hook("event"),
    Hook("chat.message"),
    Hook("tool.execute.after"),
    Hook("experimental.text.complete"),
    Hook("dispose"),
)
# Calls the plugin as its agent would. Node takes the file for a script of the older kind, and gets it as a text.
_CALL: Final = """\
const { readFileSync } = require("node:fs")
const [plugin, session, prompt, directory] = process.argv.slice(-4)
const text = () => "data:text/javascript," + encodeURIComponent(readFileSync(plugin, "utf8"))
import(process.versions.bun ? plugin : text()).then(async ({ AgentMemory }) => {
  const hooks = await AgentMemory({ directory })
  const message = { id: "msg_" + session, sessionID: session, role: "user", time: { created: Date.now() } }
  await hooks["chat.message"]({ sessionID: session }, { message, parts: [{ type: "text", text: prompt }] })
})
"""


def file(client: str, title: str) -> OwnFile:
    """The plugin for the agent of that name, with its name as people write it."""
    return OwnFile(_content(client, title))


def test(program: str) -> PluginTest:
    """The agent's own program can run JavaScript."""
    return PluginTest(_CALL, (program, "bun", "node"))


def servers(*files: str) -> McpServers:
    """Where its MCP servers are: all of those files are read."""
    return McpServers(
        user_folder=folder("XDG_CONFIG_HOME", ".config"),
        files=files,
        within="mcp",
        entry=_server,
        reads_comments=True,
    )


def _server(words: Sequence[str]) -> Payload:
    return {"type": "local", "command": [*words]}


def _content(client: str, title: str) -> Callable[[HookCommands], str]:
    def content(commands: HookCommands) -> str:
        text = Path(__file__).with_name("plugin.js").read_text(encoding="utf-8")
        values = {
            "CLIENT": client,
            "TITLE": title,
            "PROGRAM": json.dumps(list(commands.program)),
            "PATIENCE_MS": str(HOOK_TIMEOUT_S * 1000),
        }
        for name, value in values.items():
            text = text.replace(f"@{name}@", value)
        return text

    return content
