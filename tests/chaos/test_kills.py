"""Deaths under load: no acknowledged event lost or doubled, and the tree that an undisturbed run would have made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from agent_memory.model import Event
from chaos.rig import BATCH, Load, settled_tree, undisturbed
from support.conversations import BEGIN_MS, conversations
from support.stack import Stack, is_alive, scratch, wait_until
from support.tree import Tree
from support.writer import said

STARTED_S = 2
PROCESSES = ("ingest", "query", "worker")


def history(sessions: int) -> list[Event]:
    """Sessions as they happened, but for the first, which is told last."""
    events = conversations(21, sessions=sessions)
    return sorted(events, key=lambda event: (event.session_id.endswith("-0"), event.position))


@pytest.fixture
def other_stack(tmp_path: Path) -> Iterator[Stack]:
    """A second scratch home, for the run in which nothing happens."""
    with scratch(tmp_path / "other") as found:
        yield found


def tree_after_kills(stack: Stack, events: list[Event], victims: list[str], random: Random) -> Tree:
    """The tree of a run in which these processes die, one after another, at random moments of the load."""
    stack.start()
    load = Load(stack, events)
    load.start()
    for number, victim in enumerate(victims):
        # A part of the events lies between any two deaths, and chance decides what else has happened by then.
        due = len(events) * number // (len(victims) + 1)
        wait_until(lambda due=due: len(load.acknowledged) >= due)  # type: ignore[misc]
        time.sleep(random.uniform(0, 0.3))
        kill(stack, victim)
    load.join()
    assert load.acknowledged == events
    tree = settled_tree(stack.db_path, events)
    stack.stop()
    return tree


def kill(stack: Stack, victim: str) -> None:
    """kill -9; a killed supervisor is started again."""
    pid = wait_until(lambda: pid_of_settled(stack, victim))
    os.kill(pid, signal.SIGKILL)
    if victim == "supervisor":
        wait_until(lambda: not is_alive(pid))
        stack.start()


def pid_of_settled(stack: Stack, victim: str) -> int:
    """The PID once the process runs for longer than `startsecs`: deaths before that are a crash loop, and given up."""
    found = stack.status()
    if victim == "supervisor":
        return int(found["pid"] or 0)
    (process,) = (each for each in found["processes"] if each["name"] == victim)
    return int(process["pid"] or 0) if process["uptime_s"] >= STARTED_S else 0


def test_each_process_may_die_under_load(stack: Stack, other_stack: Stack) -> None:
    """One death each of the three processes: nothing is lost, doubled or summarized differently."""
    events = history(sessions=6)

    assert tree_after_kills(stack, events, list(PROCESSES), Random(1)) == undisturbed(other_stack, events)


@pytest.mark.drill
@pytest.mark.timeout(600)
@pytest.mark.parametrize("victim", [*PROCESSES, "supervisor", "any"])
def test_many_deaths_change_nothing(stack: Stack, other_stack: Stack, victim: str) -> None:
    """The same with twelve deaths, of one and the same process or of whichever chance names."""
    random = Random(victim)
    victims = [random.choice([*PROCESSES, "supervisor"]) if victim == "any" else victim for _ in range(12)]
    events = history(sessions=40)

    assert tree_after_kills(stack, events, victims, random) == undisturbed(other_stack, events)


def test_an_orderly_stop_under_load_keeps_what_was_acknowledged(stack: Stack) -> None:
    """`stop` while events stream in: what was acknowledged is there after the next start, the batch under way whole."""
    stack.start()
    # More than can be sent before the stop.
    events = [said(f"e{n:05}", BEGIN_MS + n * 1000, session_id=f"s{n % 5}") for n in range(50_000)]
    load = Load(stack, events)
    load.start()
    wait_until(lambda: load.acknowledged)

    stack.stop()
    load.stop()

    known = len(load.acknowledged)
    assert known < len(events)
    stack.start()
    with stack.client() as client:
        stored = client.stats().events
    assert stored in (known, known + BATCH)
    settled_tree(stack.db_path, events[:stored])


@pytest.mark.drill
def test_two_workers_at_once_double_nothing(stack: Stack, other_stack: Stack) -> None:
    """Even where the worker's lock fails: commits are fenced, so the second works in vain and harms nothing."""
    events = history(sessions=20)
    stack.start()
    socket = Path(stack.status()["socket"].removeprefix("unix:"))
    (socket.parent / "worker.lock").unlink()
    second = subprocess.Popen([sys.executable, "-m", "agent_memory.worker"], env=stack.env, stderr=subprocess.PIPE)
    try:
        wait_until(lambda: (socket.parent / "worker.lock").exists())
        load = Load(stack, events)
        load.start()
        load.join()
        tree = settled_tree(stack.db_path, events)
    finally:
        second.terminate()
        second.communicate(timeout=30)

    assert second.returncode == 0
    assert tree == undisturbed(other_stack, events)
