"""Many clients and readers through real processes, while these are killed, halted and restarted at random.

`TORTURE_FAULTS=1000 TORTURE_SEED=7 bin/test -m drill tests/chaos/test_torture.py` tries more, or the same again.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from random import Random

import pytest

from agent_memory.capture.spool import Spool
from agent_memory.client import Client
from agent_memory.errors import AgentMemoryError
from agent_memory.messages import event_from_bytes
from agent_memory.model import Event
from agent_memory.store import records
from agent_memory.store.maintenance.verify import verify
from agent_memory.store.reader import Reader, open_snapshot
from chaos.rig import Load
from chaos.torturer import PATIENCE_S, Hooks, RareWitness, Repeated, Torturer, Unary, Witness, everything
from support import search, transcripts
from support.conversations import conversations
from support.stack import Stack, scratch, wait_until
from support.tree import Tree, check_sound

FAULTS = int(os.environ.get("TORTURE_FAULTS", "60"))
SEED = int(os.environ.get("TORTURE_SEED", "1"))
# Faults of a round, after which all is compared: a look at everything takes as long as a hundred faults.
FAULTS_A_ROUND = 500
# So that a round's load lasts about as long as its faults.
REST_S = 0.3
SESSIONS = 24
SETTLED_S = 1.5 * PATIENCE_S


@pytest.mark.drill
@pytest.mark.timeout(36_000)
def test_torture(tmp_path: Path) -> None:
    """Round after round, each with a store and a seed of its own."""
    struck: Counter[str] = Counter()
    checked = 0
    for seed in count(SEED):
        if struck.total() >= FAULTS:
            break
        try:
            faults, asked = torture(tmp_path / str(seed), seed, min(FAULTS_A_ROUND, FAULTS - struck.total()))
        except BaseException as error:
            error.add_note(f"Again: TORTURE_FAULTS=500 TORTURE_SEED={seed} bin/test -m drill {Path(__file__).name}")
            raise
        shutil.rmtree(tmp_path / str(seed))
        struck.update(faults)
        checked += asked
        print(f"seed {seed}: {struck.total()} faults, {checked} answers checked", flush=True)
    print(dict(struck))


def torture(folder: Path, seed: int, faults: int) -> tuple[Sequence[str], int]:
    """One round; what was done to the processes, and how many answers were checked meanwhile."""
    random = Random(seed)
    with ExitStack() as stacks:
        stack, calm = (stacks.enter_context(scratch(folder / name)) for name in ("tortured", "calm"))
        for each in (stack, calm):
            each.env["MEMORY_TIMEZONE"] = "UTC"
            transcripts.settle("claude-code", Path(each.env["HOME"]))
        stack.start()
        batches = Load(stack, conversations(seed * 2, sessions=SESSIONS, events_each=120), REST_S)
        single = Unary(stack, conversations(seed * 2 + 1, sessions=SESSIONS // 2, events_each=120), REST_S)
        hooks = Hooks(stack)
        witnesses: list[Witness | RareWitness] = [
            *(Witness(stack, [batches, single], Random(seed + number)) for number in range(2)),
            RareWitness(stack, [batches, single], Random(seed + 2)),
        ]
        loads = [batches, single]
        others = [
            Repeated(hooks.call, 0.2),
            Repeated(lambda: backfill(stack), 1.0),
            *(Repeated(witness.ask, 0.01) for witness in witnesses),
        ]
        torturer = Torturer(stack, random, lambda: sum(len(each.acknowledged) for each in loads) + answers(witnesses))
        for thread in (*loads, *others):
            thread.start()
        try:
            torturer.torture(faults)
        finally:
            for load in loads:
                load.stop()
            for other in others:
                other.stop()

        events = recorded_events(stack, [*batches.acknowledged, *single.acknowledged], hooks)
        tree = settled(stack, events)
        calm.start()
        with calm.client() as client:
            for at in range(0, len(events), 100):
                client.ingest_many(events[at : at + 100])
        # It finds each event of the transcripts known, and so none was missing.
        tally = json.loads(calm.run("backfill", "claude-code", "--json").stdout)["agents"]["claude-code"]
        imported = [event for event in events if not event.session_id.startswith(("hooked-", "session-"))]
        assert (tally["stored"], tally["refused"], tally["known"]) == (0, 0, len(imported))
        assert imported
        assert settled(calm, events) == tree
        for each in (stack, calm):
            each.stop()
        assert search.rows(stack.db_path) == search.rows(calm.db_path)
        assert search.vocabulary(stack.db_path) == search.vocabulary(calm.db_path)
        return torturer.faults, answers(witnesses)


def answers(witnesses: Iterable[Witness | RareWitness]) -> int:
    return sum(witness.answers for witness in witnesses)


def backfill(stack: Stack) -> bool:
    """Whether what an agent kept of its sessions was read to the end."""
    try:
        return stack.run("backfill", "claude-code", "--json", check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def recorded_events(stack: Stack, acknowledged: Sequence[Event], hooks: Hooks) -> list[Event]:
    """Every stored event, once each was found to be as it was sent, and what was promised to be there, once."""
    wait_until(lambda: stack.status()["health"] == "SERVING", SETTLED_S)
    wait_until(lambda: is_spool_empty(stack), SETTLED_S)
    wait_until(lambda: backfill(stack), SETTLED_S)
    with Client(f"127.0.0.1:{stack.port}") as client:
        stored = [event_from_bytes(event.SerializeToString()) for event in everything(client)]
    assert acknowledged
    assert hooks.promised
    by_id = {event.event_id: event for event in stored}
    assert len(by_id) == len(stored), "an event is doubled"
    wrong = [event for event in acknowledged if by_id.get(event.event_id) != event]
    assert not wrong, f"{len(wrong)} acknowledged events are lost or changed: {wrong[:3]}"
    prompts = Counter(event.text for event in stored if event.session_id.startswith("hooked-"))
    assert hooks.promised <= prompts.keys(), hooks.promised - prompts.keys()
    assert prompts.keys() <= set(hooks.called)
    assert set(prompts.values()) <= {1}, [prompt for prompt, times in prompts.items() if times > 1]
    return stored


def is_spool_empty(stack: Stack) -> bool:
    spool = Spool(stack.db_path)
    return not spool.waiting() and not spool.abandoned(time.time() + 3600)


def settled(stack: Stack, events: Sequence[Event]) -> Tree:
    """The tree once everything is in it and in the index, found sound here and by `admin verify`."""
    silent_ms = min(event.timestamp_ms for event in events if event.session_id.startswith("hooked-"))

    def is_settled(reader: Reader, client: Client) -> bool:
        reader.catch_up()
        if records.consumer(reader, records.TOC).cursor != len(events):
            return False
        if any(last_ms < silent_ms - 3_600_000 for _, _, last_ms in records.open_segments(reader)):
            return False
        status = client.index_status()
        return status.available and not status.behind and not status.is_partial and not status.is_rebuilding

    with tempfile.TemporaryDirectory(prefix="am-") as folder, stack.client() as client:
        reader = Reader(stack.db_path, Path(folder) / "secondary")
        try:
            wait_until(lambda: holds(lambda: is_settled(reader, client)), SETTLED_S)
            tree = check_sound(reader, events)
        finally:
            reader.close()
    with open_snapshot(stack.db_path) as snapshot:
        problems = verify(snapshot).problems
    assert not problems, problems
    return tree


def holds(condition: Callable[[], bool]) -> bool:
    """Whether the daemon answers, and the condition is true."""
    try:
        return condition()
    except AgentMemoryError:
        return False
