"""What a rebuild of the table of contents costs with the built-in summarizer: time, processor, memory.

    python tests/bench/rebuild.py [--events 100000]

1. Of a table of contents that is as it should be: every event is read and summarized again, nothing written.
2. Of one that is gone: everything is summarized and written.
The stack is started again before each, so that the most memory that was used is the rebuild's.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_memory.ingest.writer import Group, Writer
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import keys, schema
from bench import rig
from support.stack import Stack, wait_until


def main(events: int) -> None:
    rig.print_machine("rebuild")
    with rig.scratch_stack() as stack:
        rig.load(stack, rig.conversations(events))
        rig.wait_until_drained(stack)
        rig.table(
            [
                f"{events:,} events",
                "wall s",
                "events/s",
                "CPU s: worker",
                "ingest",
                "query",
                "worker MiB before",
                "at most",
                "nodes written",
            ],
            _rebuilt(stack, events),
        )


def _rebuilt(stack: Stack, events: int) -> Iterator[Sequence[object]]:
    stack.run("restart")
    yield ["sound", *_rebuild(stack, events)]
    stack.stop()
    _forget(stack.db_path)
    stack.start()
    yield ["gone", *_rebuild(stack, events)]


def _rebuild(stack: Stack, events: int) -> Sequence[object]:
    running = rig.processes(stack)
    worker = running["worker"]
    before = rig.rss_mib(worker)
    with stack.client() as client, rig.cpu_used(running) as used:
        started = time.perf_counter()
        client.rebuild_toc(pb.RebuildTocRequest())
        wait_until(lambda: client.rebuild_status().finished_ms, timeout_s=rig.SYNC_S)
        wall_s = time.perf_counter() - started
        written = client.rebuild_status().nodes_written
    cpu_s = [used[name] for name in ("worker", "ingest", "query")]
    return [wall_s, events / wall_s, *cpu_s, before, rig.peak_mib(worker), written]


def _forget(db_path: Path) -> None:
    """Take everything away that a rebuild makes; the events stay."""
    writer = Writer(db_path)
    group = Group(writer)
    for family, prefix in (
        (schema.TOC_NODES, keys.NODE_PREFIX),
        (schema.TOC_LATEST, keys.LATEST_PREFIX),
        (schema.GRIPS, keys.GRIP_PREFIX),
        (schema.GRIPS, keys.NODE_GRIP_PREFIX),
        (schema.CHECKPOINTS, keys.SEGMENT_PREFIX),
        (schema.CHECKPOINTS, keys.OPEN_PREFIX),
        (schema.CHECKPOINTS, keys.PROJECT_PREFIX),
    ):
        group.delete_range(family, prefix, keys.after(prefix))
    group.delete(schema.CHECKPOINTS, keys.REBUILD)
    group.counters = replace(group.counters, toc_nodes=0, grips=0)
    writer.commit(group)
    writer.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000, help="in the store")
    main(parser.parse_args().events)
