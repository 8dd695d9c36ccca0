"""What a map says of a session: when it was, and what was left open."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from agent_memory.model import Event, EventRole, EventType
from agent_memory.query.views.session_lines import OPEN_MAX, left_open, span_in_words

BERLIN = ZoneInfo("Europe/Berlin")
USER = (EventType.USER_MESSAGE, EventRole.USER)
ASSISTANT = (EventType.ASSISTANT_STOP, EventRole.ASSISTANT)
TOOL = (EventType.TOOL_RESULT, EventRole.TOOL)
END = (EventType.SESSION_END, EventRole.SYSTEM)


def event(kind: tuple[EventType, EventRole], text: str, **metadata: str) -> Event:
    return Event("e", "s", 1, kind[0], kind[1], text, metadata)


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([], ""),
        ([event(USER, "Fix it."), event(ASSISTANT, "Fixed. All 3 tests pass.")], ""),
        ([event(ASSISTANT, "Both work.\nShall I use the first?"), event(END, "")], "asks: Shall I use the first?"),
        ([event(ASSISTANT, "Fixed."), event(USER, "And the header?\nIt jumps.")], "no answer to: And the header?"),
        (
            [event(TOOL, "Bash: npm test\n1 failed", success="false"), event(ASSISTANT, "One test fails.")],
            "failed: Bash: npm test",
        ),
        ([event(TOOL, "Bash: npm test", success="false"), event(TOOL, "Bash: npm test", success="true")], ""),
        (
            [event(USER, "Deploy it."), event(USER, "[Request interrupted by user]")],
            "interrupted; no answer to: Deploy it.",
        ),
    ],
)
def test_what_is_open_is_said(events: list[Event], said: str) -> None:
    """Questions, messages without an answer, interruptions and tools that failed last; nothing of what is done."""
    assert left_open(events[::-1]) == said


def test_what_is_open_is_short() -> None:
    asked = left_open([event(ASSISTANT, "It is a long story. " * 30 + "Shall I go on?")])
    unanswered = left_open([event(USER, "word " * 200)])

    assert asked == "asks: Shall I go on?"
    assert len(unanswered) <= len("no answer to: ") + OPEN_MAX


def test_a_time_is_a_weekday_a_day_and_a_clock() -> None:
    start, later = (int(datetime(2026, 11, 20, 16, minute, tzinfo=BERLIN).timestamp()) * 1000 for minute in (5, 40))

    assert span_in_words(start, later, BERLIN) == "Fri 20 Nov 16:05-16:40"
    assert span_in_words(start, start, BERLIN) == "Fri 20 Nov 16:05"
