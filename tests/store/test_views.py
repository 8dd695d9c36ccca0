"""The views, read from a store that the real writer fills."""

from __future__ import annotations

import pytest

from agent_memory.query.views import events as event_views
from agent_memory.query.views import toc
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store.keys import TIMESTAMP_MAX_MS
from support.conversations import BEGIN_MS
from support.keeper import Keeper
from support.writer import WriterProcess, said


@pytest.mark.parametrize("to_ms", [0, 3000, TIMESTAMP_MAX_MS, TIMESTAMP_MAX_MS + 1, 10**18])
@pytest.mark.parametrize("newest_first", [False, True])
def test_an_end_later_than_every_event_leaves_none_out(writer: WriterProcess, to_ms: int, newest_first: bool) -> None:
    """Both ends are inclusive, no `to` means no end, and an end beyond the last possible key is allowed."""
    writer.append([said("e1", 1000), said("e2", 2000), said("e3", 3000)])
    request = pb.GetEventsRequest(from_timestamp_ms=2000, to_timestamp_ms=to_ms, newest_first=newest_first)

    found = event_views.events(writer.reader(), request)

    assert sorted(event.event_id for event in found.events) == ["e2", "e3"]
    assert not found.has_more


def test_a_beginning_behind_the_last_possible_key_finds_nothing(writer: WriterProcess) -> None:
    """A number of 14 digits is a late time, although its text sorts before those of 13."""
    writer.append([said("e1", 2_000_000_000_000)])

    found = event_views.events(writer.reader(), pb.GetEventsRequest(from_timestamp_ms=TIMESTAMP_MAX_MS + 1))

    assert not found.events


def test_a_list_names_where_a_period_leads_that_offers_no_choice(writer: WriterProcess) -> None:
    """A year of one segment leads to that segment; with a second one on the same day, to the day."""
    keeper = Keeper(writer)
    writer.append([said("e1", BEGIN_MS, session_id="one")])
    keeper.drain()

    alone = toc.toc_root(keeper.reader, pb.GetTocRootRequest()).nodes[0]
    writer.append([said("e2", BEGIN_MS + 1000, session_id="two")])
    keeper.drain()
    both = toc.toc_root(keeper.reader, pb.GetTocRootRequest()).nodes[0]
    day = toc.browse(keeper.reader, pb.BrowseTocRequest(parent_id=both.leads_to))
    keeper.close()

    assert alone.leads_to.startswith("toc:segment:")
    assert both.leads_to.startswith("toc:day:")
    assert [child.leads_to for child in day.children] == ["", ""]
