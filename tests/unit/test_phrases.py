"""Times in words: a table of phrases with the spans they mean, seen from a fixed moment in Berlin."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.errors import UsageError
from agent_memory.phrases.languages import LANGUAGES
from agent_memory.phrases.spans import parse

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 18, 15, 30, tzinfo=BERLIN)
TABLES = sorted((Path(__file__).parents[1] / "data" / "when").glob("*.tsv"))
NOT_UNDERSTOOD = "?"


def rows(table: Path) -> Iterator[tuple[datetime, str, str]]:
    """The table's lines: when it is asked (from the line above that begins with @), the phrase, what it means."""
    now = NOW
    for row in table.read_text(encoding="utf-8").splitlines():
        phrase, meaning = row.split("\t")
        if phrase == "@":
            now = datetime.fromisoformat(meaning).replace(tzinfo=BERLIN)
        else:
            yield now, phrase, meaning


def meaning_of(phrase: str, now: datetime) -> str:
    try:
        return " | ".join(span.text for span in parse(phrase, now))
    except UsageError:
        return NOT_UNDERSTOOD


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_each_phrase_means_what_the_table_says(table: Path) -> None:
    """The likeliest span first; a phrase that nobody can be sure of has all of its meanings; nonsense has none."""
    wrong = [
        f"{phrase!r} at {now:%Y-%m-%d %H:%M}: {found}, not {meaning}"
        for now, phrase, meaning in rows(table)
        if (found := meaning_of(phrase, now)) != meaning
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("now", "phrase", "hours"),
    [
        (datetime(2026, 3, 29, 12), "today", 23),
        (datetime(2026, 10, 25, 12), "today", 25),
        (datetime(2026, 3, 30, 12), "last night", 10),
        (datetime(2026, 3, 29, 12), "last night", 9),
        (datetime(2026, 10, 25, 12), "last night", 11),
        (datetime(2026, 10, 25, 12), "today at 02:30", 2),
        (datetime(2026, 3, 29, 12), "today at 02:30", 1),
        (datetime(2026, 10, 25, 12), "last 12 hours", 12),
        (datetime(2026, 3, 30, 12), "last week", 7 * 24 - 1),
    ],
)
def test_spans_are_as_long_as_they_were_where_the_clocks_change(now: datetime, phrase: str, hours: int) -> None:
    """Days and parts of days go by the clock on the wall; "the last 12 hours" are twelve hours."""
    (span,) = parse(phrase, now.replace(tzinfo=BERLIN))

    assert span.end_ms - span.start_ms == hours * 3_600_000


def test_a_languages_word_is_understood_in_that_language_only() -> None:
    """Who says which language it is gets no other language's meaning; an unknown code is told."""
    assert parse("morgen", NOW, ["de"])

    with pytest.raises(UsageError, match="'morgen' is not a time"):
        parse("morgen", NOW, ["fr", "es"])
    with pytest.raises(UsageError, match="no language xx; there are en, de"):
        parse("today", NOW, ["xx"])


def test_a_language_decides_what_comes_first_in_a_date() -> None:
    """5/6/2026 is in June, for everybody who does not speak English."""
    assert [span.text for span in parse("5/6/2026", NOW, ["de"])] == ["Fri 5 Jun 2026"]
    assert [span.text for span in parse("5/6/2026", NOW)] == ["Wed 6 May 2026", "Fri 5 Jun 2026"]


WORDS = [
    "last",
    "of",
    "the",
    "12",
    "May",
    "Monday",
    "to",
    "week",
    "fortnight",
    "ago",
    "since",
    "3",
    "2026",
    "12th",
    "-",
    "15:00",
]


@given(st.text(max_size=60) | st.lists(st.sampled_from(WORDS), max_size=8))
def test_any_text_is_a_span_or_refused(words: str | list[str]) -> None:
    """No text ends in anything but spans that begin before they end, or a UsageError."""
    phrase = words if isinstance(words, str) else " ".join(words)
    with contextlib.suppress(UsageError):
        spans = parse(phrase, NOW)
        assert spans
        assert all(0 <= span.start_ms < span.end_ms and span.text for span in spans)


def test_there_are_tables_for_all_languages() -> None:
    """Eight languages, each with its phrases."""
    assert len(LANGUAGES) == 8
    assert {"english", "german", "french", "spanish", "italian", "portuguese"} < {table.stem for table in TABLES}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("phrase", ["12" + "-12" * 39, "2026-01-30" + "26-01-30" * 20, "1-" * 60])
def test_a_phrase_of_nothing_but_ranges_is_given_up(phrase: str) -> None:
    """Each of their sides may be a range again: looked at to the end, forty of them take longer than anybody lives."""
    with pytest.raises(UsageError):
        parse(phrase, NOW)
