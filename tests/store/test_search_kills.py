"""kill -9 of whoever writes the index, in commits, rebuilds, swaps and merges: nothing is missing, nothing twice."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable
from itertools import cycle, islice
from pathlib import Path
from random import Random

import pytest

from agent_memory.rpc import bus_pb2 as pb
from support.conversations import conversations
from support.search import Searching
from support.writer import WriterProcess

STEPS = ("commit", "rebuild", "swap", "optimize")
ROUNDS = 5
ROUNDS_OF_THE_DRILL = 50
# A commit, a swap and a merge of so few events take no longer.
WITHIN_S = 0.02
# What indexes, a line before each of the steps that are meant: whoever kills it behind a line kills it in the step.
_INDEXER = """
import sys
from pathlib import Path
from agent_memory.store import records
from agent_memory.store.reader import Reader
from agent_memory.worker.search import indexer
from agent_memory.worker.search.search_index import SearchIndex

def told(call):
    def telling(*arguments):
        print(flush=True)
        return call(*arguments)
    return telling

what = sys.argv[3]
name = {"swap": "_serve", "optimize": "merge"}.get(what, "step")
setattr(SearchIndex, name, told(getattr(SearchIndex, name)))
indexer.STEP_ENTRIES, indexer.STEP_SCAN_SEGMENTS = 20, 2
reader = Reader(Path(sys.argv[1]), Path(sys.argv[2]))
index = SearchIndex(reader, Path(sys.argv[1]))
while True:
    reader.catch_up()
    is_done = not index.step(records.consumers(reader)["toc"].cursor, 1)
    if is_done and what == "optimize":
        index.merge()
"""


def killed_in(writer: WriterProcess, scratch: Path, steps: Iterable[str]) -> None:
    """Kill the indexer once in each of the steps, and have another one check what is there then."""
    random = Random(1)
    keeper = Searching(writer)
    for number, step in enumerate(steps, 1):
        writer.append(conversations(number, sessions=2, events_each=30))
        keeper.drain_toc()
        if step in ("rebuild", "swap"):
            writer.bus.ask(pb.Command(begin_index_rebuild=pb.BeginIndexRebuild(asked_ms=number)))
        child = subprocess.Popen(
            [sys.executable, "-c", _INDEXER, str(writer.db_path), str(scratch / "killed"), step],
            env=writer.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        for _ in range(1 if step == "swap" else random.randrange(1, 12)):
            assert child.stdout.readline()
        time.sleep(random.random() * WITHIN_S)  # anywhere in the step
        child.kill()
        child.wait()
        child.stdout.close()
    keeper.drain()

    keeper.check()

    keeper.close()


def test_killing_the_indexer_loses_nothing_and_doubles_nothing(writer: WriterProcess, tmp_path: Path) -> None:
    """A few times, in one step after the other."""
    killed_in(writer, tmp_path, islice(cycle(STEPS), ROUNDS))


@pytest.mark.drill
@pytest.mark.timeout(900)
@pytest.mark.parametrize("step", STEPS)
def test_killing_the_indexer_fifty_times(writer: WriterProcess, tmp_path: Path, step: str) -> None:
    """The same, many times in each step."""
    killed_in(writer, tmp_path, [step] * ROUNDS_OF_THE_DRILL)
