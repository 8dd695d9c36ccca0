"""kill -9 of whoever writes the index, in commits, rebuilds and swaps: nothing is missing then, and nothing twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from agent_memory.rpc import bus_pb2 as pb
from support.conversations import conversations
from support.search import Searching
from support.writer import WriterProcess

ROUNDS = 5
ROUNDS_OF_THE_DRILL = 50
# What indexes, a line before each step: whoever kills it behind a line kills it in the step.
_INDEXER = """
import sys
from pathlib import Path
from agent_memory.store import records
from agent_memory.store.reader import Reader
from agent_memory.worker.search import indexer
from agent_memory.worker.search.search_index import SearchIndex

indexer.STEP_ENTRIES, indexer.STEP_SCAN_SEGMENTS = 20, 2
reader = Reader(Path(sys.argv[1]), Path(sys.argv[2]))
index = SearchIndex(reader, Path(sys.argv[1]))
while True:
    print(flush=True)
    reader.catch_up()
    index.step(records.consumers(reader)["toc"].cursor, 1)
"""


def killed_again_and_again(writer: WriterProcess, scratch: Path, rounds: int) -> None:
    random = Random(rounds)
    keeper = Searching(writer)
    for number in range(rounds):
        writer.append(conversations(number, sessions=2, events_each=30))
        keeper.drain_toc()
        if number % 2:
            writer.bus.ask(pb.Command(begin_index_rebuild=pb.BeginIndexRebuild(asked_ms=number)))
        child = subprocess.Popen(
            [sys.executable, "-c", _INDEXER, str(writer.db_path), str(scratch / "killed")],
            env=writer.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        for _ in range(random.randrange(1, 12)):
            child.stdout.readline()
        child.kill()
        child.wait()
        child.stdout.close()
    keeper.drain()

    keeper.check()

    keeper.close()


def test_killing_the_indexer_loses_nothing_and_doubles_nothing(writer: WriterProcess, tmp_path: Path) -> None:
    """A few rounds, every second one in a rebuild."""
    killed_again_and_again(writer, tmp_path, ROUNDS)


@pytest.mark.drill
@pytest.mark.timeout(900)
def test_killing_the_indexer_fifty_times(writer: WriterProcess, tmp_path: Path) -> None:
    """The same, many times."""
    killed_again_and_again(writer, tmp_path, ROUNDS_OF_THE_DRILL)
