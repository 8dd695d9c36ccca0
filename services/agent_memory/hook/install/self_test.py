"""Trials: one prompt said through a hook as it is installed, in the words its agent would tell it in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from agent_memory.errors import AgentMemoryError
from agent_memory.hook.agents import HOOKS, PROGRAMS
from agent_memory.hook.command import command
from agent_memory.hook.install.config_paths import TIMEOUT_S

# The hook by which each tells what its user said.
_PROMPTS: Final = {
    "claude-code": "UserPromptSubmit",
    "codex": "UserPromptSubmit",
    "gemini-cli": "BeforeAgent",
    "copilot-cli": "userPromptSubmitted",
}
# Where those keep their transcripts, by which they are known.
_FOLDERS: Final = {"claude-code": ".claude", "codex": ".codex", "gemini-cli": ".gemini"}
# What calls the plugin as opencode would. Node takes the file for a script of the older kind, and gets it as a text.
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


def say(agent: str, installed: Path, prompt: str, session_id: str, store: str) -> None:
    """Have the agent's hook told of a prompt, in a session of its own; raises AgentMemoryError where it can't be run.

    `installed` is the file the hook is in, and has to be up to date.
    """
    if agent == "opencode":
        call = [*_javascript(), "-e", _CALL_PLUGIN, str(installed), session_id, prompt, str(Path.cwd())]
        stdin = b""
    else:
        event = _PROMPTS[agent]
        call = ["/bin/sh", "-c", command(agent, event, store)]
        stdin = json.dumps(_payload(agent, event, prompt, session_id)).encode()
    environment = {**os.environ, "BUN_BE_BUN": "1"}
    try:
        done = subprocess.run(
            call, input=stdin, capture_output=True, env=environment, timeout=4 * TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise AgentMemoryError(f"The hook did not end within {4 * TIMEOUT_S} s.") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise AgentMemoryError(f"The hook ended with {done.returncode}: {said or 'it said nothing'}")


def _payload(agent: str, event: str, prompt: str, session_id: str) -> dict[str, object]:
    now = datetime.now(UTC)
    if agent == "copilot-cli":
        timestamp_ms = int(now.timestamp() * 1000)
        return {"sessionId": session_id, "timestamp": timestamp_ms, "cwd": str(Path.cwd()), "prompt": prompt}
    transcript = Path.home() / _FOLDERS[agent] / f"{session_id}.jsonl"
    said: dict[str, object] = {
        "session_id": session_id,
        "transcript_path": str(transcript),
        "cwd": str(Path.cwd()),
        "hook_event_name": event,
    }
    match agent:
        case "claude-code":
            turn: dict[str, object] = {"prompt_id": session_id}
        case "codex":
            turn = {"turn_id": session_id}
        case _:
            turn = {"timestamp": now.isoformat()}
    return {**said, **turn, "prompt": prompt}


def _javascript() -> list[str]:
    """A program that runs the plugin: opencode itself is one."""
    for name in (PROGRAMS["opencode"], "bun", "node"):
        if path := shutil.which(name):
            return [path]
    raise AgentMemoryError("Neither opencode nor node is on PATH, and it takes one of them to run the plugin.")


assert set(_PROMPTS) == set(HOOKS) - {"opencode"}
