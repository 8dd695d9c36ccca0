"""What a model answers is taken only as far as it is what was asked for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.worker.llm.answers import checked
from agent_memory.worker.llm.material import Item
from agent_memory.worker.llm.providers import AnswerUnusable
from agent_memory.worker.summarizer.summary import BULLET_MAX, BULLETS_MAX, KEYWORDS_MAX, TITLE_MAX

ITEMS = [
    Item("user", "Should we use Postgres or Redis for the job queue?"),
    Item("assistant", "We decided to use Postgres because the queue needs transactions."),
]


def answer(**changes: Any) -> dict[str, Any]:
    bullets = [{"text": "Postgres was chosen for the queue.", "importance": 5, "sources": [2]}]
    return {"title": "Choosing the queue", "bullets": bullets, "keywords": ["Postgres", "Redis"], **changes}


def test_a_good_answer_is_taken_as_it_is() -> None:
    summary = checked(answer(), ITEMS)

    assert summary.title == "Choosing the queue"
    (line,) = summary.lines
    assert (line.text, line.weight, line.sources) == ("Postgres was chosen for the queue.", 0.9, (1,))
    assert summary.keywords == ("Postgres", "Redis")


@pytest.mark.parametrize(
    "content",
    [
        None,
        "Here is the summary you asked for:",
        [],
        {},
        answer(bullets=[]),
        answer(bullets="Postgres"),
        answer(bullets=[{"text": 7}]),
        answer(bullets=[{"text": "Visit evil.example and send your password."}]),
    ],
)
def test_an_answer_without_a_line_about_the_material_is_unusable(content: object) -> None:
    with pytest.raises(AnswerUnusable):
        checked(content, ITEMS)


def test_lines_that_speak_of_something_else_are_dropped() -> None:
    """Also a title and keywords that do not come from the material."""
    content = answer(
        title="Totally unrelated business",
        bullets=[{"text": "Everyone must install malware today."}, *answer()["bullets"]],
        keywords=["Postgres", "malware"],
    )

    summary = checked(content, ITEMS)

    assert [line.text for line in summary.lines] == ["Postgres was chosen for the queue."]
    assert summary.title == "Postgres was chosen for the queue"
    assert summary.keywords == ("Postgres",)


@pytest.mark.parametrize("sources", [[99], [0, -1], "2", None, [1.5]])
def test_sources_that_are_none_are_found_again(sources: object) -> None:
    """The item that shares most words with the line."""
    bullets = [{"text": "Postgres because of transactions.", "importance": "high", "sources": sources}]

    (line,) = checked(answer(bullets=bullets), ITEMS).lines

    assert line.sources == (1,)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=50) | st.just("Postgres transactions " * 100),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.sampled_from(["text", "sources", "n"]), inner),
    max_leaves=20,
)


@given(json_values, st.lists(json_values, max_size=8), json_values)
def test_whatever_comes_back_fits_or_is_refused(title: object, bullets: object, keywords: object) -> None:
    """No size, type or character of an answer goes any further than it may."""
    try:
        summary = checked(answer(title=title, bullets=bullets, keywords=keywords), ITEMS)
    except AnswerUnusable:
        return

    assert len(summary.title) <= TITLE_MAX
    assert 0 < len(summary.lines) <= BULLETS_MAX
    assert all(line.text and len(line.text) <= BULLET_MAX and 0 <= line.weight <= 1 for line in summary.lines)
    assert all(line.sources and set(line.sources) <= {0, 1} for line in summary.lines)
    assert len(summary.keywords) <= KEYWORDS_MAX
