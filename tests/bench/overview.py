"""All that somebody waits for, in one table beside what this machine can do at best.

    bin/bench [--only PART] [--rounds 15] [--events 20000] [--check]

The parts: commands, start, unary, bulk, reads, idle. Each figure stands beside its floor of the same run: a bare
Python, the bare store, an empty RPC. The figures are kept in .bench/results, by machine and commit, and compared with
the last run of another commit: what became worse by a tenth is marked. With --check such a figure is exit code 1.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil
from grpc_health.v1 import health_pb2

from agent_memory.hook.command import program
from agent_memory.rpc import memory_pb2 as pb
from bench import figures, ingest, rig
from bench.figures import Figure, Run
from support.stack import CHECKOUT, Stack

RESULTS: Final = CHECKOUT / ".bench" / "results"
BARE: Final = (sys.executable, "-I", "-S", "-c", "pass")
PROGRAM: Final = str(CHECKOUT / "bin" / "memory-daemon")
HEALTH: Final = "/grpc.health.v1.Health/Check"
IN_FLIGHT: Final = (1, 16, 128)
UNARY_S: Final = 3.0
BULK_IN_FLIGHT: Final = 4
READS: Final = 200
# As many as a call gives.
DAY_SEGMENTS: Final = 500
STARTS: Final = 5
IDLE_S: Final = 20.0
COMMANDS: Final = ("--version", "status", "query root", "query node", "query map", "search postgres", "admin stats")


def main(parts: Sequence[str], rounds: int, events: int) -> int:
    """Measure, print and keep; how many figures have become notably worse."""
    rig.print_machine("overview")
    folder, commit = RESULTS / platform.node(), _commit()
    earlier = next((run for run in reversed(figures.kept(folder)) if run.commit != commit), None)
    found: list[Figure] = []
    print(figures.HEAD)
    for figure in _measured(parts, rounds, events):
        found.append(figure)
        print(figures.line(figure, earlier), flush=True)
    if earlier:
        print(f"\nBefore: {earlier.commit}, {datetime.fromtimestamp(earlier.at_ms / 1000):%Y-%m-%d %H:%M}")
    if set(parts) == set(PARTS):
        figures.keep(folder, Run(commit, time.time_ns() // 1_000_000, found))
    slower = figures.worse(found, earlier)
    print(f"{len(slower)} of {len(found)} figures are worse by a tenth or more.")
    return len(slower)


def _measured(parts: Sequence[str], rounds: int, events: int) -> Iterator[Figure]:
    with rig.scratch_stack() as stack:
        if "idle" in parts:
            yield from _idle(stack, "fresh")
        if "start" in parts:
            yield from _start(stack)
        rig.load(stack, rig.conversations(events))
        rig.wait_until_drained(stack)
        if "idle" in parts:
            yield from _idle(stack, f"{events:,} events")
        for part, measure in (("commands", _commands), ("reads", _reads), ("unary", _unary)):
            if part in parts:
                yield from measure(stack, rounds)
    if "bulk" in parts:
        yield from _bulk(events)


# --- what starts a process


def _commands(stack: Stack, rounds: int) -> Iterator[Figure]:
    """Wall and processor time of commands and of the hook. They take turns with a bare Python."""
    with stack.client() as client:
        year = client.root().nodes[0].node_id
    lines = {f"memory-daemon {words}": [PROGRAM, *words.split()] for words in COMMANDS}
    lines["memory-daemon query node"] += [year]
    payload = json.dumps({"session_id": "s", "hook_event_name": "Stop", "last_assistant_message": "Done. " * 50})
    lines["hook"] = program()
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in ("bare", *lines)}
    for _ in range(rounds + 1):
        for name, line in {"bare": list(BARE), **lines}.items():
            took[name].append(_ms_of(stack, line, payload))
    walls = {name: median(wall for wall, _ in each[1:]) for name, each in took.items()}
    used = {name: median(cpu for _, cpu in each[1:]) for name, each in took.items()}
    yield Figure("bare Python, wall", walls["bare"], "ms")
    for name in lines:
        yield Figure(f"{name}, wall", walls[name], "ms", walls["bare"])
        yield Figure(f"{name}, CPU", used[name], "ms", used["bare"])


def _ms_of(stack: Stack, line: Sequence[str], stdin: str) -> tuple[float, float]:
    """Wall and processor milliseconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    subprocess.run(line, env=stack.env, cwd=stack.folder, input=stdin.encode(), stdout=subprocess.DEVNULL, check=True)
    wall_s = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall_s * 1000, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def _start(stack: Stack) -> Iterator[Figure]:
    """From the command to SERVING, and until the command returns; by turns with a bare Python."""
    bare, serving, returned = [], [], []
    for _ in range(STARTS):
        stack.stop()
        bare.append(_ms_of(stack, BARE, "")[0])
        began_s = time.time()
        stack.start()
        returned.append((time.time() - began_s) * 1000)
        serving.append((_serving_since_s(stack) - began_s) * 1000)
    yield Figure("start until SERVING", median(serving), "ms", median(bare))
    yield Figure("start until it returns", median(returned), "ms", median(bare))


def _serving_since_s(stack: Stack) -> float:
    """When the query service became healthy last, by its log, in seconds since 1970."""
    log = (stack.db_path.parent / "logs" / "query.log").read_text()
    stamp = re.findall(r"^(\S+)Z INFO query\.api\.health: health serving=True", log, re.M)[-1]
    return datetime.fromisoformat(f"{stamp}+00:00").timestamp()


# --- what calls


def _unary(stack: Stack, rounds: int) -> Iterator[Figure]:
    """IngestEvent beside an RPC that does nothing; the worker is held still."""
    running = rig.processes(stack)
    health = health_pb2.HealthCheckRequest().SerializeToString()
    with rig.held_still(running["worker"]):
        for in_flight in IN_FLIGHT:
            address = f"127.0.0.1:{stack.port}"
            took, all_s = rig.calls(address, HEALTH, [health] * 20_000, in_flight, UNARY_S / 2)
            empty = len(took) / all_s
            named = rig.conversations(20_000, f"overview-{in_flight}")
            requests = [pb.IngestEventRequest(event=event).SerializeToString() for event in named]
            with rig.cpu_used(running) as used:
                took, all_s = rig.run(stack, "IngestEvent", requests, in_flight, UNARY_S)
            yield Figure(f"IngestEvent, {in_flight} in flight", len(took) / all_s, "/s", empty, is_rate=True)
            yield Figure(f"IngestEvent, {in_flight}, p99", rig.percentile_ms(took, 99), "ms")
            each_us = (used["query"] + used["ingest"]) / len(took) * 1e6
            yield Figure(f"IngestEvent, {in_flight}, CPU an event", each_us, "us")


def _bulk(events: int) -> Iterator[Figure]:
    """IngestEvents into an empty store beside a bare loop over the store's library."""
    rows = ingest.bare_rows(events)
    bare = ingest.bare_rate(rows)
    batches = list(rig.batches(rig.conversations(events, "bulk")))
    requests = [pb.IngestEventsRequest(events=batch).SerializeToString() for batch in batches]
    with rig.scratch_stack() as stack:
        running = rig.processes(stack)
        with rig.held_still(running["worker"]), rig.cpu_used(running) as used:
            _, all_s = rig.run(stack, "IngestEvents", requests, BULK_IN_FLIGHT)
    yield Figure("bare store, bulk", bare, "/s", is_rate=True)
    yield Figure(f"IngestEvents, {BULK_IN_FLIGHT} in flight", events / all_s, "/s", bare, is_rate=True)
    yield Figure("IngestEvents, CPU an event", (used["query"] + used["ingest"]) / events * 1e6, "us")


def _reads(stack: Stack, rounds: int) -> Iterator[Figure]:
    """Reads, one at a time, beside an RPC that does nothing."""
    with rig.channel(stack) as opened:
        calls = {"empty RPC": (rig.rpc(opened, HEALTH), health_pb2.HealthCheckRequest().SerializeToString())}
        calls.update({name: (rig.rpc(opened, rpc), request) for name, rpc, request in _questions(stack)})
        took: Mapping[str, list[float]] = {name: [] for name in calls}
        chance = random.Random(0)
        for _ in range(READS):
            # In another order each time: whoever comes behind the slowest finds its data gone from the caches.
            for name, (call, request) in chance.sample(sorted(calls.items()), len(calls)):
                started = time.perf_counter()
                call(request)
                took[name].append((time.perf_counter() - started) * 1000)
    floor = median(took["empty RPC"])
    for name, each in took.items():
        yield Figure(f"{name}, p50", median(each), "ms", 0.0 if name == "empty RPC" else floor)


def _questions(stack: Stack) -> Iterator[tuple[str, str, bytes]]:
    with stack.client() as client:
        year = client.root().nodes[0].node_id
        month = client.browse(year).children[-1].node_id
        week = client.browse(month).children[-1].node_id
        day = client.browse(week).children[0].node_id
        segment = client.browse(day).children[0]
    grip = next(grip for bullet in segment.bullets for grip in bullet.grip_ids)
    yield "GetTocRoot", "GetTocRoot", b""
    yield "GetNode", "GetNode", pb.GetNodeRequest(node_id=segment.node_id).SerializeToString()
    yield "BrowseToc 20", "BrowseToc", pb.BrowseTocRequest(parent_id=day).SerializeToString()
    span = pb.GetEventsRequest(from_timestamp_ms=segment.start_time_ms, to_timestamp_ms=rig.LAST_DAY_MS * 2, limit=100)
    whole = pb.BrowseTocRequest(parent_id=day, limit=DAY_SEGMENTS).SerializeToString()
    yield "BrowseToc of a day", "BrowseToc", whole
    yield "GetEvents 100", "GetEvents", span.SerializeToString()
    yield "ExpandGrip", "ExpandGrip", pb.ExpandGripRequest(grip_id=grip).SerializeToString()
    yield "Search", "Search", pb.SearchRequest(query="postgres queue").SerializeToString()


# --- what waits


def _idle(stack: Stack, when: str) -> Iterator[Figure]:
    """Processor time, wake-ups and memory of a stack at rest, of all its processes."""
    running = rig.processes(stack)
    switches = _switches(running)
    with rig.cpu_used(running) as used:
        time.sleep(IDLE_S)
    yield Figure(f"idle, {when}, CPU", sum(used.values()) / IDLE_S * 100, "%")
    yield Figure(f"idle, {when}, switches", (_switches(running) - switches) / IDLE_S, "/s")
    yield Figure(f"idle, {when}, RSS", sum(map(rig.rss_mib, running.values())), "MiB")
    yield Figure(f"idle, {when}, PSS", sum(map(rig.pss_mib, running.values())), "MiB")


def _switches(running: Mapping[str, psutil.Process]) -> int:
    """How often the processes' threads were switched so far; psutil counts those of the first threads only."""
    texts = [path.read_text() for each in running.values() for path in Path(f"/proc/{each.pid}/task").glob("*/status")]
    return sum(int(count) for text in texts for count in re.findall(r"ctxt_switches:\s+(\d+)", text))


def _commit() -> str:
    """The commit that is checked out; with a plus where files were changed since."""
    git: Callable[..., str] = lambda *words: subprocess.run(  # noqa: E731
        ["git", "-C", str(CHECKOUT), *words], capture_output=True, text=True
    ).stdout.strip()
    changed = git("status", "--porcelain", "--untracked-files=no")
    return (git("rev-parse", "--short=12", "HEAD") or "unknown") + "+" * bool(changed)


PARTS: Final = ("commands", "start", "unary", "bulk", "reads", "idle")

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part; nothing is kept then")
    parser.add_argument("--rounds", type=int, default=15, help="how often each command runs")
    parser.add_argument("--events", type=int, default=20_000, help="how many events the store holds")
    parser.add_argument("--check", action="store_true", help="exit 1 if a figure is notably worse than before")
    options = parser.parse_args()
    slower = main(options.only or PARTS, options.rounds, options.events)
    sys.exit(1 if options.check and slower else 0)
