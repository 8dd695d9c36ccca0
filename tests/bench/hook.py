"""What a hook costs the agent, beside the floor and beside the other ways there are.

    python tests/bench/hook.py [ROUNDS]

Wall time is what the agent waits, from starting the command to its end; CPU is that of the command with its children.
All ways take turns, so that whatever else the machine does is shared fairly among them.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_memory.capture.spool import Spool
from agent_memory.hook.command import command, program
from bench.rig import scratch_stack
from support.stack import Stack, wait_until

ROUNDS = 60
FLOOR = "python3 -I -S -c pass"
# The quickest way there is, and the only one below the floor. It is not taken: the words would be on the disk as they
# came, before anybody could take a secret out of them, and an answer would promise nothing that survives a power cut.
SHELL_SPOOL = 't=$1/.$$ && cat >"$t" && mv "$t" "$1/$$" && echo "{\\"continue\\":true}"'


@dataclass
class Way:
    """One way to get an event from the agent to the daemon."""

    name: str
    words: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)


def main(rounds: int) -> None:
    """Measure and print."""
    with scratch_stack() as stack:
        ways = ways_of(stack)
        taking = daemon_cpu_ms(stack)
        for number in range(rounds):
            for way in ways:
                call(way, stack, payload(f"{way.name} {number}"))
        taken = rounds * sum("daemon" in way.name for way in ways)
        taking = daemon_cpu_ms(stack) - taking
        stack.stop()
        down = Way("spool, daemon down: sh + python -I -S", ["/bin/sh", "-c", command("claude-code", "Stop")])
        hung = Way("daemon hung: sh + python -I -S", down.words)
        for number in range(rounds):
            call(down, stack, payload(f"down {number}"))
        stack.start()
        wait_until(lambda: not Spool(stack.db_path).waiting())
        psutil.Process(stack.pid("query")).suspend()
        for number in range(min(rounds, 20)):
            call(hung, stack, payload(f"hung {number}"))
        psutil.Process(stack.pid("query")).resume()
        wait_until(lambda: not Spool(stack.db_path).waiting())
    show([*ways, down, hung])
    print(f"\nfront and writer, per event: {taking / taken:.2f} ms of CPU")


def ways_of(stack: Stack) -> list[Way]:
    spool = Spool(stack.db_path).folder / "of-the-shell"
    spool.mkdir(parents=True)
    address = stack.status()["address"]
    sends = compiled(stack)
    return [
        Way(FLOOR, [sys.executable, "-I", "-S", "-c", "pass"]),
        Way("daemon: python -I -S", program()),
        Way("daemon: sh + python -I -S, as installed", ["/bin/sh", "-c", command("claude-code", "Stop")]),
        Way("daemon: python, site and all", [sys.executable, "-m", "agent_memory.hook"]),
        Way("daemon: gRPC", [sys.executable, "-m", "agent_memory.hook"], {"MEMORY_DAEMON_ADDR": address}),
        *([Way("daemon: C that only sends", [sends, str(Spool(stack.db_path).folder)])] if sends else []),
        Way("raw to the disk: sh, cat, mv", ["/bin/sh", "-c", SHELL_SPOOL, "sh", str(spool)]),
    ]


def compiled(stack: Stack) -> str:
    """The program that only sends; empty where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return ""
    made = str(stack.folder / "hook_client")
    subprocess.run([compiler, "-O2", "-o", made, str(Path(__file__).with_name("hook_client.c"))], check=True)
    return made


def payload(text: str) -> bytes:
    said = {"session_id": "s1", "hook_event_name": "Stop", "prompt_id": text, "last_assistant_message": text * 50}
    return json.dumps(said).encode()


def call(way: Way, stack: Stack, stdin: bytes) -> None:
    environment = {**stack.env, "MEMORY_HOOK_DEADLINE_MS": "", **way.environment}
    if way.environment:
        environment["MEMORY_HOOK_DEADLINE_MS"] = "20000"
    before = children_cpu_ms()
    started = time.perf_counter()
    subprocess.run(way.words, input=stdin, stdout=subprocess.PIPE, env=environment, check=True)
    way.wall_ms.append((time.perf_counter() - started) * 1000)
    way.cpu_ms.append(children_cpu_ms() - before)


def children_cpu_ms() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


def daemon_cpu_ms(stack: Stack) -> float:
    times = [psutil.Process(stack.pid(name)).cpu_times() for name in ("query", "ingest")]
    return sum(each.user + each.system for each in times) * 1000


def show(ways: list[Way]) -> None:
    floor = ways[0]
    print(f"{'':42} {'wall ms, median':>16} {'p90':>7} {'x floor':>8} {'CPU ms':>8} {'x floor':>8}")
    for way in ways:
        wall, cpu = median(way.wall_ms), median(way.cpu_ms)
        p90 = sorted(way.wall_ms)[len(way.wall_ms) * 9 // 10]
        wall_times, cpu_times = wall / median(floor.wall_ms), cpu / median(floor.cpu_ms)
        print(f"{way.name:42} {wall:16.2f} {p90:7.1f} {wall_times:8.2f} {cpu:8.2f} {cpu_times:8.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rounds", type=int, nargs="?", default=ROUNDS, help="so often each way is taken")
    main(parser.parse_args().rounds)
