"""What many project stores cost: memory and open files of the three processes, and the first use of a closed store.

    python tests/bench/project_stores.py [--stores 1 10 100]

Each store gets 50 events, one store after another; then every one is read twice. The first time it was closed
meanwhile, unless there are few.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_memory.client import Client
from agent_memory.model import Event, EventRole, EventType
from agent_memory.rpc import memory_pb2 as pb
from bench import rig
from support.stack import Stack, wait_until

PROCESSES = ("ingest", "query", "worker")
EVENTS_EACH = 50
AT_MS = 1_767_225_600_000
TEXT = "The deploy of the shop takes forty minutes because of the cache of the images, so we build them at night."


def main(counts: Sequence[int]) -> None:
    rig.print_machine("project stores")
    columns = ["stores", "filled s", "closed: read ms", "open: read ms", *(f"{name} MB" for name in PROCESSES)]
    rig.table([*columns, *(f"{name} files" for name in PROCESSES)], map(_measured, counts))


def _measured(count: int) -> Sequence[object]:
    names = [f"store-{number}" for number in range(count)]
    with rig.scratch_stack() as stack:
        for name in names:
            (stack.db_path.parent / "projects" / name).mkdir(mode=0o700, parents=True)
        with stack.client() as client:
            began_s = time.monotonic()
            for name in ["", *names]:
                fill(client.of_store(name))
            filled_s = time.monotonic() - began_s
            wait_until(partial(is_told, client, names), 600)
            first, following = zip(*(timed(client.of_store(name)) for name in names), strict=True)
        return [
            count,
            f"{filled_s:.1f}",
            f"{statistics.median(first):.1f}",
            f"{statistics.median(following):.2f}",
            *(f"{rss_mb(stack, process):.0f}" for process in PROCESSES),
            *(open_files(stack, process) for process in PROCESSES),
        ]


def fill(store: Client) -> None:
    store.ingest_many(
        Event(
            f"e{n}", f"s{n % 5}", AT_MS + n * 1000, EventType.USER_MESSAGE, EventRole.USER, f"{n} {TEXT}", {}, "codex"
        )
        for n in range(EVENTS_EACH)
    )


def timed(store: Client) -> tuple[float, float]:
    """How many milliseconds a read takes that finds the store closed, and the next one."""
    took = []
    for _ in range(2):
        began_s = time.perf_counter()
        store.events(pb.GetEventsRequest(limit=1))
        took.append((time.perf_counter() - began_s) * 1000)
    return took[0], took[1]


def is_told(client: Client, names: list[str]) -> bool:
    """Whether the worker has caught up with every store."""
    return all(not client.of_store(name).stats().outbox for name in names)


def rss_mb(stack: Stack, process: str) -> float:
    pages = int(Path(f"/proc/{stack.pid(process)}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def open_files(stack: Stack, process: str) -> int:
    return sum(1 for _ in Path(f"/proc/{stack.pid(process)}/fd").iterdir())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", type=int, nargs="+", default=[1, 10, 100])
    main(parser.parse_args().stores)
