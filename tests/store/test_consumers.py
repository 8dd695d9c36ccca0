"""Consumers of the outbox: each processes every event once, whatever the others do, whatever dies or is lost."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from agent_memory.bus.client import Bus
from agent_memory.errors import CommandRefused, StaleCommit, WriterUnavailable
from agent_memory.ingest.handlers.consumers import TRIM_ENTRIES
from agent_memory.ingest.writer import Group, Writer
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, keys, records, schema
from agent_memory.store.maintenance.stats import stats
from agent_memory.store.reader import Reader
from agent_memory.store.records import Position
from agent_memory.worker.consumer import REPORT_ENTRIES, Consumer, ReportedCursor, feed
from agent_memory.worker.outbox import Batch
from support.conversations import BEGIN_MS, LATER_MS, conversations
from support.keeper import Keeper
from support.tree import check_sound
from support.writer import WriterProcess, said

Results = dict[int, list[tuple[str, Position]]]


class Tally:
    """A consumer that lists events. What it made lies outside of the store, by the cursor it was made from."""

    name = "tally"

    def __init__(self, reader: Reader, bus: Bus, results: Results) -> None:
        self._reader = reader
        self._bus = bus
        self._results = results
        self.answer_lost = False
        self.reload()
        if self.name not in records.consumers(reader):
            self._move(0)

    @property
    def cursor(self) -> int:
        return self._state.cursor

    def reload(self) -> None:
        self._reader.catch_up()
        self._state = records.consumer(self._reader, self.name)

    def apply(self, batch: Batch, now_ms: int) -> None:
        found = [(session_id, each) for session_id, positions in batch.positions.items() for each in positions]
        self._results[self.cursor] = found
        self._move(batch.cursor)

    def rebuild(self, cursor: int, now_ms: int) -> None:
        self._results.clear()
        self._results[self.cursor] = [
            (session_id, event.position)
            for session_id in records.sessions(self._reader)
            for event in records.session_events(self._reader, session_id)
        ]
        self._move(cursor)

    def _move(self, cursor: int) -> None:
        move = pb.MoveCursor(consumer=self.name, expected_commit=self._state.commit, cursor=cursor)
        reply = self._bus.ask(pb.Command(move_cursor=move))
        if self.answer_lost:
            raise WriterUnavailable("the answer was lost")
        self._state = codec.ConsumerState(cursor, reply.cursor_moved.commit)


def tally_of(writer: WriterProcess, reader: Reader, results: Results) -> Tally:
    """A new process's consumer: it knows what the store tells it, and what it made before."""
    return Tally(reader, writer.bus, results)


def feed_all(each: Consumer, reader: Reader) -> None:
    reader.catch_up()
    while feed(each, reader, records.counters(reader).sequence, LATER_MS):
        reader.catch_up()


def taken(results: Results) -> Counter[tuple[str, Position]]:
    return Counter(each for found in results.values() for each in found)


def move_toc(writer: WriterProcess, reader: Reader, cursor: int) -> None:
    """Have the table of contents pass the entries up to `cursor`, as if it had taken them in."""
    reader.catch_up()
    commit = records.consumer(reader, records.TOC).commit
    writer.bus.ask(pb.Command(commit_toc=pb.CommitToc(expected_commit=commit, cursor=cursor)))


def entries(reader: Reader) -> list[int]:
    reader.catch_up()
    return [number for number, _, _ in records.outbox(reader, 0)]


def append_many(writer: WriterProcess, count: int, first: int = 0) -> None:
    """Append so many short events, numbered from `first` on."""
    for start in range(first, first + count, 1000):
        numbers = range(start, min(start + 1000, first + count))
        writer.append(said(f"e{number:06}", BEGIN_MS + number, "ok") for number in numbers)


@pytest.mark.parametrize("seed", range(3))
def test_each_consumer_takes_in_every_event_once(writer: WriterProcess, seed: int) -> None:
    """Two consumers at paces of their own, restarts of either and lost answers between any two steps."""
    random = Random(seed)
    events = random.sample(found := conversations(seed), len(found))
    reader = writer.reader()
    results: Results = {}
    keeper, tally = Keeper(writer), tally_of(writer, reader, results)
    left = list(events)
    while left:
        size = random.randint(1, 40)
        writer.append(left[:size])
        left = left[size:]
        match random.choice(["toc", "tally", "both", "lost", "restart"]):
            case "toc":
                keeper.drain()
            case "tally":
                feed_all(tally, reader)
            case "both":
                keeper.drain()
                feed_all(tally, reader)
            case "lost":
                tally.answer_lost = True
                with pytest.raises(WriterUnavailable):
                    feed_all(tally, reader)
                tally = tally_of(writer, reader, results)
            case _:
                keeper.close()
                assert writer.stop() == 0
                writer.start()
                keeper, tally = Keeper(writer), tally_of(writer, reader, results)
    keeper.drain()
    feed_all(tally, reader)
    keeper.close()

    assert taken(results) == Counter((event.session_id, event.position) for event in events)
    assert tally.cursor == keeper.toc.cursor == len(events)
    check_sound(keeper.reader, events)


def test_the_fence_is_the_consumer_s_own(writer: WriterProcess) -> None:
    """Of two that computed from the same state one is refused; commits of the table of contents refuse neither."""
    reader = writer.reader()
    writer.append(conversations(1, sessions=1, events_each=6))
    first, second = tally_of(writer, reader, {}), tally_of(writer, reader, {})
    move_toc(writer, reader, 3)

    feed_all(first, reader)
    with pytest.raises(StaleCommit, match="of tally came first"):
        feed_all(second, reader)
    second.reload()
    feed_all(second, reader)

    assert second.cursor == first.cursor == 6
    reader.catch_up()
    assert records.consumers(reader) == {
        "tally": codec.ConsumerState(cursor=6, commit=2),
        "toc": codec.ConsumerState(cursor=3, commit=1),
    }


def test_a_consumer_needs_a_name(writer: WriterProcess) -> None:
    """What could not be a row's name is refused."""
    with pytest.raises(CommandRefused, match="no name of a consumer"):
        writer.bus.ask(pb.Command(move_cursor=pb.MoveCursor(consumer="no/name")))


def test_entries_go_when_the_slowest_consumer_has_passed_them(writer: WriterProcess) -> None:
    """A second consumer that lags holds back what the first is done with; then they go, and numbers go on."""
    reader = writer.reader()
    results: Results = {}
    tally = tally_of(writer, reader, results)
    total = TRIM_ENTRIES + 500
    append_many(writer, total)

    move_toc(writer, reader, total)
    assert entries(reader) == list(range(1, total + 1))

    feed_all(tally, reader)
    # The one that the cursors stand at is left.
    assert entries(reader) == [total]
    assert sum(taken(results).values()) == total

    writer.stop()
    writer.start()
    append_many(writer, 10, first=total)
    feed_all(tally, reader)
    assert entries(reader) == list(range(total, total + 11))
    assert taken(results) == Counter(("s1", event.position) for event in records.session_events(reader, "s1"))


def test_entries_stay_until_there_are_many_to_remove(writer: WriterProcess) -> None:
    """What every consumer has passed is removed in large pieces, counted over restarts."""
    reader = writer.reader()
    append_many(writer, TRIM_ENTRIES + 1)
    move_toc(writer, reader, TRIM_ENTRIES)
    assert len(entries(reader)) == TRIM_ENTRIES + 1

    writer.stop()
    writer.start()
    move_toc(writer, reader, TRIM_ENTRIES + 1)
    assert entries(reader) == [TRIM_ENTRIES + 1]


def test_a_consumer_that_comes_later_gets_what_was_removed_before(writer: WriterProcess) -> None:
    """The outbox no longer names the first events, so the new consumer takes all of them from the store."""
    reader = writer.reader()
    append_many(writer, TRIM_ENTRIES + 1)
    move_toc(writer, reader, TRIM_ENTRIES + 1)
    append_many(writer, 5, first=TRIM_ENTRIES + 1)
    results: Results = {}

    feed_all(tally_of(writer, reader, results), reader)

    assert set(taken(results).values()) == {1}
    assert len(taken(results)) == TRIM_ENTRIES + 6


def test_a_cursor_that_is_kept_elsewhere_is_reported_now_and_then(writer: WriterProcess) -> None:
    """The first report makes the consumer known; further ones come in large steps, and at the end."""
    reader = writer.reader()

    def reported(report: ReportedCursor, cursor: int) -> codec.ConsumerState:
        report.report(cursor, until=20_000)
        reader.catch_up()
        return records.consumers(reader)["words"]

    first = ReportedCursor(reader, writer.bus, "words")
    assert reported(first, 7) == codec.ConsumerState(7, 1)
    assert reported(first, 7) == codec.ConsumerState(7, 1)
    assert reported(first, 6 + REPORT_ENTRIES) == codec.ConsumerState(7, 1)
    second = ReportedCursor(reader, writer.bus, "words")
    assert reported(first, 7 + REPORT_ENTRIES) == codec.ConsumerState(7 + REPORT_ENTRIES, 2)
    with pytest.raises(StaleCommit):
        reported(second, 8 + REPORT_ENTRIES)
    second.reload()
    assert reported(second, 20_000) == codec.ConsumerState(20_000, 3)


def test_a_gap_is_made_up_by_each_consumer(writer: WriterProcess) -> None:
    """FIFO compaction dropped entries that neither had read: both go through all events, and end at the same place."""
    events = conversations(13)
    reader = writer.reader()
    results: Results = {}
    tally_of(writer, reader, results)
    writer.append(events)
    writer.stop()
    drop_entries(writer.db_path, up_to=40)
    writer.start()
    keeper, tally = Keeper(writer), tally_of(writer, reader, results)

    feed_all(keeper.toc, keeper.reader)
    feed_all(tally, reader)
    keeper.close()

    assert tally.cursor == keeper.toc.cursor == len(events)
    assert taken(results) == Counter((event.session_id, event.position) for event in events)
    check_sound(keeper.reader, events)


def test_statistics_know_every_consumer(writer: WriterProcess) -> None:
    """The outbox counts what the slowest has yet to take in; each consumer's own count stands beside it."""
    reader = writer.reader()
    tally = tally_of(writer, reader, {})
    writer.append(conversations(2, sessions=1, events_each=8))
    move_toc(writer, reader, 6)
    reader.catch_up()

    before = stats(reader, writer.db_path)
    feed_all(tally, reader)
    after = stats(reader, writer.db_path)

    assert (before.outbox, dict(before.waiting)) == (8, {"tally": 8, "toc": 2})
    assert (after.outbox, dict(after.waiting)) == (2, {"tally": 0, "toc": 2})


def test_the_state_that_version_1_wrote_counts_until_the_next_commit(writer: WriterProcess) -> None:
    """An older store's table of contents goes on at its cursor, behind its fence."""
    append_many(writer, 8)
    writer.stop()
    store = Writer(writer.db_path)
    group = Group(store)
    group.put(schema.CHECKPOINTS, b"checkpoint:toc", b'{"cursor":5,"commit":2}')
    store.commit(group)
    store.close()
    writer.start()
    reader = writer.reader()

    assert records.consumer(reader, records.TOC) == codec.ConsumerState(cursor=5, commit=2)
    with pytest.raises(StaleCommit):
        writer.bus.ask(pb.Command(commit_toc=pb.CommitToc(expected_commit=0, cursor=8)))
    move_toc(writer, reader, 8)
    reader.catch_up()

    assert records.consumers(reader) == {records.TOC: codec.ConsumerState(cursor=8, commit=3)}


def drop_entries(db_path: Path, up_to: int) -> None:
    """What FIFO compaction does to the oldest entries of a queue that nobody reads for too long."""
    store = Writer(db_path)
    group = Group(store)
    for number in range(1, up_to + 1):
        group.delete(schema.OUTBOX, keys.outbox(number))
    store.commit(group)
    store.close()
