"""Replies within a token budget: whole items, never more than allowed, and the rest on the next page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from agent_memory.present import event_pages, pages
from agent_memory.present.json_text import reply_json
from agent_memory.present.view import View
from agent_memory.present.within import CutReply, within
from agent_memory.present.within import items as count
from agent_memory.query.views import events as event_views
from agent_memory.query.views import toc, when
from agent_memory.query.views.budget import Budget, price
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import records
from agent_memory.store.reader import Reader
from agent_memory.text.tokens import of_text
from support.keeper import BERLIN, Keeper
from support.writer import WriterProcess, said

DAY = "2026-11-18"
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=BERLIN)
NOW_MS = int((NOON + timedelta(days=1)).timestamp()) * 1000
WORDS = "We moved the deploy of the billing service to Friday, because the tests of the ledger were red until then."
PLENTY = 1_000_000
BUDGETS = [1, 30, 60, 100, 200, 400, 1000, 5000]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A day with twelve conversations of different lengths, and a year before it with one."""
    writer = WriterProcess(tmp_path_factory.mktemp("s"))
    writer.start()
    events = [
        said(
            f"e{hour:02}-{number}",
            int((NOON + timedelta(hours=hour - 6, seconds=number)).timestamp()) * 1000,
            session_id=f"s{hour}",
            text=f"{hour}.{number} {WORDS * (1 + hour % 3)}",
        )
        for hour in range(12)
        for number in range(6)
    ]
    writer.append([*events, said("old", int((NOON - timedelta(days=400)).timestamp()) * 1000, text=WORDS)])
    keeper = Keeper(writer, NOW_MS)
    keeper.drain()
    keeper.reader.catch_up()
    yield keeper.reader
    keeper.close()
    writer.close()


def a_grip(reader: Reader) -> str:
    """A grip whose evidence is in the middle of its session."""
    segments = toc.browse(reader, pb.BrowseTocRequest(parent_id=DAY)).children
    grips = [grip for segment in segments for bullet in segment.bullets for grip in bullet.grip_ids]
    replies = (event_views.expand(reader, pb.ExpandGripRequest(grip_id=grip)) for grip in grips)
    return next(reply.grip.grip_id for reply in replies if reply.events_before and reply.events_after)


def root(reader: Reader, max_tokens: int) -> pb.GetTocRootResponse:
    return toc.toc_root(reader, pb.GetTocRootRequest(max_tokens=max_tokens))


def node(reader: Reader, max_tokens: int) -> pb.GetNodeResponse:
    return toc.node(reader, pb.GetNodeRequest(node_id=DAY, max_tokens=max_tokens))


def browse(reader: Reader, max_tokens: int, token: str | None = None) -> pb.BrowseTocResponse:
    request = pb.BrowseTocRequest(parent_id=DAY, max_tokens=max_tokens, continuation_token=token)
    return toc.browse(reader, request)


def events(reader: Reader, max_tokens: int, cursor: str | None = None) -> pb.GetEventsResponse:
    return event_views.events(reader, pb.GetEventsRequest(max_tokens=max_tokens, cursor=cursor))


def expand(reader: Reader, max_tokens: int) -> pb.ExpandGripResponse:
    return event_views.expand(reader, pb.ExpandGripRequest(grip_id=a_grip(reader), max_tokens=max_tokens))


def resolved(reader: Reader, max_tokens: int) -> pb.ResolveTimeResponse:
    return when.resolve(reader, pb.ResolveTimeRequest(phrase="18 November 2026", max_tokens=max_tokens), NOW_MS)


QUESTIONS: list[Callable[[Reader, int], CutReply]] = [root, node, browse, events, expand, resolved]


def printed(reply: CutReply) -> str:
    view = View(NOW_MS, BERLIN)
    match reply:
        case pb.GetTocRootResponse():
            lines = pages.root(view, reply)
        case pb.GetNodeResponse():
            lines = pages.node(view, reply.node)
        case pb.BrowseTocResponse():
            lines = pages.browse(view, DAY, reply, "")
        case pb.GetEventsResponse():
            lines = event_pages.events(view, reply, "")
        case pb.ExpandGripResponse():
            lines = event_pages.grip(view, reply)
        case pb.ResolveTimeResponse():
            lines = pages.when(view, reply)
    return "".join(f"{line.text}\n" for line in lines)


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_without_a_budget_states_its_price_and_leaves_nothing_out(
    question: Callable[[Reader, int], CutReply], reader: Reader
) -> None:
    """The number of tokens is about that of the message. A page that ends at its limit reports no budget."""
    reply = question(reader, 0)

    assert reply.needed_tokens == 0
    assert 0.9 * price(reply) <= reply.size_tokens <= price(reply)


@pytest.mark.parametrize("max_tokens", BUDGETS)
@pytest.mark.parametrize("question", [root, browse, events])
def test_a_list_never_costs_more_than_was_allowed(
    question: Callable[[Reader, int], CutReply], max_tokens: int, reader: Reader
) -> None:
    """The stated tokens do not exceed the budget; the items are the first ones of the whole list."""
    reply, whole = question(reader, max_tokens), question(reader, PLENTY)

    assert reply.size_tokens <= max_tokens
    for items, all_items in zip(_lists(reply), _lists(whole), strict=True):
        assert items == all_items[: len(items)]
    assert bool(reply.needed_tokens) == (_lists(reply) != _lists(whole))
    assert reply.has_more == (whole.has_more or bool(reply.needed_tokens))


@pytest.mark.parametrize("form", [printed, lambda reply: f"{reply_json(reply)}\n"], ids=["page", "json"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_printed_never_costs_more_than_was_allowed(
    question: Callable[[Reader, int], CutReply], form: Callable[[CutReply], str], reader: Reader
) -> None:
    """As a page and as JSON, from what a heading costs on; and the budget that an answer names brings more."""
    whole = question(reader, 0)

    def cut(max_tokens: int) -> CutReply:
        return within(question(reader, 0), max_tokens, form)  # type: ignore[type-var]

    least = of_text(form(cut(1)))
    budgets = [least + 5, least + 60, least + 200, least + 1000, of_text(form(whole)) + 2]

    for max_tokens in budgets:
        shown = cut(max_tokens)
        assert shown.size_tokens - 1 <= of_text(form(shown)) <= max_tokens
        assert bool(shown.needed_tokens) == (count(shown) < count(whole))
        if shown.needed_tokens:
            assert count(cut(shown.needed_tokens)) > count(shown)
    assert count(cut(budgets[-1])) == count(whole)


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_budget_that_an_answer_names_brings_more_and_one_less_does_not(
    question: Callable[[Reader, int], CutReply], reader: Reader
) -> None:
    """Budgets from the smallest to the whole; each step adds something."""
    reply = question(reader, 1)
    steps = 0
    while reply.needed_tokens:
        assert question(reader, reply.needed_tokens - 1).SerializeToString() == reply.SerializeToString()
        richer = question(reader, reply.needed_tokens)
        assert richer.size_tokens == reply.needed_tokens > reply.size_tokens
        reply, steps = richer, steps + 1

    assert steps > 0
    assert [len(items) for items in _lists(reply)] == [len(items) for items in _lists(question(reader, 0))]


def test_a_nodes_heading_is_there_whatever_it_costs_and_its_lines_come_first(reader: Reader) -> None:
    """A bullet is there whole, with its grips, or not at all; a summary that only joins the bullets is left out."""
    whole = node(reader, PLENTY).node
    heading = node(reader, 1).node
    some = node(reader, price(heading) + price(whole.bullets[0]) + 1).node

    assert (heading.node_id, heading.title, list(heading.bullets)) == (whole.node_id, whole.title, [])
    assert list(some.bullets) == [whole.bullets[0]]
    assert (some.summary, list(some.child_node_ids)) == ("", [])
    assert (whole.summary, list(whole.bullets)) == ("", list(node(reader, 0).node.bullets))
    assert node(reader, price(whole)).node == whole


def test_every_child_and_every_event_is_reached_page_by_page(reader: Reader) -> None:
    """The token or cursor of a page leads to the next one; where nothing fits, it leads to the same place again."""
    children, page = [], browse(reader, 300)
    while page.has_more:
        children += [child.node_id for child in page.children]
        stuck = browse(reader, 1, page.continuation_token)
        assert (list(stuck.children), stuck.continuation_token) == ([], page.continuation_token)
        page = browse(reader, 300, page.continuation_token)
    children += [child.node_id for child in page.children]

    listed, some = [], events(reader, 300)
    while some.has_more:
        listed += [event.event_id for event in some.events]
        nothing = events(reader, 1, some.cursor)
        assert (list(nothing.events), nothing.cursor) == ([], some.cursor)
        some = events(reader, 300, some.cursor)
    listed += [event.event_id for event in some.events]

    assert children == [child.node_id for child in browse(reader, 0).children]
    assert listed == [event.event_id for event in event_views.events(reader, pb.GetEventsRequest(limit=1000)).events]


def test_evidence_goes_before_its_neighbours_and_near_ones_before_far_ones(reader: Reader) -> None:
    """With room for one neighbour, it is the one just before; the order of time is kept."""
    whole = expand(reader, 0)
    bare = expand(reader, 1)
    evidence = expand(reader, price(whole.grip) + sum(map(price, whole.excerpt_events)))
    one = expand(reader, evidence.needed_tokens)

    assert (bare.grip, list(bare.excerpt_events)) == (whole.grip, [])
    assert list(evidence.excerpt_events) == list(whole.excerpt_events)
    assert not evidence.events_before
    assert not evidence.events_after
    assert list(one.events_before) == [whole.events_before[-1]]
    assert not one.events_after


def test_evidence_that_does_not_fit_a_page_is_said_to_be_left_out(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proof that is cut must not look whole; its first event is there whatever its size."""
    first, *_, last = (event for event in events(reader, 0).events if event.session_id == "s3")
    wide = records.grip(reader, a_grip(reader))
    assert wide is not None
    wide = replace(
        wide,
        session_id="s3",
        timestamp_ms=first.timestamp_ms,
        event_id_start=first.event_id,
        end_timestamp_ms=last.timestamp_ms,
        event_id_end=last.event_id,
    )
    monkeypatch.setattr(records, "grip", lambda reader, grip_id: wide)
    request = pb.ExpandGripRequest(grip_id="wide", events_before=0, events_after=0)
    whole = event_views.expand(reader, request)
    monkeypatch.setattr(event_views, "PAGE_MAX_BYTES", 1)

    cut = event_views.expand(reader, request)

    assert (len(whole.excerpt_events), whole.has_more) == (6, False)
    assert ([event.event_id for event in cut.excerpt_events], cut.has_more) == ([first.event_id], True)


def test_what_is_left_out_is_neither_read_nor_priced(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page ends at the first item that does not fit."""
    asked: list[object] = []

    def takes_two(self: Budget, item: object) -> bool:
        asked.append(item)
        return len(asked) < 3

    monkeypatch.setattr(Budget, "takes", takes_two)

    assert len(events(reader, 100).events) == 2
    assert len(asked) == 3


def _lists(reply: CutReply) -> list[list[object]]:
    match reply:
        case pb.GetTocRootResponse():
            return [list(reply.nodes)]
        case pb.GetNodeResponse():
            return [list(reply.node.bullets), list(reply.node.keywords), list(reply.node.child_node_ids)]
        case pb.BrowseTocResponse():
            return [list(reply.children)]
        case pb.GetEventsResponse():
            return [list(reply.events)]
        case pb.ResolveTimeResponse():
            return [list(span.nodes) for span in (reply.span, *reply.alternatives)]
        case _:
            return [list(reply.events_before), list(reply.excerpt_events), list(reply.events_after)]
