"""Killing processes while events are erased: the erasure is finished, and nothing of it is left."""

from __future__ import annotations

import time
from dataclasses import replace
from random import Random

import pytest

from agent_memory.erasure.proof import prove
from agent_memory.errors import AgentMemoryError
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store.maintenance.verify import verify
from agent_memory.store.reader import open_snapshot
from support.conversations import conversations
from support.stack import Stack, wait_until

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]

ROUNDS = 10
SEED = 4


def test_an_erasure_survives_kill_9_of_any_process(stack: Stack) -> None:
    """In each round a third of the events goes, while the worker, the writer and the query service are killed."""
    random = Random(SEED)
    stack.start()
    for number in range(ROUNDS):
        events = [
            replace(event, text=f"{event.text} Note {number}x{place} is decided.")
            for place, event in enumerate(conversations(number, sessions=3, events_each=80))
        ]
        gone = [event for event in events if random.random() < 0.3]
        with stack.client() as client:
            for at in range(0, len(events), 100):
                client.ingest_many(events[at : at + 100])
            selection = pb.EventSelection(event_ids=[event.event_id for event in gone])
            begun = client.erase(pb.EraseRequest(kind=pb.ERASURE_KIND_FORGET, selection=selection))
        assert begun.events == len(gone)

        for _ in range(3):
            time.sleep(random.random())
            stack.kill(random.choice(("worker", "ingest", "query")))
            wait_until(lambda: stack.status()["health"] == "SERVING")
        wait_until(lambda: not is_running(stack), timeout_s=120)

        with stack.client() as client:
            assert not any(result.created for result in client.ingest_many(gone))
            wait_until(lambda: client.stats().outbox == 0)
        with open_snapshot(stack.db_path) as reader:
            assert not verify(reader).problems, f"seed {SEED}, round {number}"
        proof = prove(stack.db_path, stack.db_path.with_name("logs"), begun.passages)
        assert proof.is_proved, f"seed {SEED}, round {number}: {proof}"


def is_running(stack: Stack) -> bool:
    try:
        with stack.client() as client:
            return client.erasure_status().is_running
    except AgentMemoryError:
        return True
