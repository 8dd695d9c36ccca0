"""Questions: which words are looked for, what filters, and when."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.search import question, ranking, snippets
from agent_memory.search.question import Question, parse
from agent_memory.search.ranking import Candidate, Document, Statistics
from agent_memory.search.tokens import TokenCounter, tokens

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)  # a Saturday


def asked(text: str) -> Question:
    return parse(text, NOW)


@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_text_is_a_question(text: str) -> None:
    """No text is an error, and what is looked for are tokens that the text itself has."""
    found = asked(text)

    assert set(found.terms) <= set(tokens(text))
    assert not found.excluded & set(found.terms)


@given(
    st.lists(st.sampled_from(['"', "-", "agent:", ":", "last", "week", "AND", "NEAR(", "*", "\0", "東京", "C++", " "]))
)
def test_pieces_of_syntax_in_any_order_are_a_question(parts: list[str]) -> None:
    """Quotes that never close, dashes of nothing, fields without a value: words, if anything."""
    asked("".join(parts))


@given(
    st.lists(st.sampled_from(["getUserName", "studies", "user_name", " ", "-", "é", "python3", "The", "東京"])),
    st.text(),
)
def test_counting_some_tokens_is_counting_all_and_choosing(parts: list[str], text: str) -> None:
    """Whatever stands around them, and whatever was counted before."""
    text = "".join(parts) + text
    wanted = frozenset(["username", "study", "name", "python", "3", *tokens(text)[:3]])
    counter = TokenCounter(wanted)

    for _ in range(2):  # the second time from what it knows
        assert counter.counts(text) == Counter(token for token in tokens(text) if token in wanted)


@given(st.text(max_size=300), st.integers(20, 80))
def test_a_snippet_is_a_stretch_of_the_text(text: str, length: int) -> None:
    """Of about that length, with nothing in it that the text has not."""
    found = snippets.snippet(text, dict.fromkeys(tokens(text), 1.0), length)

    assert len(found) <= length + 2
    assert found.strip("…").strip() in " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "time_text", "terms"),
    [
        ("what did we decide yesterday about python 3.11", "yesterday", ("decide", "python", "3", "11")),
        ("the build of last-week.txt", "", ("build", "last", "week", "txt")),
        ("the deploy last week", "last week", ("deploy",)),
        ("was haben wir letzte Woche entschieden", "letzte Woche", ("entschieden",)),
        ("was haben wir letzte Woche gemacht", "letzte Woche", ()),
        ("was war im Januar", "im Januar", ()),
        ("was gab es im Januar", "im Januar", ()),
        ("was war letzte Woche mit der Suche", "letzte Woche", ("suche",)),
        ("wie wird invalidiert", "", ("invalidiert",)),
        ("an welchem Tag wird deployt", "", ("tag", "deployt")),
        ("wie oft werden unsere Backups gemacht", "", ("backup", "gemacht")),
        ("combien de fois sont faites les sauvegardes", "", ("foi", "fait", "sauvegard")),
        ("cuántas copias hay en el disco", "", ("copia", "disco")),
        ("quante copie ci sono nel disco", "", ("copie", "disco")),
        ("quantas cópias há no disco", "", ("copias", "disco")),
        ("what was going on in January", "in January", ()),
        ("Was ist seit gestern mit foo_bar?", "seit gestern", ("foo_bar", "foo", "bar")),
        ("qu'avons-nous fait la semaine dernière ?", "la semaine dernière", ()),
        ("qu'est-ce qu'on a décidé hier sur redis", "hier", ("decide", "redi")),
        ("¿En qué trabajamos ayer?", "ayer", ()),
        ("先週何をした", "先週", ()),
        ("昨日の会議で", "昨日の", ("会議", "議で")),
        ("3日前に何をしましたか？", "3日前に", ()),
        ("上周我们做了什么", "上周", ()),
        ("上个月 redis", "上个月", ("redi",)),
        ("what did we work on yesterday", "on yesterday", ()),
        ("the work contract last week", "last week", ("work", "contract")),
        ("日本の会社", "", ("日本", "本の", "の会", "会社")),
        ("wer ist hier", "", ("hier",)),
        ("the man who had the war plan", "", ("man", "war", "plan")),
        ("between Monday and Wednesday what broke", "between Monday and Wednesday", ("broke",)),
        ("the crash on May 3, 2023", "on May 3, 2023", ("crash",)),
        ("2026-W05 plan", "2026-W05", ("plan",)),
        ("may I use the second one", "", ("may", "use", "second", "one")),
        ("error 2004 in version 3.11", "", ("error", "2004", "version", "3", "11")),
        ("retry in two weeks", "", ("retry", "two", "week")),
        ("three days of work", "", ("three", "day", "work")),
    ],
)
def test_a_time_in_the_question_is_its_window(text: str, time_text: str, terms: tuple[str, ...]) -> None:
    """A time beyond doubt, of what was, is taken out of the words; anything else stays a word."""
    found = asked(text)

    assert found.time_text == time_text
    assert (found.window is not None) == bool(time_text)
    assert found.terms == terms


def test_what_is_typed_for_search_is_understood() -> None:
    """Quotes, words to leave out and fields, with quoted values."""
    found = asked('why "two workers" -redis agent:codex file:"src/a b.py" project:shop')

    assert found.terms == ("two", "worker")
    assert found.phrases == (("two", "worker"),)
    assert found.excluded == {"redi"}
    assert found.fields == {"agent": "codex", "file": "src/a b.py", "project": "shop"}


def test_what_only_looks_like_syntax_is_words() -> None:
    """Addresses, flags, C++ and quotes that don't close."""
    assert asked('http://foo.bar git push --force C++ a"b').terms == (
        "http",
        "foo",
        "bar",
        "git",
        "push",
        "force",
        "c",
        "b",
    )


@pytest.mark.parametrize(
    ("typed", "known", "meant"),
    [
        ("kuberntes", [("kubernetes", 3), ("kuber", 9)], "kubernetes"),
        ("postgers", [("postgres", 1)], "postgres"),
        ("tesst", [("test", 5), ("tests", 2)], "test"),
        ("abc", [("abd", 9)], ""),
        ("e501", [("e502", 9)], ""),
        ("walrus", [("zebra", 9)], ""),
    ],
)
def test_slips_of_the_finger_are_forgiven(typed: str, known: list[tuple[str, int]], meant: str) -> None:
    """One in a short word, two in a long one, none in what is no word."""
    assert question.alike(typed, known) == meant


def documents(*texts: str) -> list[Document]:
    return [Document.of(tokens(text), len(text)) for text in texts]


def test_an_event_with_rare_words_comes_before_one_with_common_ones() -> None:
    """And what stands beside it gets a share."""
    candidates = [
        Candidate(1.0, documents("we met", "the zebra crossed", "yes")),
        Candidate(1.0, documents("a plan", "the plan", "no")),
    ]

    first, second = ranking.rank(["zebra", "plan"], candidates, Statistics(100, {"zebra": 1, "plan": 60}))

    assert first.candidate == 0
    assert first.scores[1] > first.scores[0] > second.scores[2]


def test_what_the_person_said_who_is_asked_about_comes_before_what_is_said_to_them() -> None:
    """Both hold the name: one says it, the other is who speaks."""
    said = [("max: ann, do you paint lakes", "max"), ("ann: i paint lakes and hills on holidays", "ann")]
    candidate = Candidate(
        1.0, [Document(Counter(tokens(text)), len(text), speaker=frozenset({name})) for text, name in said]
    )

    (ranked,) = ranking.rank(["ann", "paint", "lake"], [candidate], Statistics(100, {"ann": 9, "paint": 9, "lake": 9}))

    assert ranked.scores[1] > ranked.scores[0]


def test_what_lies_in_the_window_comes_first() -> None:
    """Whatever stands elsewhere with the same words."""
    candidates = [
        Candidate(2.0, documents("the zebra, the zebra")),
        Candidate(1.0, documents("one zebra"), in_window=True),
    ]

    first, _ = ranking.rank(["zebra"], candidates, Statistics(100, {"zebra": 2}))

    assert first.candidate == 1
