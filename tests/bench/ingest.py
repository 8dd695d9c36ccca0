"""How fast events are stored, each acknowledged after its fsync, beside what store and disk can do by themselves.

    python tests/bench/ingest.py [--events 100000]

1. One by one: IngestEvent, 1, 16 and 128 calls in flight.
2. Bulk: IngestEvents with 500 events a call into an empty store, right behind a bare loop over the store's own library
   that writes the same rows into an empty store in groups of 500, one batch and one fsync each.
3. Bulk while the worker drains the backlog, as it does in daily use.
The worker is held still in 1 and 2, so that what is measured is the way of an event to the disk.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rocksdict import Rdict, WriteBatch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import keys, schema
from bench import rig

BULK_IN_FLIGHT = (1, 2, 4, 8)
UNARY_IN_FLIGHT = (1, 16, 128)
UNARY_S = 4.0
UNARY_MAX = 20_000
CACHE_BYTES = 8 << 20

Row = tuple[str, bytes, bytes]


def main(events: int) -> None:
    fsync = rig.print_machine("ingest")
    _unary(fsync)
    rows = bare_rows(events)
    _print_bare(rows)
    _bulk(rows, "worker idle")
    _bulk(rows, "worker draining")


# --- the bare loop


def bare_rows(count: int) -> list[list[Row]]:
    """The rows that the writer writes for so many events, event by event."""
    events = rig.conversations(count, "bare")
    return [list(_rows(number, event)) for number, event in enumerate(events, 1)]


def _print_bare(rows: Sequence[Sequence[Row]]) -> None:
    # An event's own row is its first.
    mean_bytes = sum(len(each[0][2]) for each in rows) / len(rows)
    print(f"{len(rows):,} events of {mean_bytes:.0f} B, groups of {rig.BATCH_EVENTS}")
    least = [[row for row in each if row[0] == schema.OUTBOX or row[1].startswith(keys.EVENT_PREFIX)] for each in rows]
    rig.table(
        ["bare loop", "events/s"],
        [["event, id, session, outbox", bare_rate(rows)], ["event, outbox", bare_rate(least)]],
    )


def _rows(sequence: int, event: pb.Event) -> Iterator[Row]:
    event_key, session_key, stamp, entry = keys.event_names(event.session_id, event.timestamp_ms, event.event_id)
    yield schema.EVENTS, event_key, event.SerializeToString()
    yield schema.EVENTS, keys.event_id(event.event_id), stamp
    yield schema.EVENTS, session_key, b""
    yield schema.OUTBOX, keys.outbox(sequence), entry


def bare_rate(rows: Sequence[Sequence[Row]]) -> float:
    with tempfile.TemporaryDirectory(prefix="am-") as folder:
        database, families = schema.options(CACHE_BYTES)
        store = Rdict(folder, database, families)
        handles = {name: store.get_column_family_handle(name) for name in schema.COLUMN_FAMILIES}
        started = time.perf_counter()
        for at in range(0, len(rows), rig.BATCH_EVENTS):
            batch = WriteBatch(raw_mode=True)
            for event in rows[at : at + rig.BATCH_EVENTS]:
                for family, key, value in event:
                    batch.put(key, value, handles[family])
            store.write(batch)
            store.flush_wal(True)
        took_s = time.perf_counter() - started
        handles.clear()
        store.close()
    return len(rows) / took_s


# --- through the stack


def _bulk(rows: Sequence[Sequence[Row]], how: str) -> None:
    def measured(in_flight: int) -> Sequence[object]:
        requests = [
            pb.IngestEventsRequest(events=batch).SerializeToString()
            for batch in rig.batches(rig.conversations(len(rows), "bulk"))
        ]
        bare = bare_rate(rows)
        with rig.scratch_stack() as stack:
            running = rig.processes(stack)
            still = rig.held_still(running["worker"]) if how == "worker idle" else contextlib.nullcontext()
            with still, rig.cpu_used(running) as used:
                took, all_s = rig.run(stack, "IngestEvents", requests, in_flight)
        rate = len(rows) / all_s
        p50, p99 = (rig.percentile_ms(took, percent) for percent in (50, 99))
        per_batch = [used[name] * 1000 / len(requests) for name in ("query", "ingest", "worker")]
        return [in_flight, rate, rate / bare, p50, p99, *per_batch]

    rig.table(
        [
            f"bulk, {how}, in flight",
            "events/s",
            "of bare",
            "p50 ms",
            "p99 ms",
            "CPU ms a call: query",
            "ingest",
            "worker",
        ],
        map(measured, BULK_IN_FLIGHT),
    )


def _unary(fsync: rig.Fsync) -> None:
    def measured(in_flight: int) -> Sequence[object]:
        events = rig.conversations(UNARY_MAX, f"unary-{in_flight}")
        requests = [pb.IngestEventRequest(event=event).SerializeToString() for event in events]
        with rig.cpu_used(running) as used:
            took, all_s = rig.run(stack, "IngestEvent", requests, in_flight, UNARY_S)
        rate = len(took) / all_s
        p50, p99 = (rig.percentile_ms(took, percent) for percent in (50, 99))
        per_call = [used[name] * 1000 / len(took) for name in ("query", "ingest")]
        return [in_flight, rate, rate / fsync.per_s, p50, p99, *per_call]

    with rig.scratch_stack() as stack:
        running = rig.processes(stack)
        with rig.held_still(running["worker"]):
            rig.table(
                [
                    "one by one, in flight",
                    "events/s",
                    "of fsyncs",
                    "p50 ms",
                    "p99 ms",
                    "CPU ms a call: query",
                    "ingest",
                ],
                map(measured, UNARY_IN_FLIGHT),
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000, help="so many for each figure of the bulk load")
    main(parser.parse_args().events)
