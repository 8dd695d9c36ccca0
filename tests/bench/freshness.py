"""How soon what was said can be found: an event once it is acknowledged, its segment from the root of the contents.

    python tests/bench/freshness.py [--rounds 20]

An acknowledged event must be readable at once: the first look after the acknowledgement counts, there is no second. Its
open segment must be reachable from the root within two seconds of the acknowledgement, the closed one with its words
within two seconds of the session's end.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_memory.client import Client
from agent_memory.ids import derived_ulid
from agent_memory.model import Event, EventRole, EventType
from agent_memory.rpc import memory_pb2 as pb
from bench import rig
from support.stack import wait_until

LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Round:
    """One conversation begun and ended. Seconds since the acknowledgement."""

    readable_at_once: bool
    read_s: float
    open_s: float
    closed_s: float


def main(rounds: int) -> None:
    rig.print_machine("freshness")
    with rig.scratch_stack() as stack, stack.client() as client:
        done = [_round(client, f"fresh-{number}") for number in range(rounds)]
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
    main(parser.parse_args().rounds)
