"""Filters: periods, lists and events of one project, agent or session, told from its segments alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from agent_memory.errors import UsageError
from agent_memory.model import Event
from agent_memory.periods import parse_period
from agent_memory.query.views import events as event_views
from agent_memory.query.views import habits, scope, sessions, toc, when
from agent_memory.query.views.scope import Scope
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import ledger
from agent_memory.store.keys import TIMESTAMP_MAX_MS
from support.keeper import BERLIN, Keeper
from support.writer import WriterProcess, said

WEDNESDAY = datetime(2026, 11, 18, 12, 0, tzinfo=BERLIN)
NOW_MS = int((WEDNESDAY + timedelta(days=9)).timestamp()) * 1000
WEEK = "toc:week:2026:W47"
ATLAS, SHOP, FORK = "github.com/acme/atlas", "github.com/acme/shop", "github.com/other/atlas-fork"
# Of each talk: its session, its project, its agent, when it began, and what was said.
TALKS = (
    ("a1", ATLAS, "claude-code", timedelta(days=-1), "We decided to move the queue of atlas to Postgres."),
    ("a2", ATLAS, "codex", timedelta(), "The memory leak of atlas is fixed: tenants are forgotten."),
    ("s1", SHOP, "claude-code", timedelta(minutes=2), "The basket of the shop rounds the tax once."),
    ("s2", SHOP, "codex", timedelta(days=1), "We chose blue for the buttons of the shop."),
    ("f1", FORK, "codex", timedelta(days=1, hours=3), "The fork gets a name of its own."),
    ("a3", ATLAS, "claude-code", timedelta(days=-40), "Atlas began with an empty folder in October."),
)


def talk(session_id: str, project: str, agent: str, began: timedelta, text: str) -> Iterator[Event]:
    """Four turns, a minute apart."""
    at_ms = int((WEDNESDAY + began).timestamp()) * 1000
    for turn in range(4):
        event = said(f"{session_id}-{turn}", at_ms + turn * 60_000, f"{text} ({turn})", session_id=session_id)
        yield replace(event, agent=agent, metadata={"project_id": project})


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    writer = WriterProcess(tmp_path_factory.mktemp("s"))
    writer.start()
    writer.append([event for each in TALKS for event in talk(*each)])
    keeper = Keeper(writer, NOW_MS)
    keeper.drain()
    keeper.reader.catch_up()
    yield keeper
    keeper.close()
    writer.close()


def asked(keeper: Keeper, project: str = "", agent: str = "", session_id: str = "") -> Scope:
    request = pb.GetNodeRequest(project=project, agent=agent, session_id=session_id)
    return scope.scope_of(keeper.reader, request, lambda named: (named,))


SCOPES = {
    "project": ({"project": ATLAS}, {"a1", "a2"}),
    "bare name": ({"project": "Atlas"}, {"a1", "a2"}),
    "agent": ({"agent": "Codex"}, {"a2", "s2", "f1"}),
    "session": ({"session_id": "s1"}, {"s1"}),
    "project and agent": ({"project": ATLAS, "agent": "codex"}, {"a2"}),
    "project and session": ({"project": ATLAS, "session_id": "a2"}, {"a2"}),
    "another project's session": ({"project": ATLAS, "session_id": "s1"}, set()),
}


@pytest.mark.parametrize("name", SCOPES)
def test_a_filtered_period_is_told_from_its_own_segments(keeper: Keeper, name: str) -> None:
    """Its lines and its price are theirs, every line leads to their events, and what is below it is reached."""
    filters, expected = SCOPES[name]
    own = asked(keeper, **filters)

    reply = toc.node(keeper.reader, pb.GetNodeRequest(node_id=WEEK), scope=own)

    assert reply.HasField("node") == bool(expected)
    lines = " ".join(bullet.text for bullet in reply.node.bullets)
    for session_id, _, _, began, text in TALKS:
        is_told = text.rstrip(".") in lines
        assert is_told == (session_id in expected and began > timedelta(days=-2)), session_id
    for bullet in reply.node.bullets:
        (proof,) = {
            event.session_id
            for grip_id in bullet.grip_ids
            for event in event_views.expand(keeper.reader, pb.ExpandGripRequest(grip_id=grip_id)).excerpt_events
        }
        assert proof in expected
    assert {segment.session_id for segment in segments_below(keeper, WEEK, own)} == expected


def segments_below(keeper: Keeper, parent_id: str, own: Scope) -> Iterator[pb.TocNode]:
    """Every segment below a node, by browsing a child at a time."""
    request = pb.BrowseTocRequest(parent_id=parent_id, limit=1)
    while True:
        page = toc.browse(keeper.reader, request, scope=own)
        for child in page.children:
            assert child.tokens > 0
            if child.level == pb.TOC_LEVEL_SEGMENT:
                assert child.project
                yield child
            else:
                yield from segments_below(keeper, child.node_id, own)
        if not page.has_more:
            return
        request.continuation_token = page.continuation_token


def test_a_year_leads_to_all_of_a_project(keeper: Keeper) -> None:
    """Through its months and weeks, also those that are filed under a month that they do not begin in."""
    found = {segment.session_id for segment in segments_below(keeper, "2026", asked(keeper, ATLAS))}

    assert found == {"a1", "a2", "a3"}


def test_a_node_without_anything_of_the_filter_is_not_there_and_the_answer_says_why(keeper: Keeper) -> None:
    """A name that is known says that nothing fits; one that is not is told, with those there are, nearest first."""

    def note(**filters: str) -> str:
        request = pb.GetNodeRequest(node_id="2026-11-19", **filters)  # type: ignore[arg-type]
        own = asked(keeper, **filters)
        assert not toc.node(keeper.reader, request, scope=own).HasField("node")
        return scope.note(keeper.reader, own, request)

    assert note(project=ATLAS) == "Nothing fits all of these filters here."
    assert note(project="atlsa").startswith("Nothing is remembered about the project atlsa. Known: atlas, ")
    assert note(agent="codx").startswith("Nothing is remembered about the agent codx. Known: codex, ")
    assert note(session_id="s") == "There is no session 's'. These begin so: s1, s2."
    assert note(session_id="zz") == "There is no session 'zz'."


def test_a_segment_is_there_for_its_own_filters_only(keeper: Keeper) -> None:
    """Asked for by its id, whole or shortened to its day and the rest."""
    (segment,) = segments_below(keeper, "2026-11-17", Scope())
    short = segment.node_id.removeprefix("toc:segment:")

    def found(own: Scope) -> pb.TocNode:
        return toc.node(keeper.reader, pb.GetNodeRequest(node_id=short), scope=own).node

    assert found(Scope()).node_id == found(asked(keeper, ATLAS)).node_id == segment.node_id
    assert found(Scope()).project == ATLAS
    assert not found(asked(keeper, SHOP)).node_id
    assert not found(asked(keeper, agent="codex")).node_id


def test_words_for_a_time_lead_to_what_a_filter_leaves_of_it(keeper: Keeper) -> None:
    """A period with nothing of it is left out, and the price is that of the filtered node."""
    request = pb.ResolveTimeRequest(phrase="18 November 2026")
    whole = when.resolve(keeper.reader, request, NOW_MS).span.nodes
    filtered = when.resolve(keeper.reader, request, NOW_MS, asked(keeper, ATLAS)).span.nodes

    assert [node.node_id for node in filtered] == [node.node_id for node in whole] == ["toc:day:2026-11-18"]
    assert list(filtered[0].agents) == ["codex"]
    assert not when.resolve(keeper.reader, request, NOW_MS, asked(keeper, FORK)).span.nodes


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 3, 50])
@pytest.mark.parametrize("name", SCOPES)
def test_events_of_a_filter_come_in_order_each_once(keeper: Keeper, name: str, limit: int, newest_first: bool) -> None:
    """From page to page, also of segments that overlap, and of all years."""
    filters, _ = SCOPES[name]
    own = asked(keeper, **filters)
    request = pb.GetEventsRequest(
        limit=limit,
        newest_first=newest_first,
        agent=own.agent or None,
        session_id=own.session_id or None,
        project=filters.get("project", ""),
    )
    found: list[pb.Event] = []
    while True:
        page = event_views.events(keeper.reader, request, own)
        found += page.events
        if not page.has_more:
            break
        request.cursor = page.cursor

    def fits(talk: tuple[str, str, str, timedelta, str]) -> bool:
        return (
            (not own.projects or talk[1] in own.projects)
            and own.agent in ("", talk[2])
            and own.session_id in ("", talk[0])
        )

    expected = sorted(
        (event for each in TALKS if fits(each) for event in talk(*each)),
        key=lambda event: event.position,
        reverse=newest_first,
    )
    assert [event.event_id for event in found] == [event.event_id for event in expected]


def test_events_of_a_project_keep_to_their_span(keeper: Keeper) -> None:
    """Both ends inclusive, within a segment."""
    at_ms = int(WEDNESDAY.timestamp()) * 1000
    request = pb.GetEventsRequest(from_timestamp_ms=at_ms + 60_000, to_timestamp_ms=at_ms + 120_000, project=ATLAS)

    found = event_views.events(keeper.reader, request, asked(keeper, ATLAS))

    assert [event.event_id for event in found.events] == ["a2-1", "a2-2"]


def test_an_event_in_full_names_its_segment(keeper: Keeper) -> None:
    reply = event_views.event(keeper.reader, "a2-1")

    assert (reply.event.event_id, reply.event.session_id) == ("a2-1", "a2")
    (segment,) = segments_below(keeper, "2026-11-18", asked(keeper, ATLAS))
    assert reply.node_id == segment.node_id
    assert not event_views.event(keeper.reader, "a2").HasField("event")


def test_a_session_is_found_by_a_beginning_that_no_other_has(keeper: Keeper) -> None:
    """With what it is about, who spoke, how much, and its segments with their prices."""

    def found(named: str) -> pb.GetSessionResponse:
        return sessions.session(keeper.reader, pb.GetSessionRequest(session_id=named))

    reply = found("f").session
    assert (reply.session_id, reply.project, list(reply.agents), reply.event_count) == ("f1", FORK, ["codex"], 4)
    assert reply.end_time_ms - reply.start_time_ms == 3 * 60_000
    assert [segment.tokens > 0 for segment in reply.segments] == [True]
    assert found("s").note == "There is no session 's'. These begin so: s1, s2."
    assert found("zz").note == "There is no session 'zz'."


def test_habits_count_the_days_that_were_asked_for(keeper: Keeper) -> None:
    """Each day stands there, also without anything; what is counted by day, agent, hour and project is the same."""
    now_ms = int((WEDNESDAY + timedelta(days=1, hours=8)).timestamp()) * 1000
    found = habits.habits(keeper.reader, pb.GetHabitsRequest(days=4, now_ms=now_ms), NOW_MS, {FORK: ATLAS})

    assert [(day.day, day.events, day.segments) for day in found.days] == [
        ("2026-11-16", 0, 0),
        ("2026-11-17", 4, 1),
        ("2026-11-18", 8, 2),
        ("2026-11-19", 8, 2),
    ]
    assert {each.agent: each.events for each in found.agents} == {"codex": 12, "claude-code": 8}
    assert {each.project_id: each.segments for each in found.projects} == {ATLAS: 3, SHOP: 2}
    assert {hour: number for hour, number in enumerate(found.hours) if number} == {12: 4, 15: 1}
    assert list(found.weekdays) == [0, 1, 2, 2, 0, 0, 0]
    with pytest.raises(UsageError):
        habits.habits(keeper.reader, pb.GetHabitsRequest(days=367), NOW_MS, {})


def test_the_ledger_names_the_days_of_an_agent(keeper: Keeper) -> None:
    """Only days within the span, so that others are not looked at."""
    assert ledger.days_of(keeper.reader, "codex") == ["2026-11-18", "2026-11-19"]
    assert ledger.days_of(keeper.reader, "codex", "2026-11-19", "2026-11-30") == ["2026-11-19"]
    assert ledger.agents(keeper.reader) == ["claude-code", "codex"]
    assert list(Scope().segments(keeper.reader, 0, TIMESTAMP_MAX_MS)) == []
    assert parse_period(WEEK) is not None
