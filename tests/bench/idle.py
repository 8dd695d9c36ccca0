"""What the stack costs while nothing happens, and how long a command takes.

    python tests/bench/idle.py [--events 100000] [--seconds 30] [--low-memory]

Processor time and memory of each process, right after the start and again after so many events were taken in and told.
PSS counts a page that several processes share once in total; it is what the machine would get back.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import rig
from support.stack import Stack

RUNS = 20


def main(events: int, seconds: float, low_memory: str) -> None:
    rig.print_machine("idle")
    with rig.scratch_stack(MEMORY_LOW_MEMORY=low_memory) as stack:
        rig.table(["right after the start", "CPU %", "RSS MiB", "PSS MiB"], list(_idle(stack, seconds)))
        rig.load(stack, rig.conversations(events))
        rig.wait_until_drained(stack)
        rig.table([f"after {events:,} events", "CPU %", "RSS MiB", "PSS MiB"], list(_idle(stack, seconds)))
        rig.table(["command", "median ms", "max ms"], _commands(stack))


def _idle(stack: Stack, seconds: float) -> Iterator[Sequence[object]]:
    """One row a process, and their sum. CPU is in percent of one core."""
    running = rig.processes(stack)
    with rig.cpu_used(running) as used:
        _nothing_for(seconds)
    sums = [0.0, 0.0, 0.0]
    for name, process in running.items():
        row = [used[name] / seconds * 100, rig.rss_mib(process), rig.pss_mib(process)]
        sums = [total + value for total, value in zip(sums, row, strict=True)]
        yield [name, *row]
    yield ["all", *sums]


def _nothing_for(seconds: float) -> None:
    """What is measured is time passing."""
    threading.Event().wait(seconds)


def _commands(stack: Stack) -> Iterator[Sequence[object]]:
    lines = {
        "memory-daemon status": stack.command("status"),
        "memory-daemon --help": stack.command("--help"),
        "python -c pass": [sys.executable, "-c", "pass"],
    }
    for name, line in lines.items():
        took = [_seconds_of(stack, line) for _ in range(RUNS)]
        yield [name, median(took) * 1000, max(took) * 1000]


def _seconds_of(stack: Stack, line: Sequence[str]) -> float:
    started = time.perf_counter()
    subprocess.run(line, env=stack.env, cwd=stack.folder, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000, help="taken in before the second look")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long each look lasts")
    parser.add_argument("--low-memory", action="store_const", const="true", default="false", help="with that setting")
    options = parser.parse_args()
    main(options.events, options.seconds, options.low_memory)
