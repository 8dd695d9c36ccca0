"""What the drills stand on: a load that goes on whatever happens, and a look at the store when all is over."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from agent_memory.client import Client
from agent_memory.errors import AgentMemoryError
from agent_memory.model import Event
from agent_memory.store import records
from agent_memory.store.reader import Reader
from support.stack import Stack, wait_until
from support.tree import Tree, check_sound

BATCH = 10
PAUSE_S = 0.05


class Load(threading.Thread):
    """Sends events batch by batch, each until it is acknowledged, as a client with a spool does.

    It rests for `rest_s` after each batch.
    """

    def __init__(self, stack: Stack, events: Sequence[Event], rest_s: float = 0) -> None:
        super().__init__(name="load")
        self._rest_s = rest_s
        self._target = f"127.0.0.1:{stack.port}"
        self._batches = [events[at : at + BATCH] for at in range(0, len(events), BATCH)]
        self._stopping = threading.Event()
        # Whoever holds it keeps the load from sending.
        self.quiet = threading.Lock()
        self.acknowledged: list[Event] = []
        self.failures: list[AgentMemoryError] = []

    def run(self) -> None:
        with Client(self._target) as client:
            for batch in self._batches:
                while not self._send(client, batch):
                    if self._stopping.wait(PAUSE_S):
                        return
                if self._stopping.wait(self._rest_s):
                    return

    def stop(self) -> None:
        """Send nothing any more; what is under way is waited for."""
        self._stopping.set()
        self.join()

    def _send(self, client: Client, batch: Sequence[Event]) -> bool:
        try:
            with self.quiet:
                results = client.ingest_many(batch)
        except AgentMemoryError as error:
            self.failures.append(error)
            return False
        assert not any(result.error for result in results)
        self.acknowledged += batch
        return True


def settled_tree(db_path: Path, events: Sequence[Event]) -> Tree:
    """The tree, found sound, once the running worker has told everything and closed what fell silent."""
    with tempfile.TemporaryDirectory(prefix="am-") as scratch:
        reader = Reader(db_path, Path(scratch) / "secondary")

        def is_settled() -> bool:
            reader.catch_up()
            done = records.consumer(reader, records.TOC).cursor == records.counters(reader).sequence == len(events)
            return done and not any(records.open_segments(reader))

        try:
            wait_until(is_settled)
            return check_sound(reader, events)
        finally:
            reader.close()


def undisturbed(stack: Stack, events: Sequence[Event]) -> Tree:
    """The tree of a run in which nothing happens to anybody; the stack is stopped again."""
    stack.start()
    load = Load(stack, events)
    load.start()
    load.join()
    tree = settled_tree(stack.db_path, events)
    stack.stop()
    return tree
