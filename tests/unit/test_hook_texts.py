"""Fitting texts into their room."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent_memory.capture.texts import fitted


def test_a_text_that_fits_is_left_alone() -> None:
    """To the very last byte."""
    assert fitted("ü" * 100, 200) == "ü" * 100


def test_a_long_text_keeps_head_and_tail_and_says_what_is_missing() -> None:
    """The note counts the bytes that were left out."""
    text = "first line\n" + "x" * 5000 + "\nlast line"

    short = fitted(text, 1000)

    assert short.startswith("first line\n")
    assert short.endswith("\nlast line")
    assert "[... 4085 bytes left out ...]" in short


def test_no_word_is_cut_in_two() -> None:
    """Of half a key nobody can tell that it is one, and so it would be kept."""
    text = "\n".join(f"word{number:020}" for number in range(500))

    short = fitted(text, 2000)

    words = set(text.split("\n"))
    assert {word for word in short.split("\n") if "left out" not in word and word} <= words


@given(st.text(max_size=400), st.integers(min_value=100, max_value=300))
def test_the_result_fits_and_is_valid_in_any_script(text: str, max_bytes: int) -> None:
    """No character is cut in two, and the limit holds with the note included."""
    assert len(fitted(text, max_bytes).encode()) <= max_bytes
