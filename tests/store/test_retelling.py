"""After an upgrade that summarizes otherwise, a store is told again once, with the nightly rollup of days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from agent_memory.jobs import ROLLUP_DAY
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, records
from agent_memory.store.codec import JobState, RebuildState
from agent_memory.worker.summarizer import RULES
from agent_memory.worker.toc.rebuild import Rebuild
from agent_memory.worker.toc.retelling import Retelling
from support.conversations import LATER_MS, conversations
from support.keeper import Keeper
from support.writer import WriterProcess

NIGHT_MS = LATER_MS + 86_400_000
EVENTS = conversations(5, sessions=4, events_each=20)


@pytest.fixture
def keeper(writer: WriterProcess) -> Iterator[Keeper]:
    """A worker with all events in its tree."""
    writer.append(EVENTS)
    keeper = Keeper(writer)
    keeper.drain()
    try:
        yield keeper
    finally:
        keeper.close()


def tell_by_older_rules(keeper: Keeper) -> str:
    """Have the store say that it was told by older rules, and a node that it is so; returns the node's id."""
    draft = keeper.toc.draft()
    days = records.days(keeper.reader)
    segment = records.nodes(keeper.reader, list(records.child_ids(keeper.reader, days[0])))[0]
    draft.put_node(replace(segment, title="As it was once told"), [], LATER_MS)
    draft.message.summary_rules = RULES - 1
    keeper.toc.commit(draft, LATER_MS)
    return segment.node_id


def roll_up_days(keeper: Keeper, at_ms: int) -> None:
    """Have the job's row say that it ran."""
    row = codec.to_json(JobState(last_success_ms=at_ms))
    keeper.bus.ask(pb.Command(record_job=pb.RecordJob(job_name=ROLLUP_DAY, value=row)))
    keeper.reader.catch_up()


def rebuild(keeper: Keeper) -> None:
    steps = Rebuild(keeper.reader, keeper.toc)
    while steps.step(NIGHT_MS):
        pass
    keeper.reader.catch_up()


def test_what_these_rules_have_told_is_not_told_again(keeper: Keeper) -> None:
    """The first commit notes the rules of a new store; the night after, nothing begins."""
    retelling = Retelling(keeper.reader, keeper.bus)

    roll_up_days(keeper, NIGHT_MS)
    retelling.look(NIGHT_MS)
    keeper.reader.catch_up()

    assert records.summary_rules(keeper.reader) == RULES
    assert not records.rebuild_state(keeper.reader).is_running


def test_what_older_rules_have_told_is_told_again_at_night(keeper: Keeper) -> None:
    """Not before the days were rolled up; then as a rebuild, and when that is done the store says so."""
    node_id = tell_by_older_rules(keeper)
    retelling = Retelling(keeper.reader, keeper.bus)

    retelling.look(LATER_MS)
    keeper.reader.catch_up()
    assert not records.rebuild_state(keeper.reader).is_running

    roll_up_days(keeper, NIGHT_MS)
    retelling.look(NIGHT_MS)
    keeper.reader.catch_up()
    assert records.rebuild_state(keeper.reader).is_running

    rebuild(keeper)
    node = records.node(keeper.reader, node_id)
    assert node is not None
    assert node.title != "As it was once told"
    assert records.summary_rules(keeper.reader) == RULES

    roll_up_days(keeper, NIGHT_MS + 86_400_000)
    retelling.look(NIGHT_MS + 86_400_000)
    keeper.reader.catch_up()
    assert not records.rebuild_state(keeper.reader).is_running


def test_a_rebuild_of_some_sessions_leaves_the_rest_to_be_told_again(keeper: Keeper) -> None:
    tell_by_older_rules(keeper)
    row = codec.to_json(RebuildState(started_ms=NIGHT_MS, sessions=(EVENTS[0].session_id,)))
    keeper.bus.ask(pb.Command(begin_rebuild=pb.BeginRebuild(value=row)))
    keeper.reader.catch_up()

    rebuild(keeper)

    assert records.summary_rules(keeper.reader) == RULES - 1
