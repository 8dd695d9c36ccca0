"""Notes: which event one becomes, and what it counts among what was said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import permutations
from pathlib import Path

import pytest

from agent_memory.capture.notes import TEXT_MAX, Noting, event_of, publish
from agent_memory.capture.project.projects import Projects
from agent_memory.errors import InvalidEvent
from agent_memory.model import Bullet, Event, EventRole, EventType, TocLevel, TocNode
from agent_memory.periods import Period
from agent_memory.worker.summarizer.local import summarize
from agent_memory.worker.summarizer.segment_text import SegmentText
from agent_memory.worker.toc.rollups import roll_up

NOW = datetime(2026, 11, 28, 12, 0)


def note(text: str, kind: str = "decision", *, session: str = "s", agent: str = "codex-mcp-client") -> Event:
    return event_of(text, kind, Noting("/home/dev/atlas", session, agent), Projects({}), NOW)


def test_a_note_is_an_event_of_its_session_and_project() -> None:
    """An agent's under our name for it; without an agent, it is the user's."""
    agents, users = note("We pin the compiler."), note("We pin the compiler.", agent="")

    assert (agents.event_type, agents.role, agents.agent) == (EventType.NOTE, EventRole.ASSISTANT, "codex")
    assert (agents.session_id, agents.project, agents.metadata["note"]) == ("s", "/home/dev/atlas", "decision")
    assert (users.role, users.agent) == (EventRole.USER, None)
    assert note("Hello.", agent="some-new-agent").agent == "some-new-agent"


def test_the_same_note_is_one_of_its_session() -> None:
    """Whenever it is kept again; another kind, other words and another session are others."""
    one = note("We pin the compiler.")
    later = event_of(
        " We pin the compiler. ", "decision", Noting("/", "s", "codex"), Projects({}), NOW.replace(hour=13)
    )

    assert later.event_id == one.event_id
    others = [note("We pin it."), note("We pin the compiler.", "fact"), note("We pin the compiler.", session="t")]
    assert len({each.event_id for each in (one, *others)}) == 4


def test_without_a_session_there_is_one_for_each_project_and_day() -> None:
    """So that notes of one day and place stand together."""
    of_here = note("One.", session="")
    there = event_of("Two.", "fact", Noting("/home/dev/other"), Projects({}), NOW)

    assert of_here.session_id == note("Two.", session="").session_id
    assert of_here.session_id.startswith("notes-2026-11-28-")
    assert there.session_id != of_here.session_id


@pytest.mark.parametrize("text", [" ", "<private>all of it</private>", "x" * (TEXT_MAX + 1)])
def test_a_note_holds_a_few_words_that_may_be_kept(text: str) -> None:
    """Nothing that is private, no page."""
    with pytest.raises(InvalidEvent):
        note(text)


def test_a_noted_decision_is_told_before_any_other() -> None:
    """Though much more was said of others, and in the words by which decisions are known."""
    said = [
        "We decided to keep the parser in Rust, because the lexer, the grammar and the tests are written in Rust.",
        "We decided to drop the old importer, since the ledger, the scheduler and the router do all of its work.",
        "We decided to run the nightly job on the second runner, with the cache, the index and the snapshot on disk.",
    ]
    first = note("Timeouts are nine seconds.")
    plain = replace(first, event_type=EventType.ASSISTANT_MESSAGE, metadata={})
    events = [
        replace(plain, event_id=f"e{place}", timestamp_ms=place, text=text) for place, text in enumerate(said * 2)
    ]

    def weights(noted: Event) -> dict[str, float]:
        return {line.text: line.weight for line in summarize(SegmentText([*events, noted])).bullets}

    as_note = weights(first)
    as_words = weights(plain)
    assert max(as_note, key=as_note.__getitem__) == "Timeouts are nine seconds."
    assert max(as_words, key=as_words.__getitem__) != "Timeouts are nine seconds."


def test_a_noted_decision_is_told_up_to_the_year() -> None:
    """Among forty decisions that were only said, one a conversation."""
    nouns = ["parser", "cache", "index", "scheduler", "cookie", "importer", "socket", "ledger", "queue", "prompt"]
    noted = note("Timeouts are nine seconds.")
    plain = replace(noted, event_type=EventType.ASSISTANT_MESSAGE, metadata={})
    pairs = list(permutations(nouns, 2))[::2][:40]
    said = [replace(plain, text=f"We decided that the {one} calls the {other}, with a retry.") for one, other in pairs]
    segments = [segment_of(event, place) for place, event in enumerate([*said[:20], noted, *said[20:]])]

    day = roll_up(Period(TocLevel.DAY, NOW.date()), segments, UTC)
    year = roll_up(Period(TocLevel.YEAR, date(2026, 1, 1)), [day], UTC)

    for period in (day, year):
        assert "Timeouts are nine seconds." in [bullet.text for bullet in period.bullets]


def segment_of(event: Event, place: int) -> TocNode:
    """The segment that is nothing but this event."""
    found = summarize(SegmentText([event]))
    bullets = tuple(Bullet(line.text, (f"grip:{place}",), line.weight) for line in found.bullets)
    node_id = f"toc:segment:2026-11-28:{place:04}"
    return TocNode(node_id, TocLevel.SEGMENT, found.title, bullets, found.keywords, place * 1000, place * 1000 + 1)


def test_agents_are_let_know_by_a_file_beside_the_store(tmp_path: Path) -> None:
    """Their tools read no settings."""
    beside = tmp_path / "data" / "db-agent-notes"

    publish(tmp_path / "data" / "db", allowed=True)
    assert beside.stat().st_mode & 0o777 == 0o600
    publish(tmp_path / "data" / "db", allowed=False)
    publish(tmp_path / "data" / "db", allowed=False)
    assert not beside.exists()
