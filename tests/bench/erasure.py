"""What it costs to forget: one event, a thousand and all, to look for secrets in all events again, and the proof.

    python tests/bench/erasure.py [--events 100000]

Times from the request to the end, each part by itself: selecting and marking, erasing, the proof. At last, what a
batch of new events costs once something was erased, beside the same before.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_memory import settings
from agent_memory.client import Client
from agent_memory.erasure.proof import prove
from agent_memory.rpc import memory_pb2 as pb
from bench import rig
from support.stack import Stack, wait_until

BATCHES = 40


def main(events: int) -> None:
    rig.print_machine("erasure")
    with rig.scratch_stack() as stack:
        before_ms = _append_ms(stack, 0)
        rig.load(stack, rig.conversations(events))
        rig.wait_until_drained(stack)
        with stack.client() as client:
            wait_until(lambda: client.index_status().behind == 0, timeout_s=rig.SYNC_S)
        rig.table(
            [
                f"{events:,} events",
                "events",
                "select s",
                "erase s",
                "events/s",
                "proof s",
                "proved",
                "CPU s: worker",
                "ingest",
                "query",
                "worker MiB",
            ],
            _erased(stack),
        )
        after_ms = _append_ms(stack, 1)
    print(f"\nA batch of 500 new events: {before_ms:.1f} ms before anything was erased, {after_ms:.1f} ms afterwards")


def _erased(stack: Stack) -> Iterator[Sequence[object]]:
    everything = pb.EventSelection(to_ms=rig.LAST_DAY_MS + rig.DAY_MS)
    request = pb.GetEventsRequest(to_timestamp_ms=rig.LAST_DAY_MS, limit=1000)
    with stack.client() as client:
        began = time.perf_counter()
        found = client.erase(pb.EraseRequest(kind=pb.ERASURE_KIND_REDACT, dry_run=True)).events
        yield ["look for secrets", found, time.perf_counter() - began, *["-"] * 8]
        some = [event.event_id for event in islice(_events(client, request), 1001)]
    yield _erase(stack, "one", pb.EventSelection(event_ids=some[:1]))
    yield _erase(stack, "a thousand", pb.EventSelection(event_ids=some[1:]))
    yield _erase(stack, "all", everything)


def _events(client: Client, request: pb.GetEventsRequest) -> Iterator[pb.Event]:
    while True:
        page = client.events(request)
        yield from page.events
        if not page.has_more:
            return
        request.cursor = page.cursor


def _erase(stack: Stack, name: str, selection: pb.EventSelection) -> Sequence[object]:
    running = rig.processes(stack)
    with stack.client() as client, rig.cpu_used(running) as used:
        began = time.perf_counter()
        begun = client.erase(pb.EraseRequest(kind=pb.ERASURE_KIND_FORGET, selection=selection))
        selected = time.perf_counter()
        wait_until(lambda: not client.erasure_status().is_running, timeout_s=rig.SYNC_S)
        erased = time.perf_counter()
        client.stats()
    proof = prove(stack.db_path, settings.load().runtime.logs, begun.passages)
    proved = time.perf_counter()
    times = [selected - began, erased - selected, begun.events / (erased - selected), proved - erased, proof.is_proved]
    return [
        name,
        begun.events,
        *times,
        *(used[each] for each in ("worker", "ingest", "query")),
        rig.peak_mib(running["worker"]),
    ]


def _append_ms(stack: Stack, session: int) -> float:
    """The median of what a batch of events takes, of sessions that nothing else is about."""
    took = []
    with stack.client() as client:
        for batch in range(BATCHES):
            events = [
                pb.Event(
                    event_id=f"new-{session}-{batch}-{number}",
                    session_id=f"new-{session}",
                    timestamp_ms=1_790_000_000_000 + batch * 1000 + number,
                    text="We looked at the queue and found nothing.",
                )
                for number in range(rig.BATCH_EVENTS)
            ]
            began = time.perf_counter()
            client._call(client._stub.IngestEvents, pb.IngestEventsRequest(events=events))
            took.append((time.perf_counter() - began) * 1000)
    return median(took)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000)
    main(parser.parse_args().events)
