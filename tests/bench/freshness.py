"""How soon what was said can be found: an event once it is acknowledged, its segment from the root of the contents.

    python tests/bench/freshness.py [--rounds 20] [--import 20000] [--rate 500]

An acknowledged event must be readable at once: the first look after the acknowledgement counts, there is no second. Its
open segment must be reachable from the root within two seconds of the acknowledgement, the closed one with its words
within two seconds of the session's end.

With --import, so many old events are stored as fast as the daemon takes them, and events of now are said meanwhile, and
while the index is behind: how long until a search finds each.

With --rate, so many events a second are said by others meanwhile: how long until a search finds an event, and how many
are not found any more a little later.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_memory.client import Client
from agent_memory.ids import derived_ulid
from agent_memory.model import Event, EventRole, EventType
from agent_memory.rpc import memory_pb2 as pb
from bench import rig
from support.stack import Stack, wait_until

LIMIT_S = 600.0
PAUSE_S = 0.2
# Said by others: in so many sessions, so often a second, with words that nobody looks for.
SESSIONS = 20
CALLS_A_SECOND = 10
PROBES = 50


@dataclass(frozen=True, slots=True)
class Round:
    """One conversation begun and ended. Seconds since the acknowledgement."""

    readable_at_once: bool
    read_s: float
    open_s: float
    closed_s: float


def main(rounds: int, imported: int, rate: int) -> None:
    rig.print_machine("freshness")
    with rig.scratch_stack() as stack, stack.client() as client:
        done = [_round(client, f"fresh-{number}") for number in range(rounds)]
        behind = _found_behind(stack, client, imported) if imported else []
        if rate:
            _print_busy(stack, client, rate)
    print(f"readable at the first look after the acknowledgement: {sum(e.readable_at_once for e in done)} of {rounds}")
    figures = {
        "to the event read": [each.read_s for each in done],
        "to its open segment": [each.open_s for each in done],
        "of the end, to the words": [each.closed_s for each in done],
    }
    rig.table(
        ["from the acknowledgement", "p50 ms", "max ms"],
        [[name, rig.percentile_ms(took, 50), max(took) * 1000] for name, took in figures.items()],
    )
    if behind:
        took = [seconds for seconds, _ in behind]
        print(f"searched behind an import of {imported:,} events, up to {max(lag for _, lag in behind):,} not indexed:")
        print(f"{len(took)} events found after p50 {rig.percentile_ms(took, 50):.0f}", end=" ms, ")
        print(f"p95 {rig.percentile_ms(took, 95):.0f} ms, at most {max(took) * 1000:.0f} ms")


def _found_behind(stack: Stack, client: Client, imported: int) -> list[tuple[float, int]]:
    """Seconds until an event of now was found, and how many events the index lacked then, until it lacks none."""
    loading = threading.Thread(target=rig.load, args=(stack, rig.conversations(imported)))
    loading.start()
    found: list[tuple[float, int]] = []
    while loading.is_alive() or client.index_status().behind:
        word = f"walrus{len(found)}"
        acknowledged = _say(client, word, EventType.USER_MESSAGE, f"We saw {word} near the queue.")
        lag = client.index_status().behind
        seconds = _until(acknowledged, partial(_is_found, client, word))
        found.append((seconds, lag))
        time.sleep(PAUSE_S)
    loading.join()
    return found


def _print_busy(stack: Stack, client: Client, rate: int) -> None:
    """Say and look for events while others say `rate` events a second."""
    enough = threading.Event()
    said: list[int] = []
    talking = threading.Thread(target=_talk, args=(stack, rate, enough, said))
    began = time.perf_counter()
    talking.start()
    took = []
    lags = []
    lost = 0
    for number in range(PROBES):
        word = f"narwhal{number}"
        acknowledged = _say(client, word, EventType.USER_MESSAGE, f"We saw {word} near the queue.")
        took.append(_until(acknowledged, partial(_is_found, client, word)))
        lags.append(client.index_status().behind)
        time.sleep(PAUSE_S)
        lost += not _is_found(client, word)
    enough.set()
    talking.join()
    p50, p95 = (rig.percentile_ms(took, percent) for percent in (50, 95))
    print(f"while {sum(said) / (time.perf_counter() - began):.0f} events a second were stored,", end=" ")
    print(f"up to {max(lags):,} not indexed: {PROBES} events found after p50 {p50:.0f} ms, p95 {p95:.0f} ms;", end=" ")
    print(f"{lost} of them not found {PAUSE_S} s later")


def _talk(stack: Stack, rate: int, enough: threading.Event, said: list[int]) -> None:
    """Say `rate` events a second until it is enough; `said` gets how many with each call."""
    with stack.client() as client:
        next_s = time.perf_counter()
        while not enough.wait(max(0.0, next_s - time.perf_counter())):
            next_s += 1 / CALLS_A_SECOND
            now_ms = time.time_ns() // 1_000_000
            events = [_other(len(said), number, now_ms) for number in range(rate // CALLS_A_SECOND)]
            said.append(len(client.ingest_many(events)))


def _other(call: int, number: int, now_ms: int) -> Event:
    session = f"other-{number % SESSIONS}"
    text = f"Step {call} of {number}: the worker drains the queue, and the retry waits for the lock."
    event_id = derived_ulid(now_ms, "other", f"{call} {number}")
    return Event(event_id, session, now_ms, EventType.ASSISTANT_MESSAGE, EventRole.ASSISTANT, text)


def _is_found(client: Client, word: str) -> bool:
    return any(hit.session_id == word for hit in client.search(pb.SearchRequest(query=word)).hits)


def _round(client: Client, session: str) -> Round:
    acknowledged = _say(client, session, EventType.USER_MESSAGE, f"In {session} we decided to keep Postgres.")
    found = client.events(pb.GetEventsRequest(session_id=session, limit=1)).events
    read_s = time.perf_counter() - acknowledged
    open_s = _until(acknowledged, lambda: _segment(client, session) is not None)
    ended = _say(client, session, EventType.SESSION_END, "")
    closed_s = _until(ended, lambda: _is_told(_segment(client, session)))
    return Round(len(found) == 1, read_s, open_s, closed_s)


def _say(client: Client, session: str, kind: EventType, text: str) -> float:
    """Store an event of now; when it was acknowledged."""
    role = EventRole.USER if kind == EventType.USER_MESSAGE else EventRole.SYSTEM
    now_ms = time.time_ns() // 1_000_000
    client.ingest(Event(derived_ulid(now_ms, session, kind.name), session, now_ms, kind, role, text))
    return time.perf_counter()


def _until(since: float, condition: Callable[[], bool]) -> float:
    wait_until(condition, timeout_s=LIMIT_S)
    return time.perf_counter() - since


def _segment(client: Client, session: str) -> pb.TocNode | None:
    """The session's segment, found from the root as a reader finds it: the newest year, month, week and day."""
    node = next(iter(client.root().nodes), None)
    while node is not None and node.level != pb.TOC_LEVEL_DAY:
        children = client.browse(node.node_id, limit=500).children
        node = children[-1] if children else None
    if node is None:
        return None
    segments = client.browse(node.node_id, limit=500).children
    return next((segment for segment in segments if segment.session_id == session), None)


def _is_told(segment: pb.TocNode | None) -> bool:
    return segment is not None and not segment.is_open and bool(segment.title) and len(segment.bullets) > 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="conversations begun and ended")
    parser.add_argument("--import", dest="imported", type=int, default=0, help="old events stored meanwhile")
    parser.add_argument("--rate", type=int, default=0, help="events a second that others say meanwhile")
    arguments = parser.parse_args()
    main(arguments.rounds, arguments.imported, arguments.rate)
