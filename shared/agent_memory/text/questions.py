"""Questions: how a text ends that asks something."""

from __future__ import annotations

from typing import Final

# Latin, full-width and Arabic.
QUESTION_MARKS: Final = ("?", "？", "؟")


def asks(text: str) -> bool:
    """Whether the text ends with a question mark, whatever blanks follow it."""
    return text.rstrip().endswith(QUESTION_MARKS)
