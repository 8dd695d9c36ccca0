"""All the work for one store: a step at a time, whatever the clock and others do meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from agent_memory.model import TocLevel
from agent_memory.search import format as index
from agent_memory.search.reader import Filters, IndexReader
from agent_memory.search.tokens import tokens
from agent_memory.settings import Settings
from agent_memory.store import records
from agent_memory.worker.store_worker import StoreWorker
from agent_memory.worker.toc.segments import GAP_MS
from support.conversations import BEGIN_MS, conversations
from support.keeper import Keeper
from support.tree import Tree, check_sound, tree_of
from support.writer import WriterProcess, said

MINUTE_MS = 60_000


class Clock:
    """The time that the worker is told."""

    now_ms = BEGIN_MS

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def worker(writer: WriterProcess, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreWorker]:
    """The worker of a running writer's store."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", writer.environment["XDG_RUNTIME_DIR"])
    worker = StoreWorker(Settings(db_path=writer.db_path), writer.bus, clock)
    yield worker
    worker.close()


def work_off(worker: StoreWorker, *, woken: bool = True) -> None:
    """Step until there is nothing left to do."""
    while worker.step(woken=woken):
        pass


def open_segments(tree: Tree) -> set[bool]:
    return {entry.node.is_open for entry in tree.values() if entry.node.level == TocLevel.SEGMENT}


def test_steps_lead_to_a_whole_tree_and_a_whole_index(writer: WriterProcess, worker: StoreWorker, clock: Clock) -> None:
    """When nothing is left to do every consumer has taken in every event, and says so in the store."""
    clock.now_ms += 90 * 24 * 60 * MINUTE_MS
    events = conversations(5)
    writer.append(events)

    work_off(worker)

    reader = writer.reader()
    check_sound(reader, events)
    assert {name: state.cursor for name, state in records.consumers(reader).items()} == {
        "search": len(events),
        "toc": len(events),
    }
    assert index.current_file(index.folder_of(writer.db_path)).exists()
    found = IndexReader(writer.db_path)
    assert list(found.find(tokens("Postgres"), Filters(), 5))
    found.close()


def test_a_commit_that_came_first_costs_a_step_and_nothing_else(
    writer: WriterProcess, worker: StoreWorker, clock: Clock
) -> None:
    """Somebody else took in events meanwhile: the worker begins again from the stored cursor."""
    talk = [said(f"e{n}", BEGIN_MS + n * MINUTE_MS) for n in range(6)]
    writer.append(talk[:2])
    work_off(worker)
    other = Keeper(writer, now_ms=BEGIN_MS)
    writer.append(talk[2:4])
    other.drain()
    other.close()
    writer.append(talk[4:])

    assert worker.step(woken=True) is False
    work_off(worker)

    reader = writer.reader()
    assert records.consumer(reader, records.TOC).cursor == 6
    check_sound(reader, talk)


def test_a_clock_that_is_put_back_stops_nothing(
    writer: WriterProcess, worker: StoreWorker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the end of summer local time repeats an hour; what depends on the time is looked at all the same."""
    writer.append([said("e1", BEGIN_MS)])
    work_off(worker, woken=False)
    reader = writer.reader()
    assert open_segments(tree_of(reader)) == {True}
    clock.now_ms += GAP_MS
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Etc/GMT+12")
        time.tzset()
        work_off(worker, woken=False)
    time.tzset()

    reader.catch_up()
    assert open_segments(tree_of(reader)) == {False}
