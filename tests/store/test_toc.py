"""The table of contents depends on the set of events only, not on batches, order or restarts."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import count, pairwise
from pathlib import Path
from random import Random

import pytest

from agent_memory.errors import StaleCommit, WriterUnavailable
from agent_memory.ingest.writer import Group, Writer
from agent_memory.model import Event, EventRole, EventType, TocLevel
from agent_memory.store import keys, records, schema
from agent_memory.store.reader import Reader
from agent_memory.worker import outbox
from agent_memory.worker.toc import resegmenter
from agent_memory.worker.toc.segments import GAP_MS
from support.conversations import BEGIN_MS, conversations
from support.keeper import BERLIN, Keeper
from support.stack import wait_until
from support.tree import Tree, check_sound
from support.writer import WriterProcess, said

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
# The prefix of the rows of segments' nodes.
SEGMENTS = b"toc:toc:segment:"


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], WriterProcess]]:
    """Starts a writer over a new empty store at each call."""
    started: list[WriterProcess] = []

    def start() -> WriterProcess:
        started.append(WriterProcess(tmp_path_factory.mktemp("w")))
        started[-1].start()
        return started[-1]

    try:
        yield start
    finally:
        for process in started:
            process.close()


@pytest.fixture
def keeper(writer: WriterProcess) -> Iterator[Keeper]:
    keeper = Keeper(writer)
    try:
        yield keeper
    finally:
        keeper.close()


def tree_after(writer: WriterProcess, batches: Iterable[Sequence[Event]], *, restarts: bool = False) -> Tree:
    """The tree after appending and draining batch by batch; with `restarts`, by a new worker each time."""
    keeper = Keeper(writer)
    events: list[Event] = []
    for batch in batches:
        writer.append(batch)
        events.extend(batch)
        if restarts:
            keeper.close()
            keeper = Keeper(writer)
        keeper.drain()
    keeper.close()
    return check_sound(keeper.reader, events)


def in_parts(events: Sequence[Event], size: int) -> list[Sequence[Event]]:
    return [events[at : at + size] for at in range(0, len(events), size)]


@pytest.mark.parametrize("seed", range(2))
def test_the_tree_does_not_depend_on_how_the_events_came(fresh: Callable[[], WriterProcess], seed: int) -> None:
    """At once, one by one, shuffled, session by session, with restarts in between: always the same tree."""
    events = conversations(seed)
    shuffled = Random(seed).sample(events, len(events))
    by_session = sorted(events, key=lambda event: (event.session_id, event.position), reverse=True)

    expected = tree_after(fresh(), [events])

    assert {entry.node.level for entry in expected.values()} == set(TocLevel)
    assert tree_after(fresh(), in_parts(events, 3)) == expected
    assert tree_after(fresh(), in_parts(shuffled, 7)) == expected
    assert tree_after(fresh(), in_parts(by_session, 50)) == expected
    assert tree_after(fresh(), in_parts(shuffled, 25), restarts=True) == expected


def test_many_batchings_and_orders_of_one_history(fresh: Callable[[], WriterProcess]) -> None:
    """Dozens of small batches in random order, with restarts and drains in between: always the same tree."""
    random = Random(7)
    events = conversations(7, sessions=2, events_each=25)
    expected = tree_after(fresh(), [events])

    for _ in range(4):
        shuffled = random.sample(events, len(events))
        ends = sorted(random.sample(range(1, len(events)), 12))
        batches = [shuffled[a:b] for a, b in pairwise([0, *ends, len(events)])]
        assert tree_after(fresh(), batches, restarts=random.random() < 0.5) == expected


@pytest.mark.parametrize("late", ["before all others", "in the middle"])
def test_a_worker_that_dies_at_any_commit_leaves_nothing_wrong(
    fresh: Callable[[], WriterProcess], monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    """A late event shifts every later boundary and is committed in parts; a death after any part changes nothing."""
    # Parts of 400 segments would need six megabytes of talk.
    monkeypatch.setattr(resegmenter, "PART_SEGMENTS", 2)
    talk = [said(f"e{n:03}", BEGIN_MS + n * MINUTE_MS, f"Step {n} is done. " + "word " * 1500) for n in range(16)]
    at_ms = BEGIN_MS - MINUTE_MS if late == "before all others" else BEGIN_MS + 9 * MINUTE_MS + 1
    latecomer = said("late", at_ms, "I forgot to say it. " + "more " * 900)
    expected = tree_after(fresh(), [[*talk, latecomer]])

    for dies_at in count():
        writer = fresh()
        writer.append(talk)
        keeper = Keeper(writer)
        keeper.drain()
        writer.append([latecomer])
        keeper.bus.dies_at = len(keeper.bus.commits) + dies_at
        died = False
        try:
            keeper.drain()
        except WriterUnavailable:
            died = True
        keeper.close()
        keeper = Keeper(writer)
        keeper.drain()
        keeper.close()
        assert check_sound(keeper.reader, [*talk, latecomer]) == expected, f"died after part {dies_at}"
        if not died:
            break
    assert dies_at >= 3


def test_of_two_workers_one_commits_and_the_other_begins_again(fresh: Callable[[], WriterProcess]) -> None:
    """Both compute from the same state; the fence refuses the second, which reloads, and nothing is stored twice."""
    events = conversations(11)
    expected = tree_after(fresh(), [events])
    writer = fresh()
    workers = [Keeper(writer), Keeper(writer)]
    refused = 0
    for batch in in_parts(events, 20):
        writer.append(batch)
        # The refused one is behind, so the other is first the next time.
        for worker in workers:
            worker.reader.catch_up()
        until = records.counters(workers[0].reader).sequence
        seen = [outbox.drain(worker.reader, worker.toc.cursor, until) for worker in workers]
        for worker, drained in zip(workers, seen, strict=True):
            try:
                worker.toc.apply(drained, worker.now_ms)
            except StaleCommit:
                worker.toc.reload()
                refused += 1
        workers.reverse()
    for worker in workers:
        worker.close()

    assert refused == len(in_parts(events, 20))
    assert check_sound(workers[0].reader, events) == expected


def test_a_lost_queue_is_made_up_from_the_events(fresh: Callable[[], WriterProcess]) -> None:
    """Outbox rows dropped before they were read: the real worker sees the gap and reads all events."""
    events = conversations(13)
    expected = tree_after(fresh(), [events])
    writer = fresh()
    writer.append(events)
    writer.stop()
    drop_outbox_rows(writer.db_path, up_to=100)
    writer.start()

    with worker_of(writer):
        reader = writer.reader()
        wait_until(lambda: cursor(reader) == len(events))

    assert check_sound(reader, events) == expected


def test_a_late_event_makes_new_only_what_it_touches(keeper: Keeper, writer: WriterProcess) -> None:
    """One of forty closed conversations gets a late event: one segment is written again, the others stay."""
    talks = [
        said(f"e{n:02}-{k}", BEGIN_MS + n * HOUR_MS + k, session_id=f"s{n % 3}") for n in range(40) for k in (1, 2)
    ]
    writer.append(talks)
    keeper.drain()
    before = segment_rows(keeper.reader)
    keeper.bus.commits.clear()

    latecomer = said("late", BEGIN_MS + 20 * HOUR_MS + MINUTE_MS, "We found the leak in the cache.", session_id="s2")
    writer.append([latecomer])
    keeper.drain()

    (commit,) = keeper.bus.commits
    (touched,) = [node.node_id for node in commit.nodes if node.node_id.startswith("toc:segment:")]
    after = segment_rows(keeper.reader)
    assert {key for key in after if before.get(key) != after[key]} == {keys.node(touched, 2)}
    assert len(commit.segments) == 1
    assert not commit.removed_node_ids
    check_sound(keeper.reader, [*talks, latecomer])


def test_versions_and_bytes_grow_with_the_data_and_no_faster(keeper: Keeper, writer: WriterProcess) -> None:
    """Sessions that close one by one: one row per segment, written once; higher levels change more and more rarely."""
    rows: list[dict[bytes, bytes]] = []
    for number in range(120):
        # Four weeks, some five sessions a day.
        writer.append(conversations(number, sessions=1, events_each=6, begin_ms=BEGIN_MS + number * 5 * HOUR_MS))
        keeper.drain()
        if number in (59, 119):
            rows.append(all_rows(keeper.reader, schema.TOC_NODES, b"toc:"))

    half, whole = rows
    segments = [sum(1 for key in each if key.startswith(SEGMENTS)) for each in rows]
    above = [len(each) - count for each, count in zip(rows, segments, strict=True)]
    years = [sum(1 for key in each if key.startswith(b"toc:toc:year:")) for each in rows]
    assert all(key.endswith(b":v000001") for key in whole if key.startswith(SEGMENTS))
    assert sum(map(len, whole.values())) < 2 * sum(map(len, half.values()))
    assert above[1] - above[0] < above[0] < 1.5 * segments[0]
    assert years[1] - years[0] < years[0] < segments[0] / 3


def test_an_open_segment_is_seen_at_once_and_closes_by_itself(writer: WriterProcess) -> None:
    """During a conversation its segment exists and is open; half an hour of silence closes it without a new event."""
    keeper = Keeper(writer, now_ms=BEGIN_MS + 2 * MINUTE_MS)
    talk = [said(f"e{n}", BEGIN_MS + n * MINUTE_MS, f"We decided number {n}.") for n in (1, 2)]
    writer.append(talk)
    keeper.drain()

    during = check_sound(keeper.reader, talk)
    keeper.now_ms = BEGIN_MS + 2 * MINUTE_MS + GAP_MS - 1
    keeper.drain()
    assert check_sound(keeper.reader, talk) == during
    keeper.now_ms += 1
    keeper.drain()
    after = check_sound(keeper.reader, talk)
    keeper.close()

    assert {entry.node.is_open for entry in during.values()} == {True}
    assert {entry.node.is_open for entry in after.values()} == {False}
    assert [*after] == [*during]


def test_conversations_at_the_same_time_are_kept_apart(keeper: Keeper, writer: WriterProcess) -> None:
    """Two sessions whose events alternate are two segments, each with its own events."""
    talk = [said(f"e{n}", BEGIN_MS + n * 1000, session_id=f"s{n % 2}") for n in range(20)]
    writer.append(talk)
    keeper.drain()

    tree = check_sound(keeper.reader, talk)
    segments = [entry.node for entry in tree.values() if entry.node.level == TocLevel.SEGMENT]
    assert [(node.session_id, node.event_count) for node in segments] == [("s1", 10), ("s0", 10)]


def test_a_talk_over_midnight_belongs_to_the_day_it_began(keeper: Keeper, writer: WriterProcess) -> None:
    """Midnight splits no conversation; the store's time zone decides which day it belongs to."""
    midnight_ms = at(2025, 10, 22)
    talk = [said(f"e{n}", midnight_ms + (n - 2) * MINUTE_MS) for n in range(5)]
    early = [said("early", midnight_ms, session_id="another")]
    writer.append([*talk, *early])
    keeper.drain()

    tree = check_sound(keeper.reader, [*talk, *early])
    held = {day: [tree[child].node.event_count for child in tree[day].children] for day in tree if "day" in day}
    assert held == {"toc:day:2025-10-21": [5], "toc:day:2025-10-22": [1]}


@pytest.mark.parametrize(("day", "hours"), [((2025, 10, 26), 25), ((2026, 3, 29), 23), ((2026, 3, 30), 24)])
def test_days_on_which_the_clock_changes_are_whole(
    keeper: Keeper, writer: WriterProcess, day: tuple[int, int, int], hours: int
) -> None:
    """The first and the last millisecond belong to the day, their neighbours do not; the week holds them all."""
    first_ms, next_ms = at(*day), at(*day) + hours * HOUR_MS
    stamps = {"before": first_ms - 1, "first": first_ms, "last": next_ms - 1, "after": next_ms}
    events = [said(name, stamp, session_id=name) for name, stamp in stamps.items()]
    writer.append(events)
    keeper.now_ms = next_ms + 2 * GAP_MS
    keeper.drain()

    tree = check_sound(keeper.reader, events)
    entry = tree["toc:day:{}-{:02}-{:02}".format(*day)]
    assert (entry.node.start_ms, entry.node.end_ms) == (first_ms, next_ms)
    assert [tree[child].node.session_id for child in entry.children] == ["first", "last"]


def test_ten_megabytes_are_an_event_like_any_other(keeper: Keeper, writer: WriterProcess) -> None:
    """It is summarized, quoted in excerpts of bounded size, and the conversation around it is segmented as ever."""
    huge = "We decided to keep the whole log. " + "0123456789 abcdef " * 600_000
    talk = [
        said("e1", BEGIN_MS, "Please look at this."),
        said("e2", BEGIN_MS + 1000, huge),
        said("e3", BEGIN_MS + 2000, huge, kind=EventType.TOOL_RESULT, role=EventRole.TOOL),
        said("e4", BEGIN_MS + 3000, "We found the error in line 7."),
    ]
    assert len(huge) > 10_000_000
    writer.append(talk)
    keeper.drain()

    tree = check_sound(keeper.reader, talk)
    segments = [entry for node_id, entry in sorted(tree.items()) if entry.node.level == TocLevel.SEGMENT]
    assert [entry.node.event_count for entry in segments] == [1, 1, 2]
    assert all(len(grip.excerpt) < 1000 for entry in segments for grip in entry.grips)


@contextlib.contextmanager
def worker_of(writer: WriterProcess) -> Iterator[None]:
    """The real worker process beside the writer."""
    process = subprocess.Popen(
        [sys.executable, "-m", "agent_memory.worker"], env=writer.environment, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(30) == 0


def drop_outbox_rows(db_path: Path, up_to: int) -> None:
    """What FIFO compaction does to the oldest entries of a queue that nobody reads for too long."""
    store = Writer(db_path)
    group = Group(store)
    for number in range(1, up_to + 1):
        group.delete(schema.OUTBOX, keys.outbox(number))
    store.commit(group)
    store.close()


def all_rows(reader: Reader, family: str, prefix: bytes) -> dict[bytes, bytes]:
    reader.catch_up()
    return dict(reader.scan(family, prefix, keys.after(prefix)))


def segment_rows(reader: Reader) -> dict[bytes, bytes]:
    """Every version of every segment's node, as it is stored."""
    return all_rows(reader, schema.TOC_NODES, SEGMENTS)


def cursor(reader: Reader) -> int:
    reader.catch_up()
    return records.consumer(reader, records.TOC).cursor


def at(year: int, month: int, day: int) -> int:
    """Midnight in the store's time zone, in milliseconds."""
    return int(datetime(year, month, day, tzinfo=BERLIN).timestamp()) * 1000
