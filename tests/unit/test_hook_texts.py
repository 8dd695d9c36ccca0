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


@given(st.text(max_size=400), st.integers(min_value=100, max_value=300))
def test_the_result_fits_and_is_valid_in_any_script(text: str, max_bytes: int) -> None:
    """No character is cut in two, and the limit holds with the note included."""
    assert len(fitted(text, max_bytes).encode()) <= max_bytes
