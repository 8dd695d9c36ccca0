"""The real programs of agents begin a session with what is known of its project: their models are told so.

A program that is neither on PATH nor in the folder that AGENT_PROGRAMS names is passed over.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from agent_memory.capture import recalled
from agent_memory.hook import command
from agent_memory.model import EventType
from agent_memory.rpc import memory_pb2 as pb
from agents.model import Say, serving
from agents.programs import make_ready, program, run
from agents.talks import TALKS
from support.stack import CHECKOUT, Stack

pytestmark = pytest.mark.drill

PROMPT = "What is next?"
KNOWN = "We decided to deploy on Fridays, and never on Mondays."


@pytest.fixture
def remembering(stack: Stack) -> Stack:
    """A daemon that knows something of the project, and is to tell it."""
    make_ready(stack)
    stack.env["MEMORY_SESSION_START_TOKENS"] = "400"
    project = Path(stack.env["HOME"]) / "project"
    subprocess.run(["git", "init", "-q", project], check=True)
    stack.start()
    earlier = {"session_id": "earlier", "cwd": str(project), "hook_event_name": "UserPromptSubmit"}
    for number, said in enumerate((KNOWN, "Is the release ready?")):
        call = json.dumps({**earlier, "prompt": said, "prompt_id": f"p{number}"}).encode()
        subprocess.run(command.program(), input=call, env=stack.env, stdout=subprocess.DEVNULL, check=True)
    with stack.client() as client:
        stack.wait_until(lambda: client.toc_map(project=str(project)).sections)
    return stack


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
    prompts = [event.text.strip('"') for event in events if EventType(event.event_type) is EventType.USER_MESSAGE]
    # The earlier ones came by hand, as Claude Code's.
    assert [text for text in prompts if text not in (KNOWN, "Is the release ready?")] == [PROMPT]
    assert not any(recalled.OPENING in event.text or "notes about earlier" in event.text for event in events)


@pytest.mark.parametrize("agent", TALKS)
def test_the_model_is_told_what_is_known(remembering: Stack, agent: str) -> None:
    """By hooks that our command installs."""
    session_of, home = program(agent), Path(remembering.env["HOME"])

    with serving([Say("The release.")]) as model:
        talk = TALKS[agent](home, model.url, PROMPT, "true")
        run(remembering, home / "project", *remembering.command("hooks", "install", agent, "--user"))
        run(remembering, home / "project", session_of, *talk.arguments, **talk.environment)

    check_told(remembering, model.requests, agent)


@pytest.mark.parametrize("hooks_too", [False, True], ids=["alone", "beside-hooks"])
def test_the_plugin_does_it_once(remembering: Stack, tmp_path: Path, hooks_too: bool) -> None:
    """Added as a marketplace and installed by Claude Code itself, with memory-ingest on PATH.

    Where the settings have our hooks as well, both are called; status shows both.
    """
    claude, home = program("claude-code"), Path(remembering.env["HOME"])
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "memory-ingest").symlink_to(CHECKOUT / "bin" / "memory-ingest")
    remembering.env["PATH"] = os.pathsep.join([str(tmp_path / "bin"), remembering.env["PATH"]])

    with serving([Say("The release.")]) as model:
        talk = TALKS["claude-code"](home, model.url, PROMPT, "true")
        for words in (
            ("marketplace", "add", str(CHECKOUT / "ops" / "claude-code")),
            ("install", "agent-memory@agent-memory"),
        ):
            run(remembering, home / "project", claude, "plugin", *words, **talk.environment)
        if hooks_too:
            run(remembering, home / "project", *remembering.command("hooks", "install", "claude-code"))
        run(remembering, home / "project", claude, *talk.arguments, **talk.environment)

    check_told(remembering, model.requests, "claude-code")
    status = json.loads(remembering.run("hooks", "status", "--json").stdout)["hooks"]
    connected = {row["scope"] for row in status if row["agent"] == "claude-code" and row["state"] == "up to date"}
    assert connected == {"plugin", *(["user"] if hooks_too else [])}
