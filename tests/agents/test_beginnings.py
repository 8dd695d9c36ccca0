"""The real programs of five agents begin a session with what is known of its project: their models are told so.

A program that is neither on PATH nor in the folder that AGENT_PROGRAMS names is passed over.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from agent_memory.capture import recalled
from agent_memory.hook.agents import PROGRAMS
from agent_memory.hook.command import program as hook_program
from agent_memory.model import EventType
from agent_memory.rpc import memory_pb2 as pb
from agents.model import Say, serving
from agents.talks import TALKS
from stack import CHECKOUT, Stack

pytestmark = pytest.mark.drill

PROMPT = "What is next?"
KNOWN = "We decided to deploy on Fridays, and never on Mondays."
SESSION_S = 120


@pytest.fixture
def remembering(stack: Stack) -> Stack:
    """A daemon that knows something of the project, and is to tell it."""
    stack.env["PATH"] = os.pathsep.join(filter(None, [os.environ.get("AGENT_PROGRAMS"), stack.env["PATH"]]))
    stack.env["MEMORY_SESSION_START_TOKENS"] = "400"
    # On a busy machine, too: what is late is left out.
    stack.env["MEMORY_HOOK_DEADLINE_MS"] = "4000"
    project = Path(stack.env["HOME"]) / "project"
    subprocess.run(["git", "init", "-q", project], check=True)
    stack.start()
    earlier = {"session_id": "earlier", "cwd": str(project), "hook_event_name": "UserPromptSubmit"}
    for number, said in enumerate((KNOWN, "Is the release ready?")):
        call = json.dumps({**earlier, "prompt": said, "prompt_id": f"p{number}"}).encode()
        subprocess.run(hook_program(), input=call, env=stack.env, stdout=subprocess.DEVNULL, check=True)
    with stack.client() as client:
        stack.wait_until(lambda: client.toc_map(project=str(project)).sections)
    return stack


def program_of(stack: Stack, agent: str) -> str:
    found = shutil.which(PROGRAMS[agent], path=stack.env["PATH"])
    if found is None:
        pytest.skip(f"{PROGRAMS[agent]} is not installed")
    return found


def run(stack: Stack, *command: str, **variables: str) -> None:
    """Run it in the project to its end, which must be a good one."""
    project = Path(stack.env["HOME"]) / "project"
    done = subprocess.run(
        command,
        cwd=project,
        # One agent takes its folder from there.
        env={**stack.env, **variables, "PWD": str(project)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SESSION_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def check_told(stack: Stack, requests: list[dict[str, object]], agent: str) -> None:
    """The model was told what is known, once in each request; stored is the prompt alone."""
    asked = [json.dumps(request) for request in requests if request.get("tools")]
    assert asked
    # Brackets are escaped by some.
    marks = [text.count("agent-memory-recall") for text in asked]
    assert marks == [2] * len(asked)
    assert all("deploy on Fridays" in text for text in asked)
    with stack.client() as client:
        events = client.events(pb.GetEventsRequest(agent=agent, limit=100)).events
    prompts = [event.text.strip('"') for event in events if event.event_type == EventType.USER_MESSAGE]
    # The earlier ones came by hand, as Claude Code's.
    assert [text for text in prompts if text not in (KNOWN, "Is the release ready?")] == [PROMPT]
    assert not any(recalled.OPENING in event.text or "notes about earlier" in event.text for event in events)


@pytest.mark.parametrize("agent", TALKS)
def test_the_model_is_told_what_is_known(remembering: Stack, agent: str) -> None:
    """By hooks that our command installs."""
    program = program_of(remembering, agent)

    with serving([Say("The release.")]) as model:
        talk = TALKS[agent](Path(remembering.env["HOME"]), model.url, PROMPT, "true")
        run(remembering, *remembering.command("hooks", "install", agent, "--user"))
        run(remembering, program, *talk.arguments, **talk.environment)

    check_told(remembering, model.requests, agent)


def test_the_plugin_does_it_alone(remembering: Stack, tmp_path: Path) -> None:
    """Added as a marketplace and installed by Claude Code itself, with memory-ingest on PATH."""
    program = program_of(remembering, "claude-code")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "memory-ingest").symlink_to(CHECKOUT / "bin" / "memory-ingest")
    remembering.env["PATH"] = os.pathsep.join([str(tmp_path / "bin"), remembering.env["PATH"]])

    with serving([Say("The release.")]) as model:
        talk = TALKS["claude-code"](Path(remembering.env["HOME"]), model.url, PROMPT, "true")
        for words in (
            ("marketplace", "add", str(CHECKOUT / "ops" / "claude-code")),
            ("install", "agent-memory@agent-memory"),
        ):
            run(remembering, program, "plugin", *words, **talk.environment)
        run(remembering, program, *talk.arguments, **talk.environment)

    check_told(remembering, model.requests, "claude-code")
