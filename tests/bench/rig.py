"""What the benchmarks share: a scratch stack, conversations to fill it with, clocks, and the machine's own figures."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import nan
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeAlias

import grpc
import psutil

from agent_memory.demo.samples import samples
from agent_memory.ids import derived_ulid
from agent_memory.rpc import memory_pb2 as pb
from bench.lean import LeanClient
from support.stack import Stack, scratch, wait_until

SERVICE: Final = "/memory.MemoryService/"
BATCH_EVENTS: Final = 500
PROCESSES: Final = ("supervisor", "ingest", "query", "worker")
FSYNC_BYTES: Final = 700
FSYNC_TRIES: Final = 300
SYNC_S: Final = 3600.0

MIB: Final = 1 << 20
MINUTE_MS: Final = 60_000
DAY_MS: Final = 24 * 60 * MINUTE_MS
# Heavy daily use; the store grows by days, not by fuller days.
SESSIONS_A_DAY: Final = 24
SESSION_EVENTS: Final = 40
# Long past, so that every segment is closed, and never the same day as the samples of the demo.
LAST_DAY_MS: Final = 1_767_139_200_000  # 31 December 2025

CHANNEL_OPTIONS: Final = [("grpc.enable_http_proxy", 0), ("grpc.max_receive_message_length", 64 << 20)]

Call: TypeAlias = Callable[[bytes], bytes]


# --- the stack


@contextlib.contextmanager
def scratch_stack(**settings: str) -> Iterator[Stack]:
    """A running stack with an empty store and these settings, by their variables; stopped and removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="am-") as folder, scratch(Path(folder) / "scratch") as stack:
        stack.env |= settings
        stack.start()
        yield stack


def processes(stack: Stack) -> dict[str, psutil.Process]:
    """The stack's processes by name."""
    return {name: psutil.Process(stack.pid(name)) for name in PROCESSES}


def cpu_s(process: psutil.Process) -> float:
    """The processor time the process has used, in seconds."""
    times = process.cpu_times()
    return float(times.user + times.system)


@contextlib.contextmanager
def cpu_used(running: dict[str, psutil.Process]) -> Iterator[dict[str, float]]:
    """Fills what it yields, at the end, with the processor seconds each process used meanwhile."""
    before = {name: cpu_s(process) for name, process in running.items()}
    used: dict[str, float] = {}
    yield used
    used.update({name: cpu_s(process) - before[name] for name, process in running.items()})


def rss_mib(process: psutil.Process) -> float:
    """Resident memory, shared pages counted in full."""
    return float(process.memory_info().rss / MIB)


def pss_mib(process: psutil.Process) -> float:
    """Resident memory, of each shared page only the process's share; not a number where the system does not say."""
    return float(getattr(process.memory_full_info(), "pss", nan) / MIB)


def peak_mib(process: psutil.Process) -> float:
    """The most resident memory there ever was; not a number where the system does not say."""
    status = Path(f"/proc/{process.pid}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) * 1024 / MIB if found else nan


@contextlib.contextmanager
def held_still(process: psutil.Process) -> Iterator[None]:
    """The process does nothing meanwhile, as if its core were somebody else's."""
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def wait_until_drained(stack: Stack) -> float:
    """Wait until the table of contents holds every event; the seconds it took."""
    with stack.client() as client:
        started = time.perf_counter()
        wait_until(lambda: client.stats().outbox == 0, timeout_s=SYNC_S)
        return time.perf_counter() - started


# --- calls


@contextlib.contextmanager
def channel(stack: Stack) -> Iterator[grpc.Channel]:
    """A channel over TCP, as other programs have it."""
    with grpc.insecure_channel(f"127.0.0.1:{stack.port}", CHANNEL_OPTIONS) as opened:
        yield opened


def rpc(opened: grpc.Channel, name: str) -> Call:
    """The RPC from bytes to bytes: what is built and read beforehand does not count for the server."""
    return opened.unary_unary(name if name.startswith("/") else SERVICE + name, bytes, bytes)


def run(
    stack: Stack, name: str, requests: Sequence[bytes], in_flight: int, limit_s: float = SYNC_S
) -> tuple[list[float], float]:
    """Make the calls, so many at a time, until none is left or the time is up: seconds of each, and of all.

    One thread makes them all, by the lean client: what is measured is the server.
    """
    return calls(f"127.0.0.1:{stack.port}", SERVICE + name, requests, in_flight, limit_s)


def calls(
    address: str, path: str, requests: Sequence[bytes], in_flight: int, limit_s: float
) -> tuple[list[float], float]:
    """The same of any server's method."""
    with contextlib.closing(LeanClient(address, path)) as client:
        return client.run(requests, in_flight, limit_s)


def load(stack: Stack, events: Iterator[pb.Event]) -> int:
    """Store the events in batches, one at a time; how many there were."""
    with channel(stack) as opened:
        ingest = rpc(opened, "IngestEvents")
        return sum(_load_batch(ingest, batch) for batch in batches(events))


def _load_batch(ingest: Call, batch: list[pb.Event]) -> int:
    ingest(pb.IngestEventsRequest(events=batch).SerializeToString())
    return len(batch)


def batches(events: Iterator[pb.Event]) -> Iterator[list[pb.Event]]:
    """The events, as many at a time as one call takes."""
    while batch := [event for _, event in zip(range(BATCH_EVENTS), events, strict=False)]:
        yield batch


# --- conversations


def conversations(count: int, name: str = "bench", last_day_ms: int = LAST_DAY_MS) -> Iterator[pb.Event]:
    """So many events of ended sessions, about 600 bytes each, day by day up to `last_day_ms`. Always the same ones."""
    chance = random.Random(name)
    sentences = _sentences_of_samples()
    sessions = -(-count // SESSION_EVENTS)
    days = -(-sessions // SESSIONS_A_DAY)
    for number in range(count):
        session, place = divmod(number, SESSION_EVENTS)
        day, of_day = divmod(session, SESSIONS_A_DAY)
        began_ms = last_day_ms - (days - 1 - day) * DAY_MS + of_day * DAY_MS // SESSIONS_A_DAY
        timestamp_ms = began_ms + place * MINUTE_MS + chance.randrange(MINUTE_MS)
        kind, role, length = _part(place, chance)
        yield pb.Event(
            event_id=derived_ulid(timestamp_ms, name, str(number)),
            session_id=f"{name}-{session:06}",
            timestamp_ms=timestamp_ms,
            event_type=kind,
            role=role,
            text=_text(sentences, length, chance),
            metadata={"cwd": "/home/dev/project", "hook": "bench"},
            agent="claude-code",
        )


def _part(place: int, chance: random.Random) -> tuple[pb.EventType.ValueType, pb.EventRole.ValueType, int]:
    """What the event at that place of a session is, who it comes from, and how many characters it has."""
    if place == SESSION_EVENTS - 1:
        return pb.EVENT_TYPE_SESSION_END, pb.EVENT_ROLE_SYSTEM, 0
    if place % 4 == 0:
        return pb.EVENT_TYPE_USER_MESSAGE, pb.EVENT_ROLE_USER, chance.randrange(80, 400)
    if place % 4 == 3:
        return pb.EVENT_TYPE_ASSISTANT_MESSAGE, pb.EVENT_ROLE_ASSISTANT, chance.randrange(300, 900)
    return pb.EVENT_TYPE_TOOL_RESULT, pb.EVENT_ROLE_TOOL, chance.randrange(200, 800)


def _sentences_of_samples() -> list[str]:
    """The sentences of the sample sessions, of people, assistants and tools alike."""
    calls = samples(datetime(2026, 1, 30, tzinfo=UTC))
    texts = {text for call in calls for text in _texts(json.loads(call.stdin)) if " " in text}
    return sorted({sentence for text in texts for sentence in re.split(r"(?<=[.!?])\s+|\n", text) if sentence})


def _texts(value: Any) -> Iterator[str]:
    """All texts in what was read from JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _text(sentences: Sequence[str], length: int, chance: random.Random) -> str:
    """Sentences in a new order, with numbers no other text has, up to about that length."""
    parts: list[str] = []
    size = 0
    while size < length:
        parts.append(f"{chance.choice(sentences)[:240]} (#{chance.randrange(10**6)})")
        size += len(parts[-1]) + 1
    return " ".join(parts)


# --- figures


@dataclass(frozen=True, slots=True)
class Fsync:
    """How fast this machine makes a few hundred bytes durable."""

    p50_ms: float
    per_s: float


def fsync_rate(folder: Path | None = None) -> Fsync:
    """Append 700 bytes and wait for the disk, again and again."""
    took = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(FSYNC_TRIES):
            started = time.perf_counter()
            os.write(file.fileno(), b"x" * FSYNC_BYTES)
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - started)
    return Fsync(median(took) * 1000, FSYNC_TRIES / sum(took))


def print_machine(what: str) -> Fsync:
    """Head a benchmark's output with what it ran on; how fast the disk is."""
    fsync = fsync_rate()
    now = datetime.now(UTC)
    print(f"{what}  ({now:%Y-%m-%d %H:%M} UTC)")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, {sys.platform}")
    print(f"fdatasync of {FSYNC_BYTES} B: p50 {fsync.p50_ms:.2f} ms, {fsync.per_s:,.0f}/s\n", flush=True)
    return fsync


def percentile_ms(took_s: Sequence[float], percent: float) -> float:
    """The time that so many percent of the calls did not exceed, in milliseconds."""
    ordered = sorted(took_s)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000


def table(heads: Sequence[str], rows: Iterator[Sequence[object]] | Sequence[Sequence[object]]) -> None:
    """Print rows as they come: the first column left, the others right, as wide as their heads."""
    widths = [max(len(head), 24 if place == 0 else 8) for place, head in enumerate(heads)]
    _print_row(heads, widths)
    for row in rows:
        _print_row([_figure(value) for value in row], widths)
    print(flush=True)


def _print_row(values: Sequence[str], widths: Sequence[int]) -> None:
    cells = [value.rjust(width) for value, width in zip(values, widths, strict=True)]
    print(values[0].ljust(widths[0]), *cells[1:], sep="  ", flush=True)


def _figure(value: object) -> str:
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
