"""Reading text of any script: sentences, terms, prose, cuts. And that nothing anybody can type breaks a summary."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_memory.model import Event, EventRole, EventType
from agent_memory.text.graphemes import boundary
from agent_memory.worker.summarizer.prose import paragraphs
from agent_memory.worker.summarizer.summary import BULLET_MAX, BULLETS_MAX, KEYWORD_MAX, KEYWORDS_MAX, TITLE_MAX
from agent_memory.worker.summarizer.text import brief, cut, sentences, shorten, terms
from agent_memory.worker.toc.grips import EXCERPT_MAX
from support.segments import grips_for, summarize

ANY_TEXT = st.text(st.characters(), max_size=400)  # lone surrogates and NULs included
# What breaks readers: marks, joiners, flags, markup, code, all kinds of ends and blanks.
AWKWARD = st.lists(
    st.sampled_from(
        [
            *("e\u0301", "👨‍👩‍👧", "🇩🇪", "👍🏽", "क्षि", "각", "日本", "ม", "\ud800", "\0"),
            *("```", "~~~\n", "<a ", "<system-reminder>", "**", "_", "[x](y)", "|", "{", "$ ls", "@@ ", "1. "),
            *("- ", "# ", ". ", "! ", "。", "؟ ", "\n", "\r\n", "\t", " ", "a.b.c", "e.g. ", "…", "Fix it"),
        ]
    ),
    max_size=60,
).map("".join)  # fmt: skip
EVENTS = st.lists(
    st.builds(
        Event,
        event_id=st.uuids().map(str),
        session_id=st.just("session"),
        timestamp_ms=st.integers(0, 10**12),
        event_type=st.sampled_from(EventType),
        role=st.sampled_from(EventRole),
        text=ANY_TEXT | AWKWARD,
        metadata=st.dictionaries(st.sampled_from(["tool_name", "tool_input", "success", "files"]), ANY_TEXT),
    ),
    min_size=1,
    max_size=12,
)


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


# --- sentences and words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One thing. Another thing!  A third?", ["One thing.", "Another thing!", "A third?"]),
        ("Use e.g. Redis, i.e. a cache. Done.", ["Use e.g. Redis, i.e. a cache.", "Done."]),
        ("See app.py and v1.2.3 of it.", ["See app.py and v1.2.3 of it."]),
        ("Am 3. Mai geht es los. Gut so.", ["Am 3. Mai geht es los.", "Gut so."]),
        ("原因はこれです。修正しました！", ["原因はこれです。", "修正しました！"]),
        ("هل تم ذلك؟ نعم، تم.", ["هل تم ذلك؟", "نعم، تم."]),
        ("Он сказал: «Да.» Потом ушёл.", ["Он сказал: «Да.»", "Потом ушёл."]),
        ("fix the tests  \n\n thanks", ["fix the tests", "thanks"]),
        ("", []),
        (" \n \t", []),
    ],
)
def test_sentences_end_where_readers_say(text: str, expected: list[str]) -> None:
    assert split(text) == expected


def test_words_that_differ_in_their_endings_meet() -> None:
    assert terms("fixed tests, deployed caches") == terms("Fixing the test and deploying a cache")


def test_identifiers_and_file_names_stay_whole() -> None:
    assert {"src/app.py", "max_age", "c++"} <= terms("In src/app.py max_age is C++")


def test_scripts_without_spaces_share_terms_where_they_share_words() -> None:
    assert terms("データベースの接続") & terms("接続プール")
    assert terms("修复登录问题") & terms("登录页面")
    assert not terms("修复登录问题") & terms("天气很好")


def test_a_vowel_sign_does_not_end_a_word() -> None:
    assert terms("हिन्दी") == {"हिन्दी"}


def test_a_brief_text_ends_with_a_sentence_where_enough_of_one_fits() -> None:
    text = "The cache is cleared when somebody edits a page. Nobody knows why it is not cleared when one is added."

    assert brief(text, 200) == text
    assert brief(text, 60) == "The cache is cleared when somebody edits a page."
    assert brief(text, 40) == shorten(text, 40)
    assert brief(f"Agreed, do that. {text}", 60) == "The cache is cleared when somebody edits a page."
    assert brief(f"Ann: Do that. {text}", 30) == "Ann: Do that."


# --- prose


@pytest.mark.parametrize(
    "noise",
    [
        "diff --git a/x b/x\nindex 1234567..89abcde 100644\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@",
        'Traceback (most recent call last):\n  File "x.py", line 3, in f\nValueError: no such thing',
        "-rw-r--r-- 1 dev dev 312 Jan 30 10:00 notes.md",
        '{"name": "x",\n"version": "1.0.0"}',
        "$ npm run build",
        "    if (a && b) { return c[0]; }",
        "2026-01-30T10:00:00Z GET /health 200",
        "src/components/App.tsx",
        "| a | b |\n|---|---|",
        "<task-notification>\n<summary>Agent finished the long job.</summary>\n</task-notification>",
        "let sum = 0\nfor (const item of items) {\n  sum += item.price * item.quantity\n}",
        "self.items = items\nreturn self.items",
        "SELECT o.id, c.name\nFROM orders o\nJOIN customers c ON c.id = o.customer_id\nORDER BY o.id",
        '  image: nginx\n  ports:\n    - "80:80"',
        "[Request interrupted by user]",
        "MIT License\n\nCopyright (c) 2024 Jane Doe\n\nPermission is hereby granted, free of charge, to any person.",
        "aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8=",
    ],
)
def test_what_machines_print_is_no_prose(noise: str) -> None:
    assert paragraphs(noise) == []
    assert paragraphs(f"Look at this:\n{noise}\n\nIt fails since Monday.") == [
        "Look at this:",
        "It fails since Monday.",
    ]


def test_fenced_code_goes_even_where_the_fence_never_closes() -> None:
    assert paragraphs("Run this:\n```sh\nrm -rf build\n```\nThen wait.") == ["Run this:", "Then wait."]
    assert paragraphs("Run this:\n```sh\nrm -rf build and more words") == ["Run this:"]


def test_the_marks_of_markdown_go_and_the_words_stay() -> None:
    text = "## Result\n\n1. **Fixed** the `parse_all` [bug](https://example.org/7) in *two* places, see `__init__.py`."

    assert paragraphs(text) == ["Result", "Fixed the parse_all bug in two places, see __init__.py."]


def test_wrapped_lines_are_one_paragraph_and_short_lines_are_not() -> None:
    wrapped = "The importer opens one transaction for every row that\nit reads, which is slow."

    assert paragraphs(wrapped) == [wrapped.replace("\n", " ")]
    assert paragraphs("fix the tests\nthen deploy") == ["fix the tests", "then deploy"]


# --- cuts


@pytest.mark.parametrize("character", ["e\u0301", "👨‍👩‍👧‍👦", "🇩🇪", "👍🏽", "각", "क्षि", "\r\n", "❤️", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"])
def test_no_cut_is_inside_a_character(character: str) -> None:
    text = character * 30

    assert all(boundary(text, place) % len(character) == 0 for place in range(len(text) + 1))


@given(ANY_TEXT | AWKWARD, st.integers(1, 60))
def test_a_shortened_text_is_short_and_a_beginning(text: str, limit: int) -> None:
    short = shorten(text, limit)

    assert len(short) <= limit
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))
    assert cut(text, limit) <= limit


@given(ANY_TEXT | AWKWARD)
def test_sentences_are_in_order_and_lose_nothing_but_blanks(text: str) -> None:
    spans = list(sentences(text))

    assert spans == sorted(spans)
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)
    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())


# --- whole summaries


@settings(max_examples=100)
@given(EVENTS, EVENTS)
def test_any_events_give_a_summary_within_its_bounds(events: list[Event], context: list[Event]) -> None:
    """Whatever is typed, a segment has a title, lines with proof, and text that can be stored and shown."""
    words = summarize(events, context)
    bullets, grips = grips_for("toc:segment:x", words, events)

    assert 1 <= len(words.title) <= TITLE_MAX
    assert 1 <= len(words.bullets) <= BULLETS_MAX
    assert all(line.text and len(line.text) <= BULLET_MAX and 0 <= line.weight <= 1 for line in words.bullets)
    assert len(words.keywords) <= KEYWORDS_MAX
    assert all(0 < len(word) <= KEYWORD_MAX for word in words.keywords)
    for text in (words.title, *words.keywords, *(line.text for line in words.bullets)):
        assert text.encode("utf-8")
        assert not any(unicodedata.category(character) == "Cc" for character in text)
    by_id = {grip.grip_id: grip for grip in grips}
    texts = {event.event_id: event.text for event in events}
    for bullet in bullets:
        assert 1 <= len(bullet.grip_ids) <= 3
        for name in bullet.grip_ids:
            assert by_id[name].excerpt in texts[by_id[name].event_id_start]
            assert len(by_id[name].excerpt) <= EXCERPT_MAX


@pytest.mark.parametrize(
    "unit",
    ["a", "ab ", "日", "e\u0301", "\u0301", ". ", "\n", "<a ", "<b>", "`", "```\n", "*", "**a", "[", "](", "_", "a.",
     "a/", "x" * 50 + " ", "{", "ก", "🇩🇪", " ", "- ", "import ", "<system-reminder>", "(", "1:", "\u200d", "Fix it. "],
)  # fmt: skip
def test_ten_megabytes_of_anything_cost_less_than_a_second(unit: str) -> None:
    """Only a message's head and end are read closely, and no pattern takes more than linear time."""
    text = unit * (10_000_000 // len(unit))
    event = Event("e", "s", 1, EventType.USER_MESSAGE, EventRole.USER, text)

    started = time.process_time()
    words = summarize([event], [event])
    grips_for("toc:segment:x", words, [event])

    assert time.process_time() - started < 1
