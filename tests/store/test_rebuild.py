"""Rebuilding gives the same tree, whatever was broken, however often the worker dies, whatever comes meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from agent_memory.errors import CommandRefused, StaleCommit, WriterUnavailable
from agent_memory.ingest.writer import Group, Writer
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, keys, ledger, records, schema
from agent_memory.store.codec import LedgerEntry, RebuildState
from agent_memory.store.maintenance.verify import verify
from agent_memory.worker.toc import rebuild
from agent_memory.worker.toc.rebuild import Rebuild
from support.conversations import LATER_MS, conversations
from support.keeper import Keeper
from support.tree import check_sound, tree_of
from support.writer import WriterProcess

NOW_MS = LATER_MS + 86_400_000
EVENTS = conversations(5, sessions=6, events_each=30)


@pytest.fixture
def keeper(writer: WriterProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keeper]:
    """A worker with all events in its tree; a rebuild takes many steps."""
    monkeypatch.setattr(rebuild, "STEP_EVENTS", 1)
    monkeypatch.setattr(rebuild, "STEP_DAYS", 1)
    writer.append(EVENTS)
    keeper = Keeper(writer)
    keeper.drain()
    try:
        yield keeper
    finally:
        keeper.close()


def begin(keeper: Keeper, timezone: str = "", **what: object) -> None:
    row = codec.to_json(RebuildState(started_ms=NOW_MS, events=len(EVENTS), **what))  # type: ignore[arg-type]
    keeper.bus.ask(pb.Command(begin_rebuild=pb.BeginRebuild(value=row, timezone=timezone)))
    keeper.reader.catch_up()


def finish(keeper: Keeper) -> RebuildState:
    steps = Rebuild(keeper.reader, keeper.toc)
    while steps.step(NOW_MS):
        pass
    keeper.reader.catch_up()
    return records.rebuild_state(keeper.reader)


def rows(keeper: Keeper) -> dict[str, dict[bytes, bytes]]:
    keeper.reader.catch_up()
    derived = (schema.TOC_NODES, schema.TOC_LATEST, schema.GRIPS)
    found = {family: dict(keeper.reader.scan(family, b"\0", b"\xff")) for family in derived}
    segments = keeper.reader.scan(schema.CHECKPOINTS, keys.SEGMENT_PREFIX, keys.after(keys.SEGMENT_PREFIX))
    return {**found, schema.CHECKPOINTS: dict(segments)}


@contextmanager
def damaged(
    writer: WriterProcess, *, deletes: list[tuple[str, bytes]], puts: list[tuple[str, bytes, bytes]]
) -> Iterator[Keeper]:
    """Change rows while the daemon is stopped; returns a new worker on the changed store."""
    writer.stop()
    store = Writer(writer.db_path)
    group = Group(store)
    for family, key in deletes:
        group.delete(family, key)
    for family, key, value in puts:
        group.put(family, key, value)
    store.commit(group)
    store.close()
    writer.start()
    keeper = Keeper(writer)
    try:
        yield keeper
    finally:
        keeper.close()


def test_a_rebuild_of_a_sound_tree_writes_nothing(keeper: Keeper) -> None:
    """Same events, same tree: every derived row is the same, and no version is new."""
    before = rows(keeper)
    begin(keeper)

    state = finish(keeper)

    assert (state.finished_ms, state.nodes_written, state.events_done) == (NOW_MS, 0, len(EVENTS))
    assert rows(keeper) == before


def test_days_are_cut_in_another_zone_as_if_they_had_never_been_cut_otherwise(
    keeper: Keeper, writer: WriterProcess, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The same rows as in a store that was made in that zone, the ledger too; what was drafted before is refused."""
    drafted = keeper.toc.draft()
    drafted.drop_node(records.days(keeper.reader)[0].node_id)
    begin(keeper, timezone="Pacific/Auckland", mend=True)
    with pytest.raises(StaleCommit):
        keeper.toc.commit(drafted, NOW_MS)
    keeper.toc.reload()
    with pytest.raises(CommandRefused, match="Another rebuild is under way"):
        begin(keeper, timezone="Asia/Tokyo", mend=True)
    begin(keeper, timezone="Pacific/Auckland", mend=True)

    other = Keeper(writer)
    finish(other)

    made_there = WriterProcess(tmp_path_factory.mktemp("w"))
    made_there.environment["MEMORY_TIMEZONE"] = "Pacific/Auckland"
    made_there.start()
    made_there.append(EVENTS)
    expected = Keeper(made_there)
    expected.drain()
    assert tree_of(other.reader) == tree_of(expected.reader)
    assert _ledger(other) == _ledger(expected)
    assert verify(other.reader).is_sound
    other.close()
    expected.close()
    made_there.close()


def _ledger(keeper: Keeper) -> dict[str, LedgerEntry]:
    return {name: entry for name, entry in ledger.entries(keeper.reader) if entry != LedgerEntry()}


def test_a_rebuild_goes_on_where_the_worker_died(keeper: Keeper, writer: WriterProcess) -> None:
    """A new worker after every single step: the steps add up to one rebuild, none is done again."""
    begin(keeper)
    steps = 0
    while True:
        other = Keeper(writer)
        worked = Rebuild(other.reader, other.toc).step(NOW_MS)
        other.close()
        if not worked:
            break
        steps += 1

    keeper.reader.catch_up()
    assert records.rebuild_state(keeper.reader).events_done == len(EVENTS)
    assert steps > 6


def test_a_step_whose_answer_is_lost_is_not_done_twice(keeper: Keeper) -> None:
    """Progress and effect are one batch: after a reload the rebuild goes on after the last committed step."""
    begin(keeper)
    steps = Rebuild(keeper.reader, keeper.toc)
    keeper.bus.dies_at = len(keeper.bus.commits)
    with pytest.raises(WriterUnavailable):
        steps.step(NOW_MS)
    keeper.toc.reload()

    assert finish(keeper).events_done == len(EVENTS)
    check_sound(keeper.reader, EVENTS)


def test_a_rebuild_mends_what_is_missing_damaged_or_left_over(keeper: Keeper, writer: WriterProcess) -> None:
    """Rows of each kind missing, changed or orphaned: verify sees them, and a rebuild gives the same tree."""
    expected = tree_of(keeper.reader)
    segments = [entry.node for entry in expected.values() if entry.node.session_id]
    grips = [grip for entry in expected.values() for grip in entry.grips if entry.node.session_id]
    assert verify(keeper.reader).is_sound
    lost = b"latest:toc:segment:2025-10-22:LOST"
    ((first, filed), *_) = records.project_segments(keeper.reader, "/home/dev/shop", 0, NOW_MS)
    misfiled = replace(filed, project="/home/dev/other")
    cut = records.segment_of(keeper.reader, segments[4])
    assert cut is not None
    # As in a store from before there was a ledger.
    uncounted = replace(cut[1], counts={})
    (entry, *_) = ledger.entries(keeper.reader)

    with damaged(
        writer,
        deletes=[
            (schema.TOC_NODES, keys.node(segments[0].node_id, 1)),
            (schema.TOC_LATEST, keys.latest("toc:week:2025:W43")),
            (schema.GRIPS, keys.grip(grips[3].grip_id)),
            (schema.GRIPS, keys.node_grip(grips[8].node_id, grips[8].grip_id)),
            (schema.CHECKPOINTS, keys.project_segment(filed.project, *first)),
        ],
        puts=[
            (schema.TOC_NODES, keys.node(segments[2].node_id, 1), b"no JSON"),
            (schema.TOC_LATEST, lost, (1).to_bytes(4, "big")),
            (schema.TOC_NODES, keys.node("toc:segment:2025-10-22:GONE", 1), b"{}"),
            (schema.GRIPS, keys.grip(grips[5].grip_id), codec.grip_to_json(replace(grips[5], excerpt="Never."))),
            (schema.CHECKPOINTS, keys.project_segment(misfiled.project, *first), codec.to_json(misfiled)),
            (schema.CHECKPOINTS, keys.segment(segments[4].session_id, *cut[0]), codec.to_json(uncounted)),
            (schema.CHECKPOINTS, keys.ledger(entry[0]), codec.to_json(entry[1].changed(stored=5, reached=-2))),
            (schema.CHECKPOINTS, keys.ledger("1999-12-31 nobody"), codec.to_json(codec.LedgerEntry(3, 3))),
            (schema.CHECKPOINTS, keys.COUNTERS, codec.to_json(codec.Counters(1, 2, 3, len(EVENTS)))),
        ],
    ) as later:
        found = verify(later.reader)
        begin(later, mend=True)
        finish(later)

        assert segments[2].session_id in found.sessions
        assert verify(later.reader).problems == []
        assert check_sound(later.reader, EVENTS) == expected


def test_one_session_can_be_rebuilt_alone(keeper: Keeper, writer: WriterProcess) -> None:
    """The sessions that verify names are enough: the others are not read."""
    expected = tree_of(keeper.reader)
    grip = next(grip for entry in expected.values() for grip in entry.grips)

    with damaged(writer, deletes=[(schema.GRIPS, keys.grip(grip.grip_id))], puts=[]) as later:
        found = verify(later.reader)
        begin(later, mend=True, sessions=tuple(found.sessions))
        state = finish(later)

        assert found.sessions == {grip.session_id}
        assert state.events_done == 30
        # Every read loads the row, so a finished one keeps no task.
        assert state.sessions == ()
        assert verify(later.reader).problems == []
        assert check_sound(later.reader, EVENTS) == expected


def test_a_rebuild_from_a_day_on_leaves_what_was_before(keeper: Keeper, writer: WriterProcess) -> None:
    """Sessions that had ended by then are not read."""
    last = max(event.timestamp_ms for event in EVENTS)
    begin(keeper, from_ms=last)

    state = finish(keeper)

    assert 0 < state.events_done <= 30
    check_sound(keeper.reader, EVENTS)


def test_what_comes_during_a_rebuild_is_taken_in(keeper: Keeper, writer: WriterProcess) -> None:
    """A late event between any two steps: in the end the tree has them all, and is the same as ever."""
    late = conversations(6, sessions=2, events_each=8)
    begin(keeper)
    steps = Rebuild(keeper.reader, keeper.toc)
    for event in late:
        steps.step(NOW_MS)
        writer.append([event])
        keeper.drain()
    finish(keeper)

    check_sound(keeper.reader, [*EVENTS, *late])
    assert verify(keeper.reader).is_sound


def test_there_is_one_rebuild_at_a_time(keeper: Keeper) -> None:
    """The same rebuild joins the one under way; another is refused until it is done."""
    begin(keeper)
    begin(keeper)

    with pytest.raises(CommandRefused, match="under way"):
        begin(keeper, from_ms=5)

    finish(keeper)
    begin(keeper, from_ms=5)
