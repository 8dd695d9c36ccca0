"""Erasing events and keeping their summaries: what was said of them stays, and nothing else of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

import pytest

from agent_memory.erasure.passages import passage_of
from agent_memory.erasure.proof import prove
from agent_memory.model import Event, TocNode
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, keys, records, schema
from agent_memory.store.codec import RebuildState, SegmentRow
from agent_memory.store.maintenance.verify import verify
from agent_memory.store.reader import Reader, open_snapshot
from agent_memory.store.records import Position
from agent_memory.worker.toc.rebuild import Rebuild
from support.conversations import BEGIN_MS, conversations
from support.erasing import Eraser
from support.writer import WriterProcess

EVENTS = [
    replace(event, text=f"{event.text} We chose plan{number}x.")
    for number, event in enumerate(conversations(7, sessions=3, events_each=60))
]
CUTOFF_MS = BEGIN_MS + 30 * 3_600_000


def segments(reader: Reader) -> Iterator[tuple[str, Position, SegmentRow]]:
    for session_id in records.sessions(reader):
        for first, row in records.segments_from(reader, session_id, (0, "")):
            yield session_id, first, row


def of_old_segments(reader: Reader, events: Sequence[Event], until_ms: int) -> tuple[list[Event], list[str]]:
    """The events of the segments that ended before that time, and these segments' nodes."""
    old = [(session_id, first, row) for session_id, first, row in segments(reader) if row.last_ms < until_ms]
    held = [
        event
        for event in events
        if any(
            session_id == event.session_id and first <= event.position <= (row.last_ms, row.last_event_id)
            for session_id, first, row in old
        )
    ]
    return held, [row.node_id for _, _, row in old]


def nodes(reader: Reader) -> dict[str, TocNode]:
    rows = reader.scan(schema.TOC_LATEST, keys.LATEST_PREFIX, keys.after(keys.LATEST_PREFIX))
    found = records.nodes(reader, [keys.node_id_of_latest(key) for key, _ in rows])
    return {node.node_id: node for node in found}


def rebuild(eraser: Eraser) -> None:
    """Have everything derived again, and the counters counted."""
    state = RebuildState(mend=True, started_ms=eraser.now_ms)
    eraser.bus.ask(pb.Command(begin_rebuild=pb.BeginRebuild(value=codec.to_json(state))))
    eraser.reader.catch_up()
    eraser.toc.reload()
    while Rebuild(eraser.reader, eraser.toc).step(eraser.now_ms):
        eraser.reader.catch_up()


def summarized(writer: WriterProcess) -> Eraser:
    """A worker that has made a table of contents and an index of the events."""
    writer.append(EVENTS)
    found = Eraser(writer)
    found.drain()
    return found


@pytest.fixture
def eraser(writer: WriterProcess) -> Iterator[Eraser]:
    found = summarized(writer)
    yield found
    found.close()


def test_summaries_stay_and_nothing_else(writer: WriterProcess, eraser: Eraser) -> None:
    """Also through a rebuild: every node says what it said; of the events and of what proved a line nothing is left."""
    before = nodes(eraser.reader)
    gone, kept = of_old_segments(eraser.reader, EVENTS, CUTOFF_MS)
    assert 20 < len(gone) < len(EVENTS) - 20

    eraser.begin(gone, keep_summaries=True)
    eraser.finish()

    for _ in range(2):
        after = nodes(eraser.reader)
        assert {node_id: after[node_id] for node_id in kept} == {
            node_id: replace(before[node_id], events_gone=True) for node_id in kept
        }
        assert {node_id for node_id in before if after.get(node_id) != before[node_id]} == set(kept)
        with open_snapshot(writer.db_path) as reader:
            assert not verify(reader).problems
        rebuild(eraser)
    words = [event.text.rpartition(" ")[2].rstrip(".").encode() for event in gone]
    families = {
        family for family in schema.COLUMN_FAMILIES for _, value in eraser.reader.scan(family, b"", b"\xff")
        if any(word in value for word in words)
    }  # fmt: skip
    assert families == {schema.TOC_NODES}
    assert writer.append(gone[:3]) == [False] * 3
    eraser.check()


def test_what_comes_later_leaves_kept_summaries_alone(writer: WriterProcess, eraser: Eraser) -> None:
    """An event in the middle of what was erased gets a segment of its own."""
    gone, kept = of_old_segments(eraser.reader, EVENTS, CUTOFF_MS)
    eraser.begin(gone, keep_summaries=True)
    eraser.finish()
    late = replace(gone[len(gone) // 2], event_id="late", text="Something that was said long ago.")

    writer.append([late])
    eraser.drain()

    after = nodes(eraser.reader)
    assert all(after[node_id].events_gone for node_id in kept)
    (row,) = (row for _, first, row in segments(eraser.reader) if first == late.position)
    assert after[row.node_id].event_count == 1
    with open_snapshot(writer.db_path) as reader:
        assert not verify(reader).problems


def test_a_segment_that_has_grown_meanwhile_is_summarized_from_what_stays(
    writer: WriterProcess, eraser: Eraser
) -> None:
    """Only what nobody can add to is kept as it is."""
    gone, kept = of_old_segments(eraser.reader, EVENTS, CUTOFF_MS)
    marked = gone[1:]

    eraser.begin(marked, keep_summaries=True)
    eraser.finish()

    after = nodes(eraser.reader)
    assert sum(node.events_gone for node in after.values()) == len(kept) - 1
    assert next(records.session_events(eraser.reader, gone[0].session_id)) == gone[0]
    with open_snapshot(writer.db_path) as reader:
        assert not verify(reader).problems


def test_a_worker_that_is_cut_off_leaves_it_to_the_next(writer: WriterProcess, eraser: Eraser) -> None:
    """Wherever it was: the summaries that were to stay are there."""
    gone, kept = of_old_segments(eraser.reader, EVENTS, CUTOFF_MS)
    eraser.begin(gone, keep_summaries=True)
    for commands in Random(2).sample(range(9), 3):
        mortal = Eraser(writer)
        mortal.mortal.dies_after = commands
        mortal.is_cut_off()
        mortal.close()

    eraser.toc.reload()
    eraser.finish()

    after = nodes(eraser.reader)
    assert [node_id for node_id in kept if not after[node_id].events_gone] == []
    with open_snapshot(writer.db_path) as reader:
        assert not verify(reader).problems


def test_a_backup_loses_the_words_and_keeps_the_summaries(writer: WriterProcess) -> None:
    """As the store did that it replaces."""
    eraser = summarized(writer)
    gone, kept = of_old_segments(eraser.reader, EVENTS, CUTOFF_MS)
    eraser.close()
    writer.stop()
    backup = shutil.copytree(writer.db_path, writer.db_path.with_name("backup"))
    writer.start()
    first = Eraser(writer)
    first.begin(gone, keep_summaries=True)
    first.finish()
    before = nodes(first.reader)
    first.close()
    writer.stop()
    shutil.rmtree(writer.db_path)
    backup.rename(writer.db_path)
    writer.start()

    second = Eraser(writer)
    second.finish_renewal()

    after = nodes(second.reader)
    assert {each: after[each].bullets for each in kept} == {each: before[each].bullets for each in kept}
    assert all(after[each].events_gone for each in kept)
    assert records.counters(second.reader).events == len(EVENTS) - len(gone)
    second.close()


def test_the_proof_leaves_out_what_kept_summaries_quote(writer: WriterProcess) -> None:
    """And finds nothing else; without that leave it finds the summaries."""
    eraser = summarized(writer)
    gone, _ = of_old_segments(eraser.reader, EVENTS, CUTOFF_MS)
    passages = [event.text.rpartition("chose ")[2] for event in gone]
    assert passage_of(gone[0])
    eraser.begin(gone, keep_summaries=True)
    eraser.finish()
    eraser.close()
    writer.stop()

    proof = prove(writer.db_path, writer.db_path.with_name("logs"), passages, summaries_stay=True)
    strict = prove(writer.db_path, writer.db_path.with_name("logs"), passages)

    assert (proof.found, proof.is_proved) == ([], True)
    assert 0 < proof.in_summaries < len(passages)
    assert not strict.is_proved
