"""The real programs of agents ask the memory by its tools, each in its own spelling of their names.

Each holds a session with a model of our own that calls the tool. A program that is neither on PATH nor in the folder
that AGENT_PROGRAMS names is passed over.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from agent_memory.client import Client
from agent_memory.model import EventType
from agent_memory.rpc import memory_pb2 as pb
from agents.model import Say, Step, Use, serving
from agents.programs import make_ready, program, run
from agents.talks import TALKS
from support.stack import Stack
from support.writer import said

pytestmark = pytest.mark.drill

REMEMBERED = "We decided that the limpet valve is set to nine, because eight was too slow."
REPLY = "It is as you agreed then."
QUESTION = {"query": "limpet valve", "project": "all"}
CALLS = {
    "claude-code": Use("mcp__agent-memory__search", QUESTION),
    "codex": Use("search", QUESTION, namespace="mcp__agent_memory"),
    "gemini-cli": Use("mcp_agent-memory_search", QUESTION),
    "copilot-cli": Use("agent-memory-search", QUESTION),
    "opencode": Use("agent-memory_search", QUESTION),
    "qwen-code": Use("mcp__agent-memory__search", QUESTION),
    "kilo-cli": Use("agent-memory_search", QUESTION),
    "droid": Use("agent-memory___search", QUESTION),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("agent", CALLS)
def test_a_session_asks_and_its_answer_is_not_stored_again(stack: Stack, agent: str) -> None:
    """The model reads what was said once; of question and answer, neither hooks nor transcripts add anything."""
    make_ready(stack)
    program_of = program(agent)
    home = Path(stack.env["HOME"])
    project = home / "project"
    subprocess.run(["git", "init", "-q", project], check=True)
    stack.start()
    with stack.client() as client:
        client.ingest(said("remembered", 1_760_000_000_000, REMEMBERED, session_id="earlier"))
    stack.wait_until(lambda: REMEMBERED.partition(",")[0] in stack.run("search", "limpet valve").stdout)
    script: list[Step] = [CALLS[agent], Say(REPLY)]

    with serving(script) as model:
        talk = TALKS[agent](home, model.url, "How did we set the valve?", "true")
        run(stack, project, *stack.command("hooks", "install", agent))
        run(stack, project, *stack.command("mcp", "install", agent))
        run(stack, project, program_of, *talk.arguments, **talk.environment)
        asked = json.dumps(model.requests, ensure_ascii=False)

    assert "because eight was too slow" in asked
    assert "agent-memory-recall" in asked
    with stack.client() as client:
        last = EventType.SESSION_END if talk.tells_end else EventType.ASSISTANT_STOP
        stack.wait_until(lambda: [each for each in events_of(client, agent) if EventType(each.event_type) is last])
        again = json.loads(stack.run("backfill", agent, "--json").stdout)["agents"][agent]
        assert again["known"] > 0
        stored = events_of(client, agent)
    assert [
        each.text for each in stored if "limpet" in each.text or EventType(each.event_type) is EventType.TOOL_RESULT
    ] == []
    assert any(REPLY in each.text for each in stored)


def events_of(client: Client, agent: str) -> list[pb.Event]:
    """What its own session left."""
    return [each for each in client.events(pb.GetEventsRequest(agent=agent)).events if each.session_id != "earlier"]
