"""Verifying: a sound store has no problems, and each kind of damage is found and named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from agent_memory.ingest.writer import Group, Writer
from agent_memory.messages import event_to_pb
from agent_memory.model import Event, Grip, TocNode
from agent_memory.store import codec, keys, records, schema
from agent_memory.store.maintenance.findings import Findings
from agent_memory.store.maintenance.verify import verify
from agent_memory.store.reader import open_snapshot
from support.conversations import conversations
from support.keeper import Keeper
from support.tree import tree_of
from support.writer import WriterProcess

EVENTS = conversations(3, sessions=3, events_each=25)


@dataclass
class Known:
    """What the tests break."""

    node: TocNode
    grip: Grip
    event: Event


Damage = Callable[[Group, Known], None]


@pytest.fixture
def stopped(writer: WriterProcess) -> tuple[WriterProcess, Known]:
    """A store at rest, with everything in its tree."""
    writer.append(EVENTS)
    keeper = Keeper(writer)
    keeper.drain()
    tree = tree_of(keeper.reader)
    entry = next(entry for entry in tree.values() if entry.node.session_id and entry.grips)
    node = records.node(keeper.reader, entry.node.node_id)
    assert node is not None
    event = next(event for event in EVENTS if event.event_id == entry.grips[0].event_id_start)
    keeper.close()
    writer.stop()
    return writer, Known(node, entry.grips[0], event)


def verified(writer: WriterProcess) -> Findings:
    with open_snapshot(writer.db_path) as reader:
        return verify(reader)


def break_it(writer: WriterProcess, damage: Callable[[Group], None]) -> None:
    store = Writer(writer.db_path)
    group = Group(store)
    damage(group)
    store.commit(group)
    store.close()


def lose_event(group: Group, known: Known) -> None:
    group.delete(schema.EVENTS, keys.event(*known.event.position))


def change_event(group: Group, known: Known) -> None:
    changed = event_to_pb(replace(known.event, text="I never said that."))
    group.put(schema.EVENTS, keys.event(*known.event.position), changed.SerializeToString())


def lose_id(group: Group, known: Known) -> None:
    group.delete(schema.EVENTS, keys.event_id(known.event.event_id))


def lose_session_row(group: Group, known: Known) -> None:
    group.delete(schema.EVENTS, keys.session_event(known.event.session_id, *known.event.position))


def lose_node(group: Group, known: Known) -> None:
    group.delete(schema.TOC_NODES, keys.node(known.node.node_id, known.node.version))


def lose_day(group: Group, known: Known) -> None:
    day = known.node.node_id.removeprefix("toc:segment:")[: len("2026-01-30")]
    group.delete(schema.TOC_LATEST, keys.latest(f"toc:day:{day}"))


def lose_cut(group: Group, known: Known) -> None:
    for key in group.keys_with(schema.CHECKPOINTS, keys.segments(known.node.session_id)):
        group.delete(schema.CHECKPOINTS, key)


def miscount_segment(group: Group, known: Known) -> None:
    wrong = codec.node_to_json(replace(known.node, event_count=known.node.event_count + 1))
    group.put(schema.TOC_NODES, keys.node(known.node.node_id, known.node.version), wrong)


def lose_grip(group: Group, known: Known) -> None:
    group.delete(schema.GRIPS, keys.grip(known.grip.grip_id))


def change_excerpt(group: Group, known: Known) -> None:
    wrong = codec.grip_to_json(replace(known.grip, excerpt="Nobody said that."))
    group.put(schema.GRIPS, keys.grip(known.grip.grip_id), wrong)


def disown_grip(group: Group, known: Known) -> None:
    group.delete(schema.GRIPS, keys.node_grip(known.grip.node_id, known.grip.grip_id))


def miscount(group: Group, known: Known) -> None:
    group.counters = replace(group.counters, grips=group.counters.grips + 1)


def misstate_ledger(group: Group, known: Known) -> None:
    (key, *_) = group.keys_with(schema.CHECKPOINTS, keys.LEDGER_PREFIX)
    wrong = codec.ledger_entry(group.get(schema.CHECKPOINTS, key)).changed(stored=1)
    group.put(schema.CHECKPOINTS, key, codec.to_json(wrong))


def lose_counts_of_segment(group: Group, known: Known) -> None:
    key = group.keys_with(schema.CHECKPOINTS, keys.segments(known.node.session_id))[0]
    row = codec.segment_row(group.get(schema.CHECKPOINTS, key) or b"")
    group.put(schema.CHECKPOINTS, key, codec.to_json(replace(row, counts={})))


def overrun(group: Group, known: Known) -> None:
    group.consumers[records.TOC] = codec.ConsumerState(group.counters.sequence + 1, 1)


def leave_open(group: Group, known: Known) -> None:
    first = group.keys_with(schema.CHECKPOINTS, keys.segments(known.node.session_id))[0]
    key = keys.OPEN_PREFIX + first.removeprefix(keys.SEGMENT_PREFIX)
    group.put(schema.CHECKPOINTS, key, b"1")


def lose_place_in_project(group: Group, known: Known) -> None:
    for key in group.keys_with(schema.CHECKPOINTS, keys.PROJECT_PREFIX):
        group.delete(schema.CHECKPOINTS, key)


def file_elsewhere(group: Group, known: Known) -> None:
    row = codec.ProjectRow("/home/dev/other", known.node.session_id, known.node.node_id)
    group.put(schema.CHECKPOINTS, keys.project_segment(row.project, 1, "e1"), codec.to_json(row))


def test_a_sound_store_has_no_faults(stopped: tuple[WriterProcess, Known]) -> None:
    """Everything was checked, and every evidence checksum is right."""
    writer, _ = stopped
    found = verified(writer)

    with open_snapshot(writer.db_path) as reader:
        said = records.counters(reader)
    assert found.problems == []
    assert (found.events, found.toc_nodes, found.grips_intact) == (said.events, said.toc_nodes, said.grips)
    assert found.grips_removed == found.grips_without_checksum == found.sessions_waiting == 0


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lose_event, "is not there"),
        (change_event, "the events it quotes have changed"),
        (lose_id, "can't be found by its id"),
        (lose_session_row, "by session"),
        (lose_node, "is not there"),
        (lose_day, "can't be reached"),
        (lose_cut, "is in no segment"),
        (miscount_segment, "tells of"),
        (lose_grip, "which is not there"),
        (change_excerpt, "none of its events contains its excerpt"),
        (disown_grip, "is not among the grips"),
        (miscount, "there are"),
        (misstate_ledger, "events are in segments"),
        (lose_counts_of_segment, "is counted wrongly in the ledger"),
        (overrun, "behind the end of the outbox"),
        (leave_open, "will not be closed in time"),
        (lose_place_in_project, "is not found among the segments of /home/dev/shop"),
        (file_elsewhere, "is no segment of the project /home/dev/other"),
    ],
)
def test_each_fault_is_found(stopped: tuple[WriterProcess, Known], damage: Damage, said: str) -> None:
    """With one wrong row the store is not sound, and the problem names it."""
    writer, known = stopped
    break_it(writer, lambda group: damage(group, known))

    found = verified(writer)

    assert not found.is_sound
    assert any(said in problem.message for problem in found.problems), found.problems


def test_what_was_removed_on_purpose_is_no_damage(stopped: tuple[WriterProcess, Known]) -> None:
    """A grip whose event was deleted on request is distinguished from one whose event was lost or changed."""
    writer, known = stopped

    def remove(group: Group) -> None:
        change_event(group, known)
        group.put(schema.EVENTS, keys.removed_event(known.event.event_id), b"")

    break_it(writer, remove)

    found = verified(writer)
    assert found.grips_removed >= 1
    assert not any("damaged" in problem.message for problem in found.problems)


def test_events_that_wait_are_no_fault(writer: WriterProcess) -> None:
    """Stored and not yet summarized: counted as waiting, and no problem."""
    writer.append(EVENTS)

    found = verified(writer)

    assert found.is_sound
    assert (found.events, found.sessions_waiting, found.segments) == (len(EVENTS), 3, 0)


def test_thousands_of_problems_are_counted_and_the_first_listed(
    stopped: tuple[WriterProcess, Known], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is bounded, however much is broken."""
    from agent_memory.store.maintenance import findings as module

    monkeypatch.setattr(module, "LISTED_MAX", 2)
    writer, _ = stopped

    def lose_all(group: Group) -> None:
        for key in group.keys_with(schema.TOC_NODES, keys.NODE_PREFIX):
            group.delete(schema.TOC_NODES, key)

    break_it(writer, lose_all)

    found = verified(writer)
    assert len(found.problems) == 2 < found.problem_count
    assert (len(found.sessions), found.too_many) == (2, True)
