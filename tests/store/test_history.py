"""What was known when: versions of nodes, and the tree as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agent_memory.errors import UsageError
from agent_memory.query import views
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import keys, records, schema
from conversations import BEGIN_MS
from keeper import Keeper
from writer import WriterProcess, said

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


def tell(writer: WriterProcess, keeper: Keeper, number: int, text: str) -> None:
    """A conversation an hour after the last one, told two hours later."""
    at_ms = BEGIN_MS + number * HOUR_MS
    writer.append([said(f"e{number:03}", at_ms, text, session_id=f"s{number}")])
    keeper.now_ms = at_ms + 2 * HOUR_MS
    keeper.drain()


def test_each_version_tells_when_it_was_written(writer: WriterProcess, keeper: Keeper) -> None:
    """A day that learns of a second conversation is a new version; both are kept, the newest first."""
    tell(writer, keeper, 0, "We decided to use Postgres.")
    tell(writer, keeper, 1, "The login test fails on Fridays.")

    second, first = views.history(keeper.reader, "2025-10-20").versions

    assert (first.version, first.written_ms) == (1, BEGIN_MS + 2 * HOUR_MS)
    assert (second.version, second.written_ms) == (2, BEGIN_MS + 3 * HOUR_MS)
    assert [bullet.text for bullet in first.bullets] == ["We decided to use Postgres."]
    assert views.node(keeper.reader, pb.GetNodeRequest(node_id=MONDAY, version=1)).node.title == first.title
    assert not views.node(keeper.reader, pb.GetNodeRequest(node_id=MONDAY, version=3)).HasField("node")


def test_the_tree_can_be_walked_as_it_was(writer: WriterProcess, keeper: Keeper) -> None:
    """Between the two commits: the old words, from the year down, and no conversation that was not yet known."""
    tell(writer, keeper, 0, "We decided to use Postgres.")
    tell(writer, keeper, 1, "The login test fails on Fridays.")
    tell(writer, keeper, 30, "The importer is done.")
    then_ms = BEGIN_MS + 2 * HOUR_MS + 1

    (year,) = views.toc_root(keeper.reader, pb.GetTocRootRequest(as_of_ms=then_ms)).nodes
    week = views.browse(keeper.reader, pb.BrowseTocRequest(parent_id="2025-W43", as_of_ms=then_ms)).children
    segments = views.browse(keeper.reader, pb.BrowseTocRequest(parent_id=MONDAY, as_of_ms=then_ms)).children

    assert [bullet.text for bullet in year.bullets] == ["We decided to use Postgres."]
    assert [day.node_id for day in week] == [MONDAY]
    assert list(week[0].child_node_ids) == [segment.node_id for segment in segments]
    assert [segment.session_id for segment in segments] == ["s0"]
    assert not views.toc_root(keeper.reader, pb.GetTocRootRequest(as_of_ms=BEGIN_MS)).nodes


def test_pages_of_the_past_hold_what_they_should(writer: WriterProcess, keeper: Keeper) -> None:
    """A limit counts the children of then, not those of now."""
    for number in range(6):
        tell(writer, keeper, number, f"We decided number {number}.")
    request = pb.BrowseTocRequest(parent_id=MONDAY, limit=2, as_of_ms=BEGIN_MS + 5 * HOUR_MS)

    first = views.browse(keeper.reader, request)
    request.continuation_token = first.continuation_token
    second = views.browse(keeper.reader, request)

    assert [node.session_id for node in [*first.children, *second.children]] == ["s0", "s1", "s2", "s3"]
    assert (first.has_more, second.has_more) == (True, False)


def test_a_version_and_a_time_are_not_asked_for_at_once(writer: WriterProcess) -> None:
    """Each names a version by itself."""
    with pytest.raises(UsageError, match="give one of them"):
        views.node(writer.reader(), pb.GetNodeRequest(node_id=MONDAY, version=1, as_of_ms=1))


def test_a_node_that_changes_often_keeps_few_versions(writer: WriterProcess, keeper: Keeper) -> None:
    """Thirty changes of a year within two days: the last few, the end of each day, and rows for no more."""
    for number in range(30):
        tell(writer, keeper, number, f"We decided to use the database number {number} of {number * 7919}.")

    year = records.node(keeper.reader, "toc:year:2025")
    assert year is not None
    kept = [number for number, _ in records.versions(keeper.reader, "toc:year:2025")]
    assert kept[-1] == year.version
    assert len(kept) <= 11
    rows = keeper.reader.scan(schema.TOC_NODES, *keys.node_versions("toc:year:2025"))
    assert len(list(rows)) == len(kept)
