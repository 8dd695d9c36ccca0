"""How many events a second the worker puts into the table of contents on one core, and what memory it takes.

    python tests/bench/worker.py [--sizes 10000 100000]

A backlog is stored while the worker is held still, then the worker drains it alone. Its memory is read at the end of
each size, in the same process: it must not grow with the store. The full claim is `--sizes 10000 100000 1000000`,
which takes about seven minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import rig
from support.stack import Stack

# A backlog is kept small enough not to be a matter of the outbox itself.
BACKLOG_MAX = 100_000


def main(sizes: Sequence[int]) -> None:
    rig.print_machine("worker")
    with rig.scratch_stack() as stack:
        rig.table(
            ["events in the store", "events/s", "per core", "CPU s", "wall s", "RSS MiB", "peak MiB", "nodes"],
            _drained(stack, sizes),
        )


def _drained(stack: Stack, sizes: Sequence[int]) -> Iterator[Sequence[object]]:
    worker = rig.processes(stack)["worker"]
    events = rig.conversations(max(sizes))
    yield [0, "", "", "", "", rig.rss_mib(worker), rig.peak_mib(worker), 0]
    stored = 0
    for size in sizes:
        before, cpu_s, wall_s = stored, 0.0, 0.0
        while stored < size:
            count = min(BACKLOG_MAX, size - stored)
            with rig.held_still(worker):
                stored += rig.load(stack, (event for _, event in zip(range(count), events, strict=False)))
            with rig.cpu_used({"worker": worker}) as used:
                wall_s += rig.wait_until_drained(stack)
            cpu_s += used["worker"]
        with stack.client() as client:
            nodes = client.stats().toc_nodes
        rates = [(stored - before) / wall_s, (stored - before) / cpu_s]
        yield [stored, *rates, cpu_s, wall_s, rig.rss_mib(worker), rig.peak_mib(worker), nodes]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000], help="events in the store, rising")
    main(parser.parse_args().sizes)
