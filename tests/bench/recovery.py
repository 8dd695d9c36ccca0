"""How long it takes until the daemon serves again: after kill -9 of each process, and of all over a large store.

    python tests/bench/recovery.py [--events 100000]

An event that is acknowledged shows that the writer and the query service are back; one that is in the table of contents
shows it of the worker. A supervisor is started again by `start`, the others by the supervisor.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil

from agent_memory.client import Client
from agent_memory.errors import AgentMemoryError
from bench import rig
from support.stack import Stack, wait_until
from support.writer import said

KILLS: Final = 5
# A process that dies sooner after its start is taken for one that can't be started.
SETTLED_S: Final = 2.0
_number = count()


def main(events: int) -> None:
    rig.print_machine("recovery")
    with rig.scratch_stack() as stack:
        rig.load(stack, rig.conversations(events))
        rig.table([f"{events:,} events", "s until served"], [("all killed, then start", _after_the_end_of_all(stack))])
        rig.wait_until_drained(stack)
        rig.table(["kill -9 of", "median s", "max s"], _rows(stack))


def _after_the_end_of_all(stack: Stack) -> float:
    """As a crash of the machine leaves it, but for what the system has written by itself."""
    stack.kill_all()
    began_s = time.perf_counter()
    stack.start()
    _serves(stack)
    return time.perf_counter() - began_s


def _rows(stack: Stack) -> Iterator[Sequence[object]]:
    for victim in rig.PROCESSES:
        took_s = [_after_the_end_of(stack, victim) for _ in range(KILLS)]
        yield victim, median(took_s), max(took_s)


def _after_the_end_of(stack: Stack, victim: str) -> float:
    wait_until(partial(_has_settled, stack, victim))
    stack.kill(victim)
    began_s = time.perf_counter()
    if victim == "supervisor":
        stack.start()
    _serves(stack)
    if victim == "worker":
        rig.wait_until_drained(stack)
    return time.perf_counter() - began_s


def _has_settled(stack: Stack, victim: str) -> bool:
    pid = stack.pid(victim)
    return pid > 0 and time.time() - psutil.Process(pid).create_time() > SETTLED_S


def _serves(stack: Stack) -> None:
    """Wait until an event is acknowledged."""

    def is_acknowledged() -> bool:
        now_ms = time.time_ns() // 1_000_000
        try:
            with Client(f"127.0.0.1:{stack.port}") as client:
                return client.ingest(said(f"recovery/{next(_number)}", now_ms)).created
        except AgentMemoryError:
            return False

    wait_until(is_acknowledged, rig.SYNC_S)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=100_000)
    main(parser.parse_args().events)
