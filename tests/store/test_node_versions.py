"""Versions of nodes, and the tree as of an earlier time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agent_memory.errors import UsageError
from agent_memory.query.views import events as event_views
from agent_memory.query.views import time_map, toc, when
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import keys, records, schema
from support.conversations import BEGIN_MS
from support.keeper import Keeper
from support.tree import tree_of
from support.writer import WriterProcess, said

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MONDAY = "toc:day:2025-10-20"


@pytest.fixture
def keeper(writer: WriterProcess) -> Iterator[Keeper]:
    keeper = Keeper(writer)
    try:
        yield keeper
    finally:
        keeper.close()


def add(writer: WriterProcess, keeper: Keeper, number: int, text: str) -> None:
    """Add a conversation an hour after the last one, and summarize it two hours later."""
    at_ms = BEGIN_MS + number * HOUR_MS
    writer.append([said(f"e{number:03}", at_ms, text, session_id=f"s{number}")])
    keeper.now_ms = at_ms + 2 * HOUR_MS
    keeper.drain()


def test_each_version_has_the_time_it_was_written(writer: WriterProcess, keeper: Keeper) -> None:
    """A day with a second conversation gets a new version; both versions are kept, the newest first."""
    add(writer, keeper, 0, "We decided to use Postgres.")
    add(writer, keeper, 1, "The login test fails on Fridays.")

    second, first = toc.node_versions(keeper.reader, "2025-10-20").versions

    assert (first.version, first.written_ms) == (1, BEGIN_MS + 2 * HOUR_MS)
    assert (second.version, second.written_ms) == (2, BEGIN_MS + 3 * HOUR_MS)
    assert [bullet.text for bullet in first.bullets] == ["We decided to use Postgres."]
    assert toc.node(keeper.reader, pb.GetNodeRequest(node_id=MONDAY, version=1)).node.title == first.title
    assert not toc.node(keeper.reader, pb.GetNodeRequest(node_id=MONDAY, version=3)).HasField("node")


def test_the_tree_can_be_walked_as_it_was(writer: WriterProcess, keeper: Keeper) -> None:
    """As of a time between two commits: the old summaries, from the year down, and no later conversation."""
    add(writer, keeper, 0, "We decided to use Postgres.")
    add(writer, keeper, 1, "The login test fails on Fridays.")
    add(writer, keeper, 30, "The importer is done.")
    then_ms = BEGIN_MS + 2 * HOUR_MS + 1

    (year,) = toc.toc_root(keeper.reader, pb.GetTocRootRequest(as_of_ms=then_ms)).nodes
    week = toc.browse(keeper.reader, pb.BrowseTocRequest(parent_id="2025-W43", as_of_ms=then_ms)).children
    segments = toc.browse(keeper.reader, pb.BrowseTocRequest(parent_id=MONDAY, as_of_ms=then_ms)).children

    assert [bullet.text for bullet in year.bullets] == ["We decided to use Postgres."]
    assert [day.node_id for day in week] == [MONDAY]
    assert list(week[0].child_node_ids) == [segment.node_id for segment in segments]
    assert [segment.session_id for segment in segments] == ["s0"]
    assert not toc.toc_root(keeper.reader, pb.GetTocRootRequest(as_of_ms=BEGIN_MS)).nodes


def test_map_and_words_answer_as_they_would_have_then(writer: WriterProcess, keeper: Keeper) -> None:
    """Summaries and nodes as of then; "today" is the day asked about."""
    add(writer, keeper, 0, "We decided to use Postgres.")
    add(writer, keeper, 1, "The login test fails on Fridays.")
    add(writer, keeper, 30, "The importer is done.")
    then_ms, now_ms = BEGIN_MS + 2 * HOUR_MS + 1, BEGIN_MS + 40 * HOUR_MS

    then = time_map.toc_map(keeper.reader, pb.GetTocMapRequest(as_of_ms=then_ms, max_tokens=2000), now_ms)
    meant = when.resolve(keeper.reader, pb.ResolveTimeRequest(phrase="today", as_of_ms=then_ms), now_ms)
    before = when.resolve(keeper.reader, pb.ResolveTimeRequest(phrase="today", as_of_ms=BEGIN_MS), now_ms)

    lines = {section.title: [line.node_id for line in section.nodes] for section in then.sections}
    assert len(lines["Today"]) == 1
    assert lines["This week"] == [MONDAY]
    first = toc.node(keeper.reader, pb.GetNodeRequest(node_id=lines["Today"][0])).node
    assert first.session_id == "s0"
    (day,) = meant.span.nodes
    assert (day.node_id, day.tokens) == (MONDAY, then.sections[1].nodes[0].tokens)
    assert (
        day.tokens
        < when.resolve(keeper.reader, pb.ResolveTimeRequest(phrase="2025-10-20"), now_ms).span.nodes[0].tokens
    )
    assert not before.span.nodes


def test_what_was_said_later_is_not_shown(writer: WriterProcess, keeper: Keeper) -> None:
    """No later events, none of their grips, and none after an earlier grip."""
    texts = ("We decided to use Postgres.", "Why?", "Because of its queues.", "The login test fails on Fridays.")
    writer.append([said(f"e{number}", BEGIN_MS + number * 60_000, text) for number, text in enumerate(texts)])
    keeper.now_ms = BEGIN_MS + 2 * HOUR_MS
    keeper.drain()
    then_ms = BEGIN_MS + 60_000
    grips = {grip.timestamp_ms: grip.grip_id for grip in tree_of(keeper.reader)[MONDAY].grips}

    events = event_views.events(keeper.reader, pb.GetEventsRequest(as_of_ms=then_ms)).events
    first = event_views.expand(keeper.reader, pb.ExpandGripRequest(grip_id=grips[BEGIN_MS], as_of_ms=then_ms))
    later = event_views.expand(keeper.reader, pb.ExpandGripRequest(grip_id=grips[max(grips)], as_of_ms=then_ms))

    assert [event.event_id for event in events] == ["e0", "e1"]
    assert first.HasField("grip")
    assert [event.event_id for event in first.events_after] == ["e1"]
    assert max(grips) > then_ms
    assert not later.HasField("grip")


def test_pages_of_the_past_hold_what_they_should(writer: WriterProcess, keeper: Keeper) -> None:
    """A limit counts the children as of then, not those of now."""
    for number in range(6):
        add(writer, keeper, number, f"We decided number {number}.")
    request = pb.BrowseTocRequest(parent_id=MONDAY, limit=2, as_of_ms=BEGIN_MS + 5 * HOUR_MS)

    first = toc.browse(keeper.reader, request)
    request.continuation_token = first.continuation_token
    second = toc.browse(keeper.reader, request)

    assert [node.session_id for node in [*first.children, *second.children]] == ["s0", "s1", "s2", "s3"]
    assert (first.has_more, second.has_more) == (True, False)


def test_a_version_and_a_time_are_not_asked_for_at_once(writer: WriterProcess) -> None:
    """A version and a time exclude each other."""
    with pytest.raises(UsageError, match="give one of them"):
        toc.node(writer.reader(), pb.GetNodeRequest(node_id=MONDAY, version=1, as_of_ms=1))


def test_a_node_that_changes_often_keeps_few_versions(writer: WriterProcess, keeper: Keeper) -> None:
    """Of a year's thirty changes within two days, the last few and the last of each day are kept, and no other rows."""
    for number in range(30):
        add(writer, keeper, number, f"We decided to use the database number {number} of {number * 7919}.")

    year = records.node(keeper.reader, "toc:year:2025")
    assert year is not None
    kept = [number for number, _ in records.versions(keeper.reader, "toc:year:2025")]
    assert kept[-1] == year.version
    assert len(kept) <= 11
    rows = keeper.reader.scan(schema.TOC_NODES, *keys.node_versions("toc:year:2025"))
    assert len(list(rows)) == len(kept)
