"""Pages for people: whole ids, harmless text, and what to type next."""

from __future__ import annotations

import io
from datetime import UTC

import pytest
from rich.console import Console

from agent_memory.cli import render
from agent_memory.present import event_pages, pages
from agent_memory.present.json_text import reply_json
from agent_memory.present.view import View
from agent_memory.rpc import memory_pb2 as pb

NOW_MS = 1_769_763_600_000  # 2026-01-30 09:00 UTC
SEGMENT_ID = "toc:segment:2026-01-30:01KG7M4T00ABCDEFGHJKMNPQRS"
GRIP_ID = "grip:1769760000000:01KG7M4T00ABCDEFGHJKMNPQRS"
EVIL = "\x1b[2Jdrop\x07 [bold]table[/bold]\x9b31m"


def segment(**changes: object) -> pb.TocNode:
    """A segment of an hour ago with one bullet and one grip."""
    fields: dict[str, object] = {
        "node_id": SEGMENT_ID,
        "level": pb.TOC_LEVEL_SEGMENT,
        "title": "Fixing the login",
        "bullets": [pb.TocBullet(text="The cookie is SameSite=Lax now. " * 8, grip_ids=[GRIP_ID])],
        "keywords": ["cookie", "login"],
        "start_time_ms": NOW_MS - 7_200_000,
        "end_time_ms": NOW_MS - 3_600_000,
        "session_id": "s1",
        "agents": ["claude-code"],
        "event_count": 12,
    }
    return pb.TocNode(**{**fields, **changes})  # type: ignore[arg-type]


def drawn(page: str, *arguments: object, width: int = 40, terminal: bool = False) -> str:
    """What is printed of a page."""
    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=terminal, color_system=None, markup=False, emoji=False, highlight=False
    )
    view = View(NOW_MS, UTC, "memory-daemon", render.width(console))
    render.draw(console, getattr(event_pages if page in ("events", "grip") else pages, page)(view, *arguments))
    return out.getvalue()


@pytest.mark.parametrize("terminal", [False, True])
def test_ids_are_never_broken(terminal: bool) -> None:
    """Also where the line is narrower than the id: it stands in one piece, to be copied."""
    node = drawn("node", segment(), width=30, terminal=terminal)
    page = drawn("browse", "2026-01-30", pb.BrowseTocResponse(children=[segment()]), "", width=30, terminal=terminal)

    assert SEGMENT_ID in node
    assert GRIP_ID in node
    assert f"memory-daemon query expand {GRIP_ID}" in node
    assert SEGMENT_ID in page
    assert f"memory-daemon query node {SEGMENT_ID.removeprefix('toc:segment:')}" in page


def test_piped_text_is_plain_and_unwrapped() -> None:
    """A program that reads the page gets each bullet on one line and no escape sequence."""
    page = drawn("node", segment())

    assert f"  • {('The cookie is SameSite=Lax now. ' * 8).strip()}\n" in page
    assert "\x1b" not in page


def test_on_a_terminal_bullets_are_wrapped_below_themselves() -> None:
    """The further lines of a bullet begin where its text begins."""
    lines = drawn("node", segment(bullets=[pb.TocBullet(text="word " * 20)]), width=40, terminal=True).splitlines()

    bullet = [line for line in lines if "word" in line]
    assert len(bullet) > 1
    assert all("    word" in line or "• " in line for line in bullet)


def test_stored_text_commands_nothing() -> None:
    """Escape sequences, markup and line ends in stored text are shown, not obeyed, in text and in JSON."""
    node = segment(title=EVIL, keywords=[EVIL], bullets=[pb.TocBullet(text=EVIL, grip_ids=[EVIL])], agents=[EVIL])
    event = pb.Event(event_id=EVIL, session_id=EVIL, text=EVIL, timestamp_ms=NOW_MS, role=pb.EVENT_ROLE_USER)
    grip = pb.ExpandGripResponse(grip=pb.Grip(grip_id=EVIL, excerpt=EVIL), excerpt_events=[event])

    shown = [
        drawn("root", pb.GetTocRootResponse(nodes=[node])),
        drawn("node", node),
        drawn("browse", EVIL, pb.BrowseTocResponse(children=[node], has_more=True), EVIL),
        drawn("events", pb.GetEventsResponse(events=[event], has_more=True), EVIL),
        drawn("grip", grip),
        reply_json(grip),
    ]

    for page in shown:
        assert not set(page) & set("\x1b\x07\x9b")
        assert "[bold]table[/bold]" in page


def test_an_empty_memory_says_what_to_do() -> None:
    """No years yet: the way to the first one."""
    page = drawn("root", pb.GetTocRootResponse())

    assert page.startswith("Nothing is remembered yet.")
    assert "Next: memory-daemon hooks install --all-found\n      memory-daemon demo" in page


def test_a_memory_whose_contents_are_being_made_is_not_empty() -> None:
    """Right after an import there is nothing to read down; nobody is sent to install hooks for that."""
    page = drawn("root", pb.GetTocRootResponse(waiting=4716))

    assert page.startswith("4716 events are stored; the table of contents is being made.")
    assert "hooks install" not in page


def test_nothing_then_is_not_nothing_ever() -> None:
    """Asked of a time before the first year, the answer names that time and does not send anybody to install hooks."""
    page = drawn("root", pb.GetTocRootResponse(), "", "2026-01-31")

    assert "2026-01-31" in page
    assert "hooks install" not in page


def test_what_goes_on_is_told_as_such() -> None:
    """An open segment is still going on, a period that is not over lasts until now, others have an age."""
    assert "still going on" in drawn("node", segment(is_open=True))
    assert "until now" in drawn("node", segment(end_time_ms=NOW_MS + 1))
    assert "1 hour ago" in drawn("node", segment())
    assert "this year" in drawn("node", segment(level=pb.TOC_LEVEL_YEAR, end_time_ms=NOW_MS + 1))


def test_a_page_without_an_end_offers_the_next_one() -> None:
    """The command for the next page stands below the entries, and only when there is one."""
    more = "memory-daemon query browse 2026 --token abc"
    children = [segment()]

    assert more in drawn("browse", "2026", pb.BrowseTocResponse(children=children, has_more=True), more)
    assert more not in drawn("browse", "2026", pb.BrowseTocResponse(children=children), more)


def test_json_is_the_wire_with_every_field() -> None:
    """snake_case names, 64-bit numbers as strings, fields without a value included, every script readable."""
    text = reply_json(pb.GetEventsResponse(events=[pb.Event(event_id="e", text="日本語", timestamp_ms=5)]))

    assert '"timestamp_ms": "5"' in text
    assert '"has_more": false' in text
    assert '"session_id": ""' in text
    assert "日本語" in text


def test_a_list_shows_the_lines_that_say_most_and_where_an_entry_leads() -> None:
    """Two of five, in their order; the way down passes over what offers no choice."""
    weights = (0.1, 0.95, 0.2, 0.3, 0.92)
    week = pb.TocNode(
        node_id="toc:week:2026:W05",
        level=pb.TOC_LEVEL_WEEK,
        title="Week 5",
        bullets=[pb.TocBullet(text=f"line {place}", weight=weight) for place, weight in enumerate(weights)],
        leads_to=SEGMENT_ID,
    )

    page = drawn("browse", "toc:month:2026:01", pb.BrowseTocResponse(children=[week]), "", width=200)

    short = SEGMENT_ID.removeprefix("toc:segment:")
    assert [line.split("• ")[1] for line in page.splitlines() if "•" in line] == ["line 1", "line 4"]
    assert f"toc:week:2026:W05 → {short}" in page
    assert f"memory-daemon query node {short}" in page
