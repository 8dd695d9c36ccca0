"""How long an event takes to be stored while the worker is idle, rebuilds, and hangs on a provider that is dead.

    python tests/bench/latency.py [--events 20000] [--seconds 5]

Everything in one run over one store, the idle worker before, between and after; what counts are the ratios. The events
that are measured are told by the worker, too, each time. The provider takes each question and never answers.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_memory.rpc import memory_pb2 as pb
from bench import rig
from support.provider import Provider, Reply
from support.stack import Stack, wait_until

IN_FLIGHT = (1, 16)
MOST_A_SECOND = 5_000
LOOK_S = 0.05


def main(events: int, seconds: float) -> None:
    rig.print_machine("latency")
    bench = Bench(seconds)
    with rig.scratch_stack() as stack, dead_provider() as provider:
        rig.load(stack, rig.conversations(events))
        rig.wait_until_drained(stack)
        bench.measure(stack, "idle")
        with rebuilding(stack) as rebuilds:
            bench.measure(stack, "rebuilding")
        bench.measure(stack, "idle between")
        stack.stop()
        hang_on(stack, provider)
        bench.measure(stack, "hanging on a provider")
        asked = len(provider.asked)
        stack.stop()
        answer_locally(stack)
        bench.measure(stack, "idle again")
    bench.print()
    print(f"{events:,} events stored before, {rebuilds.events:,} told again meanwhile, {asked} questions left hanging.")


class Bench:
    """What was measured, by what the worker did meanwhile and by the calls in flight: seconds of each call."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._took: dict[tuple[str, int], list[float]] = {}

    def measure(self, stack: Stack, doing: str) -> None:
        for in_flight in IN_FLIGHT:
            events = rig.conversations(int(MOST_A_SECOND * self._seconds), f"{doing} {in_flight}")
            requests = [pb.IngestEventRequest(event=event).SerializeToString() for event in events]
            self._took[doing, in_flight], _ = rig.run(stack, "IngestEvent", requests, in_flight, self._seconds)

    def print(self) -> None:
        for in_flight in IN_FLIGHT:
            rig.table(
                [f"{in_flight} in flight, worker", "calls", "p50 ms", "p99 ms", "p50 of idle", "p99 of idle"],
                self._rows(in_flight),
            )

    def _rows(self, in_flight: int) -> Iterator[Sequence[object]]:
        measured = {doing: took for (doing, at_once), took in self._took.items() if at_once == in_flight}
        idle = [second for doing, took in measured.items() if doing.startswith("idle") for second in took]
        of_idle = [rig.percentile_ms(idle, percent) for percent in (50, 99)]
        for doing, took in measured.items():
            figures = [rig.percentile_ms(took, percent) for percent in (50, 99)]
            yield [doing, len(took), *figures, *(a / b for a, b in zip(figures, of_idle, strict=True))]


class Rebuilds:
    """How many events they have gone through."""

    events = 0


@contextlib.contextmanager
def rebuilding(stack: Stack) -> Iterator[Rebuilds]:
    """One rebuild after the other until the block is left."""
    rebuilds = Rebuilds()
    enough = threading.Event()

    def again() -> None:
        with stack.client() as client:
            while not enough.is_set():
                client.rebuild_toc(pb.RebuildTocRequest())
                wait_until(lambda: enough.wait(LOOK_S) or not client.rebuild_status().is_running, rig.SYNC_S)
                rebuilds.events += client.rebuild_status().events_done
            wait_until(lambda: not client.rebuild_status().is_running, rig.SYNC_S)

    thread = threading.Thread(target=again)
    thread.start()
    try:
        yield rebuilds
    finally:
        enough.set()
        thread.join()


@contextlib.contextmanager
def dead_provider() -> Iterator[Provider]:
    """A provider that takes every question and answers none."""
    provider = Provider()
    provider.usual = Reply(hangs=True)
    try:
        yield provider
    finally:
        provider.close()


def hang_on(stack: Stack, provider: Provider) -> None:
    """Start the stack with the provider, and wait until the worker does."""
    stack.env |= {
        "MEMORY_SUMMARIZER_PROVIDER": "openai",
        "MEMORY_SUMMARIZER_MODEL": "dead",
        "MEMORY_SUMMARIZER_BASE_URL": f"{provider.url}/v1",
    }
    stack.start()
    wait_until(lambda: provider.asked)


def answer_locally(stack: Stack) -> None:
    """Start the stack without a provider."""
    stack.env["MEMORY_SUMMARIZER_PROVIDER"] = "local"
    stack.start()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20_000, help="stored before, and rebuilt")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each figure")
    arguments = parser.parse_args()
    main(arguments.events, arguments.seconds)
