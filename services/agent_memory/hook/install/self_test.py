"""The self-test: one prompt through a hook as it is installed, in the form its agent would send it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from agent_memory.agents.agent import HOOK_TIMEOUT_S, Agent, CommandTest, PluginTest, SamplePrompt
from agent_memory.errors import AgentMemoryError
from agent_memory.hook.command import command
from agent_memory.model import DEFAULT_STORE
from agent_memory.project_stores import VARIABLE


def send(agent: Agent, installed: Path, prompt: str, session_id: str, store: str, project_store: str) -> None:
    """Call the agent's hook with a prompt, in a session of its own; raises AgentMemoryError where it can't be run.

    `installed` is the file the hook is in, which must be up to date; `store` and `project_store` are those it names.
    """
    test = agent.self_test
    if isinstance(test, CommandTest):
        sample = SamplePrompt(prompt, session_id, Path.cwd(), Path.home(), datetime.now(UTC))
        answer = next((hook.answer for hook in agent.hooks if hook.event == test.event), None)
        call = ["/bin/sh", "-c", command(agent.name, test.event, store, answer, project_store)]
        stdin = json.dumps(test.payload(sample)).encode()
    else:
        call = [_javascript(test), "-e", test.script, str(installed), session_id, prompt, str(Path.cwd())]
        stdin = b""
    # Whatever store this shell or this folder belongs to, the one that the hook names is looked into, or the default.
    environment = {**os.environ, "BUN_BE_BUN": "1", VARIABLE: DEFAULT_STORE}
    try:
        done = subprocess.run(
            call, input=stdin, capture_output=True, env=environment, timeout=4 * HOOK_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise AgentMemoryError(f"The hook did not end within {4 * HOOK_TIMEOUT_S} s.") from error
    if done.returncode:
        output = done.stderr.decode(errors="replace").strip()
        raise AgentMemoryError(f"The hook exited with {done.returncode}: {output or 'it printed nothing'}")


def _javascript(test: PluginTest) -> str:
    """A program that runs the plugin."""
    for name in test.programs:
        if path := shutil.which(name):
            return path
    raise AgentMemoryError(f"To run the plugin, one of these must be on PATH: {', '.join(test.programs)}.")
