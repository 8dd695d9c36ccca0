"""How long reads take in a small store and in a large one: what grows must not slow down.

    python tests/bench/reads.py [--small 10000] [--large 100000] [--calls 300]

Each question is asked about a place picked by chance out of the whole store, through gRPC, when the table of contents
is complete. An empty call (health) tells how much of it is gRPC itself. The full claim is `--large 1000000`, which
takes about seven minutes to load and summarize.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_memory.client import Client
from agent_memory.rpc import memory_pb2 as pb
from bench import rig
from support.stack import Stack

PLACES = 50
BROWSED = 20
EVENTS = 100
HEALTH = "/grpc.health.v1.Health/Check"

# By the name of the figure: the RPC and the requests.
Questions = dict[str, tuple[str, list[bytes]]]


def main(small: int, large: int, calls: int) -> None:
    rig.print_machine("reads")
    with rig.scratch_stack() as stack:
        medians = [_medians(stack, count, calls) for count in _grown(stack, small, large)]
    few, many = medians
    heads = ["median ms, one caller", f"{small:,}", f"{large:,}", "ratio"]
    rig.table(heads, [[name, few[name], many[name], many[name] / few[name]] for name in few])


def _grown(stack: Stack, small: int, large: int) -> Iterator[int]:
    """Fill the store up to the one size, then to the other, its table of contents complete each time."""
    events = rig.conversations(large)
    stored = 0
    for count in (small, large):
        started = time.perf_counter()
        stored += rig.load(stack, (event for _, event in zip(range(count - stored), events, strict=False)))
        loaded_s = time.perf_counter() - started
        drained_s = rig.wait_until_drained(stack)
        with stack.client() as client:
            stats = client.stats()
        size = stats.disk_usage_bytes / (1 << 20)
        print(f"{stats.events:,} events, {stats.toc_nodes:,} nodes, {stats.grips:,} grips, {size:,.0f} MiB", end="; ")
        print(f"loaded in {loaded_s:,.0f} s, complete {drained_s:,.0f} s later", flush=True)
        yield count
    print()


def _medians(stack: Stack, count: int, calls: int) -> dict[str, float]:
    with stack.client() as client:
        questions = _questions(client, count)
    with rig.channel(stack) as opened:
        return {
            name: median(_asked(rig.rpc(opened, method), requests, calls)) * 1000
            for name, (method, requests) in questions.items()
        }


def _asked(call: rig.Call, requests: Sequence[bytes], calls: int) -> list[float]:
    """Ask each once to open what a daemon in use has open, then in turn; the seconds of each call."""
    for request in requests:
        call(request)
    return [_seconds_of(call, requests[number % len(requests)]) for number in range(calls)]


def _seconds_of(call: rig.Call, request: bytes) -> float:
    started = time.perf_counter()
    call(request)
    return time.perf_counter() - started


def _questions(client: Client, count: int) -> Questions:
    """What is asked of a store of so many events: each about places all over it."""
    chance = random.Random(count)
    years = client.root().nodes
    days = _below(client, [year.node_id for year in years], levels=3)
    chosen = [chance.choice(days) for _ in range(PLACES)]
    segments = [chance.choice(client.browse(day, limit=BROWSED).children) for day in chosen]
    grips = [chance.choice([grip for bullet in each.bullets for grip in bullet.grip_ids]) for each in segments]
    first_ms, last_ms = (_end_ms(client, newest_first=newest) for newest in (False, True))
    starts = [chance.randrange(first_ms, last_ms - rig.DAY_MS) for _ in range(PLACES)]
    spans = [pb.GetEventsRequest(from_timestamp_ms=start, to_timestamp_ms=last_ms, limit=EVENTS) for start in starts]
    return {
        "an empty call": (HEALTH, [b""]),
        "root": ("GetTocRoot", [b""]),
        "node (segment)": ("GetNode", [pb.GetNodeRequest(node_id=e.node_id).SerializeToString() for e in segments]),
        "node (day)": ("GetNode", [pb.GetNodeRequest(node_id=day).SerializeToString() for day in chosen]),
        f"browse {BROWSED} (day)": (
            "BrowseToc",
            [pb.BrowseTocRequest(parent_id=day, limit=BROWSED).SerializeToString() for day in chosen],
        ),
        f"events {EVENTS}": ("GetEvents", [span.SerializeToString() for span in spans]),
        "expand": ("ExpandGrip", [pb.ExpandGripRequest(grip_id=grip).SerializeToString() for grip in grips]),
    }


def _end_ms(client: Client, *, newest_first: bool) -> int:
    """When the first event was said, or the last. A year's node tells of the year as a whole."""
    return client.events(pb.GetEventsRequest(limit=1, newest_first=newest_first)).events[0].timestamp_ms


def _below(client: Client, node_ids: list[str], levels: int) -> list[str]:
    """The ids of the nodes so many levels below these."""
    for _ in range(levels):
        node_ids = [child.node_id for each in node_ids for child in client.browse(each, limit=500).children]
    return node_ids


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=10_000, help="events in the small store")
    parser.add_argument("--large", type=int, default=100_000, help="events in the large store")
    parser.add_argument("--calls", type=int, default=300, help="calls for each figure")
    options = parser.parse_args()
    main(options.small, options.large, options.calls)
