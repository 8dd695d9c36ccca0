"""The map of one project: its own segments, where it was left off, within the token budget."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from agent_memory.capture import recalled
from agent_memory.model import Event, EventRole, EventType
from agent_memory.query.views import project_list, project_map, time_map
from agent_memory.query.views.scope import of_projects
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import records
from support.keeper import BERLIN, Keeper
from support.writer import WriterProcess, said

NOW = datetime(2026, 11, 18, 15, 30, tzinfo=BERLIN)  # a Wednesday
NOW_MS = int(NOW.timestamp()) * 1000
SHOP = "github.com/acme/shop"
BLOG = "/home/dev/blog"


def at(silence: timedelta, project: str, text: str, *, more: int = 0) -> list[Event]:
    """A conversation of that project, so long ago, with as many events more as are asked for."""
    began_ms = int((NOW - silence).timestamp()) * 1000
    name = f"{project}-{began_ms}"
    first = replace(said(f"{name}-0", began_ms, text, session_id=name), metadata={"project_id": project})
    rest = [said(f"{name}-{number}", began_ms + number * 1000, session_id=name) for number in range(1, more + 1)]
    return [first, *rest]


@pytest.fixture
def keeper(writer: WriterProcess) -> Iterator[Keeper]:
    """Two projects, one beside the other, today, on Monday, last week, in October and in August."""
    writer.append(
        [
            *at(timedelta(hours=1), SHOP, "We decided that the basket keeps its items for a week."),
            *at(timedelta(minutes=50), BLOG, "We decided to write about gardens."),
            *at(timedelta(hours=3), SHOP, "The tax of the basket is rounded once."),
            *at(timedelta(days=2), SHOP, "The deploy on Monday took forty minutes."),
            *at(timedelta(days=6), SHOP, "Please find out why the login test fails."),
            *at(timedelta(days=30), SHOP, "A short one in October about fonts."),
            *at(timedelta(days=31), SHOP, "We decided to move the queue to Postgres.", more=6),
            *at(timedelta(days=90), BLOG, "August was about roses."),
            *at(timedelta(days=95), "/home/dev/shop", "In August the shop had no remote yet."),
        ]
    )
    keeper = Keeper(writer, NOW_MS)
    keeper.drain()
    keeper.reader.catch_up()
    yield keeper
    keeper.close()


def map_of(keeper: Keeper, names: tuple[str, ...], max_tokens: int = 2000) -> dict[str, list[str]]:
    reply = time_map.toc_map(keeper.reader, pb.GetTocMapRequest(max_tokens=max_tokens), NOW_MS, of_projects(names))
    assert reply.tokens <= max_tokens
    return {section.title: [first_words(keeper, line.node_id) for line in section.nodes] for section in reply.sections}


def first_words(keeper: Keeper, node_id: str) -> str:
    """The beginning of the segment, in words that no summarizer chose."""
    node = records.node(keeper.reader, node_id)
    assert node is not None
    return next(records.session_events(keeper.reader, node.session_id)).text


def test_a_project_is_mapped_from_where_it_was_left_off_to_the_months_before(keeper: Keeper) -> None:
    """Each of its segments once, latest first, none of another project's; in a month, those with most to say first."""
    assert map_of(keeper, (SHOP,)) == {
        "Where we left off": ["We decided that the basket keeps its items for a week."],
        "Today": ["The tax of the basket is rounded once."],
        "This week": ["The deploy on Monday took forty minutes."],
        "November 2026": ["Please find out why the login test fails."],
        "October 2026": ["We decided to move the queue to Postgres.", "A short one in October about fonts."],
    }


def test_a_session_in_which_nothing_was_said_is_passed_over(keeper: Keeper, writer: WriterProcess) -> None:
    """Sessions that were only opened do not count: the project was left off where something was said."""
    opened = [
        replace(event, event_type=EventType.SESSION_START, role=EventRole.SYSTEM)
        for minutes in range(2, 40)
        for event in at(timedelta(minutes=minutes), SHOP, "Session started (startup)")
    ]
    writer.append(opened)
    keeper.drain()
    keeper.reader.catch_up()

    found = map_of(keeper, (SHOP,))
    assert found["Where we left off"] == ["We decided that the basket keeps its items for a week."]
    assert found["Today"] == ["The tax of the basket is rounded once."]


def test_what_has_only_just_begun_was_not_left_off(keeper: Keeper, writer: WriterProcess) -> None:
    """An open session may be the one that asks, so it is listed under today; once it goes on, it is the last one."""
    writer.append(at(timedelta(minutes=2), SHOP, "Where were we with the fonts of the basket?"))
    keeper.drain()
    keeper.reader.catch_up()
    begun = map_of(keeper, (SHOP,))

    writer.append(at(timedelta(minutes=2), SHOP, "", more=5)[1:])
    keeper.drain()
    keeper.reader.catch_up()
    gone_on = map_of(keeper, (SHOP,))

    assert begun["Where we left off"] == ["We decided that the basket keeps its items for a week."]
    assert begun["Today"][0] == "Where were we with the fonts of the basket?"
    assert gone_on["Where we left off"] == ["Where were we with the fonts of the basket?"]


def test_a_question_to_the_memory_is_not_where_it_was_left_off(keeper: Keeper, writer: WriterProcess) -> None:
    """However long ago it was asked; with other work in the same session it is."""
    question, answer = at(timedelta(minutes=40), SHOP, "When did we move the queue?", more=1)
    asked = replace(question, event_id=f"{question.event_id}-q", timestamp_ms=question.timestamp_ms + 500)
    asked = replace(
        asked,
        event_type=EventType.TOOL_RESULT,
        role=EventRole.TOOL,
        text="Bash: memory-daemon query node today",
        metadata={"tool_name": "Bash", "machine_text": recalled.QUESTION},
    )
    said_last = replace(answer, role=EventRole.ASSISTANT, event_type=EventType.ASSISTANT_STOP, text="In October.")
    writer.append([question, asked, said_last])
    keeper.drain()
    keeper.reader.catch_up()
    only_asked = map_of(keeper, (SHOP,))

    work = replace(asked, event_id=f"{asked.event_id}-w", timestamp_ms=asked.timestamp_ms + 9000, text="Bash: make")
    writer.append([replace(work, metadata={"tool_name": "Bash"})])
    keeper.drain()
    keeper.reader.catch_up()
    worked = map_of(keeper, (SHOP,))

    assert only_asked["Where we left off"] == ["We decided that the basket keeps its items for a week."]
    assert worked["Where we left off"] == ["When did we move the queue?"]


def test_a_session_is_one_line_where_it_was_last_under_its_first_title(keeper: Keeper, writer: WriterProcess) -> None:
    """It says when that was, and what was left open."""
    (first, *_) = at(timedelta(days=3), SHOP, "Please move the basket to the new storage engine.")
    (again, *_) = at(timedelta(hours=2), SHOP, "Which of the two engines is it?")
    writer.append([first, replace(again, session_id=first.session_id)])
    keeper.drain()
    keeper.reader.catch_up()

    reply = time_map.toc_map(keeper.reader, pb.GetTocMapRequest(max_tokens=2000), NOW_MS, of_projects((SHOP,)))
    lines = [line for section in reply.sections for line in section.nodes]
    (moved,) = [line for line in lines if "storage engine" in line.title]
    assert not any("two engines" in line.title for line in lines)
    assert moved.when == "Wed 18 Nov 13:30"
    assert moved.open == "no answer to: Which of the two engines is it?"


def test_whoever_comes_back_is_told_what_went_on_since(keeper: Keeper) -> None:
    """The other sessions of the project that began since then, and nothing of the session itself."""
    left_ms = NOW_MS - 2 * 86_400_000 - 1
    (deploy, *_) = at(timedelta(days=2), SHOP, "")
    ((title, lines),) = project_map.since(keeper.reader, of_projects((SHOP,)), deploy.session_id, left_ms, NOW_MS)

    assert title == "Since this session was left, Mon 16 Nov 15:29"
    assert [first_words(keeper, line.node_id) for line in lines] == [
        "We decided that the basket keeps its items for a week.",
        "The tax of the basket is rounded once.",
    ]


def test_a_project_includes_what_was_filed_under_its_earlier_names(keeper: Keeper) -> None:
    """Under all of its names, each at its own time."""
    assert map_of(keeper, (SHOP, "/home/dev/shop"))["August 2026"] == ["In August the shop had no remote yet."]


def test_the_segment_where_it_was_left_off_comes_with_its_summary(keeper: Keeper) -> None:
    """The map holds the summary of that segment, and of no other."""
    reply = time_map.toc_map(keeper.reader, pb.GetTocMapRequest(), NOW_MS, of_projects((SHOP,)))

    bullets = [list(line.bullets) for section in reply.sections for line in section.nodes]
    assert bullets[0] == ["We decided that the basket keeps its items for a week."]
    assert not any(bullets[1:])


@pytest.mark.parametrize("max_tokens", [40, 100, 150, 250])
def test_a_small_map_begins_with_where_it_was_left_off(keeper: Keeper, max_tokens: int) -> None:
    """Whole lines only, and never more than the budget."""
    found = map_of(keeper, (SHOP,), max_tokens)

    assert list(found)[:1] == ["Where we left off"] or not found
    assert len(found) < 5 or max_tokens == 250


def test_a_project_that_nothing_is_known_of_has_an_empty_map(keeper: Keeper) -> None:
    """The map says that it is not complete."""
    assert map_of(keeper, ("/home/dev/new",)) == {}


def test_a_segment_follows_its_project(keeper: Keeper, writer: WriterProcess) -> None:
    """A late event that names another project moves its segment there, and the segment is found once."""
    (late,) = at(timedelta(minutes=51), "/home/dev/garden", "Gardens first.")
    (blog, *_) = at(timedelta(minutes=50), BLOG, "")
    writer.append([replace(late, session_id=blog.session_id)])
    keeper.drain()
    keeper.reader.catch_up()

    assert "Where we left off" in map_of(keeper, ("/home/dev/garden",))
    assert list(map_of(keeper, (BLOG,))) == ["Where we left off"]
    assert map_of(keeper, (BLOG,))["Where we left off"] == ["August was about roses."]


def test_the_rows_that_are_read_are_bounded(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the size of a project, only its newest segments are read."""
    monkeypatch.setattr(project_map, "SECTION_MAX", 1)
    monkeypatch.setattr(project_map, "MONTHS_MAX", 2)
    looked_at: list[int] = []
    original = records.nodes

    def counted(*arguments: object, **named: object) -> object:
        looked_at.append(len(arguments[1]))  # type: ignore[arg-type]
        return original(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(records, "nodes", counted)

    assert set(map_of(keeper, (SHOP, "/home/dev/shop"))) == {
        "Where we left off",
        "This week",
        "November 2026",
        "October 2026",
    }
    assert max(looked_at) <= project_map.UNDER_WAY_MAX


def test_the_projects_are_known_by_their_names_and_by_when_they_were_worked_on(keeper: Keeper) -> None:
    """The latest project first; an alias counts as its project, and costs one seek."""
    apart = project_list.projects(keeper.reader, {}).projects
    merged = project_list.projects(keeper.reader, {"/home/dev/shop": SHOP}).projects

    assert [project.project_id for project in apart] == [BLOG, SHOP, "/home/dev/shop"]
    assert [(project.project_id, list(project.names)) for project in merged] == [
        (BLOG, [BLOG]),
        (SHOP, ["/home/dev/shop", SHOP]),
    ]
    assert [first_words(keeper, project.last_node_id) for project in merged] == [
        "We decided to write about gardens.",
        "We decided that the basket keeps its items for a week.",
    ]


def test_more_projects_than_anybody_works_in_are_not_all_looked_for(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reply says that there are more."""
    monkeypatch.setattr(project_list, "PROJECTS_MAX", 2)

    reply = project_list.projects(keeper.reader, {})

    assert (len(reply.projects), reply.has_more) == (2, True)
