"""The real programs of agents: connected by our command, talked with, and read back from the table of contents.

Each holds a session with a model of our own. A program that is neither on PATH nor in the folder that AGENT_PROGRAMS
names is passed over.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from agent_memory.client import Client
from agent_memory.model import EventType, TocLevel
from agent_memory.rpc import memory_pb2 as pb
from agents.model import Say, Step, serving
from agents.programs import make_ready, program, run
from agents.talks import TALKS
from support.stack import Stack

pytestmark = pytest.mark.drill

PROMPT = "Please set up notes.md.\n\nRemember that we deploy on Fridays, «nie montags», 金曜日に."
REPLY = "I wrote notes.md, and I will remember that the deployment is on Fridays."
# One agent loses the output of a command that ends at once on a busy machine; its model gets none either.
COMMAND = "echo hello from the tool; sleep 1"
OUTPUT = "hello from the tool"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scope", ["--user", "--project"])
@pytest.mark.parametrize("agent", TALKS)
def test_a_session_is_remembered(stack: Stack, agent: str, scope: str) -> None:
    """What the user said, what a tool did, what the agent answered and that it ended, down from the root.

    And once: what the agent wrote down of it adds nothing.
    """
    make_ready(stack)
    session_of = program(agent)
    home = Path(stack.env["HOME"])
    project = home / "project"
    subprocess.run(["git", "init", "-q", project], check=True)
    stack.start()
    script: list[Step] = []

    with serving(script) as model:
        talk = TALKS[agent](home, model.url, PROMPT, COMMAND)
        script += [talk.tool, Say(REPLY)]
        run(stack, project, *stack.command("hooks", "install", agent, scope))
        run(stack, project, session_of, *talk.arguments, **talk.environment)

    with stack.client() as client:
        # One agent is not told when a session ends that nobody watches.
        last = EventType.SESSION_END if talk.tells_end else EventType.ASSISTANT_STOP
        events = stack.wait_until(lambda: session(client, agent, last))
        texts = {kind: [event.text for event in events if event.event_type == kind] for kind in EventType}
        # opencode puts a prompt of several words into quotation marks.
        assert [text.strip('"') for text in texts[EventType.USER_MESSAGE]] == [PROMPT]
        ((call, _, result),) = [text.partition("\n") for text in texts[EventType.TOOL_RESULT]]
        assert (COMMAND in call, OUTPUT in result) == (True, True)
        assert REPLY in texts[EventType.ASSISTANT_STOP] + texts[EventType.ASSISTANT_MESSAGE]
        assert len(texts[EventType.SESSION_START]) == 1
        assert {event.metadata["project"] for event in events} == {str(project)}
        proof = stack.wait_until(lambda: [event for node in nodes(client) for event in proven(client, node)])
        assert {event.session_id for event in proof} == {events[0].session_id}
        assert {event.event_id for event in proof} <= {event.event_id for event in events}
    again = json.loads(stack.run("backfill", agent, "--json").stdout)["agents"][agent]
    assert (again["stored"], again["known"] > 0) == (0, True)


def session(client: Client, agent: str, last: EventType) -> Sequence[pb.Event]:
    """All events of the agent, once one of that kind is among them."""
    events = client.events(pb.GetEventsRequest(agent=agent)).events
    return events if any(EventType(event.event_type) is last for event in events) else []


def nodes(client: Client, parent_id: str = "") -> Iterator[pb.TocNode]:
    """The segments, by the way that a reader goes: down from the root."""
    children = client.browse(parent_id).children if parent_id else client.root().nodes
    for node in children:
        if TocLevel(node.level) is TocLevel.SEGMENT:
            yield node
        else:
            yield from nodes(client, node.node_id)


def proven(client: Client, node: pb.TocNode) -> Iterator[pb.Event]:
    """The events that a node's lines lead to."""
    for bullet in node.bullets:
        for grip_id in bullet.grip_ids:
            yield from client.expand(grip_id).excerpt_events
