"""Concurrent events go to the writer as one command, and each caller gets the outcome of its own."""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from agent_memory.bus import client
from agent_memory.errors import WriterSilent
from agent_memory.messages import event_to_pb
from agent_memory.query.inbound.append_batcher import SMALL_BYTES, AppendBatcher, Appended, Outcome
from agent_memory.query.inbound.intake import Admitted
from agent_memory.rpc import bus_pb2 as bus
from agent_memory.store import records
from support.writer import WriterProcess, said

START_MS = 1_760_000_000_000
CALLERS = 24


def event(number: int, text: str = "We decided to use Postgres.") -> Admitted:
    return Admitted(event_to_pb(said(f"e{number}", START_MS + number, text)).SerializeToString(), Counter())


def append_at_once(batcher: AppendBatcher, events: list[Admitted]) -> list[Appended]:
    """Append each event from a thread of its own, all at once; returns for each whether it was new."""
    barrier = threading.Barrier(len(events))

    def append(each: Admitted) -> Appended:
        barrier.wait(10)
        return batcher.append(each)

    with ThreadPoolExecutor(len(events)) as pool:
        return list(pool.map(append, events))


def test_each_of_many_callers_gets_its_own_outcome(writer: WriterProcess) -> None:
    """Every id twice, small and large, concurrently: one of each two is new, and all are stored."""
    batcher = AppendBatcher(writer.bus)
    texts = ["short", "x" * (SMALL_BYTES + 1)]
    events = [event(number % CALLERS, texts[number % 2]) for number in range(2 * CALLERS)]
    created = append_at_once(batcher, events)

    assert [created[number] + created[number + CALLERS] for number in range(CALLERS)] == [1] * CALLERS
    assert len(list(records.session_events(writer.reader(), "s1"))) == CALLERS


def test_a_writer_that_dies_meanwhile_costs_no_caller_its_event(writer: WriterProcess) -> None:
    """Callers that came while the writer was gone are answered once it is back, and everything is stored once."""
    batcher = AppendBatcher(writer.bus)
    writer.kill()
    with ThreadPoolExecutor(1) as pool:
        created = pool.submit(append_at_once, batcher, [event(number) for number in range(CALLERS)])
        writer.start()
        assert created.result(30) == [Appended.CREATED] * CALLERS

    assert len(list(records.session_events(writer.reader(), "s1"))) == CALLERS


def test_each_of_those_that_do_not_wait_is_answered_once(writer: WriterProcess) -> None:
    """Events that are handed in while a command is under way are sent with the next one, in their order."""
    batcher = AppendBatcher(writer.bus)
    answers: queue.SimpleQueue[tuple[int, Outcome]] = queue.SimpleQueue()
    handed = [[event(number), event(number + 1)] for number in range(CALLERS)]

    def answer_of(number: int) -> Callable[[Outcome], None]:
        return lambda outcome: answers.put((number, outcome))

    for number, events in enumerate(handed):
        batcher.append_soon(events, answer_of(number))
    answered = dict(answers.get(timeout=10) for _ in handed)

    assert answered == {0: [1, 1]} | {number: [0, 1] for number in range(1, CALLERS)}
    assert answers.empty()
    assert len(list(records.session_events(writer.reader(), "s1"))) == CALLERS + 1


def test_what_nobody_waits_for_ends_when_its_time_is_over(
    writer: WriterProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that does not answer in time costs an error, and what comes later is sent again."""
    monkeypatch.setattr(client, "TIMEOUT_S", 0.2)
    ended: queue.SimpleQueue[client.Outcome] = queue.SimpleQueue()
    writer.kill()
    writer.bus.send(bus.Command(ping=bus.Ping()), ended.put)
    silent = ended.get(timeout=10)
    monkeypatch.undo()
    writer.start()
    writer.bus.send(bus.Command(ping=bus.Ping()), ended.put)
    answered = ended.get(timeout=10)

    assert isinstance(silent, WriterSilent)
    assert isinstance(answered, bus.Reply)
    assert ended.empty()
