"""The map of time: it fits its budget, whole lines only, whatever there is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from agent_memory.present import pages
from agent_memory.present.view import View
from agent_memory.query.views import time_map, toc
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import records
from agent_memory.text.tokens import of_text
from support.keeper import BERLIN, Keeper
from support.writer import WriterProcess, said

NOW = datetime(2026, 11, 18, 15, 30, tzinfo=BERLIN)  # a Wednesday
NOW_MS = int(NOW.timestamp()) * 1000


@pytest.fixture
def keeper(writer: WriterProcess) -> Iterator[Keeper]:
    """A store with a conversation every 20 minutes since yesterday, one every 25 days before, and one going on."""
    silences = [timedelta(minutes=20 * number) for number in range(2, 80)]
    silences += [timedelta(days=25 * number) for number in range(1, 40)]
    events = [
        said(f"e{number}", int((NOW - silence).timestamp()) * 1000, session_id=f"s{number}")
        for number, silence in enumerate(silences)
    ]
    writer.append([*events, said("now", NOW_MS - 60_000, session_id="now")])
    keeper = Keeper(writer, NOW_MS)
    keeper.drain()
    keeper.reader.catch_up()
    yield keeper
    keeper.close()


def map_of(keeper: Keeper, max_tokens: int, now_ms: int = NOW_MS) -> pb.GetTocMapResponse:
    return time_map.toc_map(keeper.reader, pb.GetTocMapRequest(max_tokens=max_tokens), now_ms)


def printed(reply: pb.GetTocMapResponse) -> str:
    lines = pages.toc_map(View(NOW_MS, BERLIN, "memory-daemon"), reply)
    return "".join(f"{line.text}\n" for line in lines)


@pytest.mark.parametrize("max_tokens", [1, 30, 60, 100, 250, 400, 1000, 4000])
def test_the_map_fits_its_budget(keeper: Keeper, max_tokens: int) -> None:
    """What is printed has no more tokens than were asked for, if anything fits, and about as many as it says."""
    reply = map_of(keeper, max_tokens)

    if reply.sections:
        assert of_text(printed(reply)) <= reply.tokens + 1 <= max_tokens + 1
        # Each line is rounded up by itself.
        assert reply.tokens - of_text(printed(reply)) < 25 + printed(reply).count("\n")
    assert reply.has_more == (max_tokens < 4000)


def test_every_section_has_its_turn(keeper: Keeper) -> None:
    """A busy day does not crowd out the years: with the default budget there is something of each."""
    reply = map_of(keeper, 0)

    assert [section.title for section in reply.sections] == [
        "Going on",
        "Today",
        "This week",
        "Weeks",
        "Months",
        "Years",
    ]
    assert reply.tokens <= time_map.TOKENS_DEFAULT


def test_a_period_says_what_it_was_about(keeper: Keeper) -> None:
    """A date alone is nothing to choose by; a conversation has its title."""
    sections = {section.title: list(section.nodes) for section in map_of(keeper, 3000).sections}

    week = sections["Weeks"][0]
    assert 0 < len(week.keywords) <= time_map.KEYWORDS_MAX
    assert f"{week.title}: {', '.join(week.keywords)}  {week.node_id}" in printed(map_of(keeper, 3000))
    assert not any(node.keywords for node in sections["Today"])


def test_sections_begin_with_the_newest_and_leave_out_none_between(keeper: Keeper) -> None:
    """Whole days, newest first, from today back; what is going on stands in its own section only."""
    sections = {section.title: list(section.nodes) for section in map_of(keeper, 3000).sections}

    assert [node.is_open for node in sections["Going on"]] == [True]
    assert not any(node.is_open for node in sections["Today"])
    ids = [node.node_id for node in sections["Today"]]
    assert ids == sorted(ids, reverse=True)
    assert [node.node_id for node in sections["This week"]] == ["toc:day:2026-11-18", "toc:day:2026-11-17"]
    assert sections["Years"][0].node_id == "toc:year:2026"


def test_a_price_is_what_reading_the_node_costs(keeper: Keeper) -> None:
    """The tokens of a line are those of the node's page."""
    (line,) = next(section for section in map_of(keeper, 400).sections if section.title == "Going on").nodes

    answer = toc.node(keeper.reader, pb.GetNodeRequest(node_id=line.node_id))

    page = pages.node(View(NOW_MS, BERLIN, "memory-daemon"), answer.node)
    assert abs(line.tokens - of_text("".join(f"{each.text}\n" for each in page))) <= 2


def test_the_past_is_mapped_as_far_as_it_had_come(keeper: Keeper) -> None:
    """Asked as of a year ago, no later period is in the map."""
    reply = map_of(keeper, 3000, NOW_MS - 365 * 86_400_000)

    named = {node.node_id for section in reply.sections for node in section.nodes}
    assert "toc:year:2025" in named
    assert "toc:year:2026" not in named
    assert not any(section.title == "Going on" for section in reply.sections)


def test_an_empty_store_has_an_empty_map(writer: WriterProcess) -> None:
    """Nothing remembered is no failure."""
    reader = writer.reader()

    assert time_map.toc_map(reader, pb.GetTocMapRequest(), NOW_MS) == pb.GetTocMapResponse(tokens=0)
    assert "Nothing is remembered yet" in printed(pb.GetTocMapResponse())


def test_the_rows_that_are_read_are_bounded(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many segments a day has, only the newest of them are looked at."""
    looked_at: list[int] = []
    original = records.nodes

    def counted(*arguments: object, **named: object) -> object:
        looked_at.append(len(arguments[1]))  # type: ignore[arg-type]
        return original(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(records, "nodes", counted)
    map_of(keeper, 100_000)

    assert max(looked_at) <= time_map.SECTION_MAX
