"""Stored text on its way to a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from agent_memory.present.text import counted, printable
from agent_memory.present.width import cut, one_line


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_nothing_a_terminal_obeys_gets_through(text: str) -> None:
    """After `printable` no control character is left but the line end, and no change of the writing direction."""
    shown = printable(text)

    assert not [char for char in shown if unicodedata.category(char) == "Cc" and char != "\n"]
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x1b\x1b[0m[2J", "␛[2J"),
        ("a\tb\r\nc\rd", "a   b\nc␍d"),
        ("\x9b2J\x00\x7f", "\ufffd2J␀␡"),
        ("[bold]not markup[/bold] :smile:", "[bold]not markup[/bold] :smile:"),
    ],
)
def test_controls_become_pictures_and_colours_vanish(text: str, shown: str) -> None:
    """A reader sees that something was there, and the terminal does nothing."""
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("short", 5, "short"),
        ("a little longer", 9, "a little…"),
        ("日本語の検索", 7, "日本語…"),
        ("日本語の検索", 6, "日本…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
        ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 3, "👩‍👩‍👧‍👦…"),
        ("🇩🇪🇫🇷🇯🇵", 5, "🇩🇪🇫🇷…"),
        ("👍🏽👍🏽", 3, "👍🏽…"),
        ("x", 1, "x"),
        ("xy", 1, "…"),
        ("", 3, ""),
    ],
)
def test_text_is_cut_between_what_a_reader_takes_for_characters(text: str, width: int, shown: str) -> None:
    """Accents, joined emoji, skin tones and flags stay whole, and wide characters count as two."""
    assert cut(text, width) == shown


@given(st.text(), st.integers(min_value=1, max_value=40))
def test_a_cut_is_a_beginning_and_fits(text: str, width: int) -> None:
    """What is shown is the text itself or a beginning of it and an ellipsis, never more than was asked for."""
    shown = cut(text, width)

    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))
    assert cell_len(shown) <= width
    assert sum(not unicodedata.category(char).startswith(("M", "C")) for char in shown) <= 2 * width


def test_a_huge_text_is_one_short_line_at_once() -> None:
    """Ten megabytes cost what their beginning costs."""
    shown = one_line("word \n" * 2_000_000, 20)

    assert shown == "word word word word…"


def test_one_of_a_kind_is_not_many() -> None:
    assert [counted(number, "event") for number in (0, 1, 2)] == ["0 events", "1 event", "2 events"]
