"""What backups cost: while a client writes at full rate, at rest, and to check and restore.

    python tests/bench/backups.py [--events 100000]

A client writes batches with and without backups being made one after another; the batches' times stand beside each
other. Then the times and rates of one backup, of checking it, and of restoring it, beside copying the files; and of an
export, and its import into a new store.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_memory.backup import backups
from agent_memory.rpc import memory_pb2 as pb
from bench import rig
from support.stack import Stack

BATCHES = 150


def main(events: int) -> None:
    rig.print_machine("backups")
    with rig.scratch_stack() as stack:
        parent = stack.folder / "backups"
        rig.load(stack, rig.conversations(events))
        rig.wait_until_drained(stack)
        batches = rig.batches(rig.conversations(1_000_000, name="batch"))
        alone = _batch_times(stack, batches)
        with _Backups(stack, parent) as beside:
            together = _batch_times(stack, batches)
        print(f"{len(beside.took_s)} backups beside the second row, {median(beside.took_s):.2f} s each")
        rig.table(
            ["batches of 500", "p50 ms", "p99 ms", "max ms"], [_row("alone", alone), _row("beside backups", together)]
        )
        rig.table(["events", "s", "events/s"], _exchange(stack))
        stack.stop()
        last = backups.newest(parent)
        assert last is not None
        size = last.manifest.size_bytes
        restored, copied = stack.folder / "restored", stack.folder / "copied"
        rig.table(
            [f"{size / 1e6:.0f} MB", "s", "MB/s"],
            [
                _rate("backup", size, lambda: _run(stack, "admin", "backup", parent)),
                _rate("verify", size, lambda: _run(stack, "admin", "backup", "verify", last.folder)),
                _rate("restore", size, lambda: _run(stack, "admin", "restore", last.folder, "--db-path", restored)),
                _rate("a bare copy", size, lambda: shutil.copytree(last.folder, copied)),
            ],
        )


def _exchange(stack: Stack) -> Iterator[tuple[object, ...]]:
    """An export of all, and its import where nothing is there, each with how long it took and its rate."""
    exported = stack.folder / "exported.jsonl"
    with stack.client() as client:
        events = client.stats().events
    with rig.scratch_stack() as other:
        for name, work in (
            ("export", lambda: _run(stack, "admin", "export", "--output", exported)),
            ("import", lambda: _run(other, "admin", "import", "--input", exported)),
        ):
            took_s = _took_s(work)
            yield name, took_s, events / took_s


class _Backups(threading.Thread):
    """Makes one backup after another while the block runs."""

    def __init__(self, stack: Stack, parent: Path) -> None:
        super().__init__(name="backups")
        self._stack = stack
        self._parent = parent
        self._stopping = threading.Event()
        self.took_s: list[float] = []

    def run(self) -> None:
        while not self._stopping.is_set():
            began_s = time.perf_counter()
            _run(self._stack, "admin", "backup", self._parent, "--keep", 3)
            self.took_s.append(time.perf_counter() - began_s)

    def __enter__(self) -> _Backups:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        self.join()


def _batch_times(stack: Stack, batches: Iterator[list[pb.Event]]) -> list[float]:
    took_s: list[float] = []
    with rig.channel(stack) as opened:
        ingest = rig.rpc(opened, "IngestEvents")
        for _ in range(BATCHES):
            content = pb.IngestEventsRequest(events=next(batches)).SerializeToString()
            began_s = time.perf_counter()
            ingest(content)
            took_s.append(time.perf_counter() - began_s)
    return took_s


def _run(stack: Stack, *words: object) -> None:
    subprocess.run(stack.command(*words), env=stack.env, check=True, capture_output=True)


def _row(name: str, took_s: list[float]) -> tuple[object, ...]:
    return name, rig.percentile_ms(took_s, 50), rig.percentile_ms(took_s, 99), max(took_s) * 1e3


def _rate(name: str, size_bytes: int, work: Callable[[], object]) -> tuple[object, ...]:
    took_s = _took_s(work)
    return name, took_s, size_bytes / took_s / 1e6


def _took_s(work: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    work()
    return time.perf_counter() - began_s


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=100_000)
    main(parser.parse_args().events)
