"""Graphemes: where a text may be cut without breaking what a reader takes for one character.

Most of Unicode's grapheme clusters (UAX #29), by what the tables of Python's own unicodedata tell.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

GRAPHEME_MAX: Final = 64  # code points; nobody writes a longer pile of marks as one character
_JOINER: Final = "\u200d"
_VIRAMA: Final = 9  # the combining class of the sign that joins two Indic consonants


def graphemes(text: str) -> Iterator[str]:
    """The text in its characters: a letter with its accents, an emoji with its joined parts, a flag."""
    start = 0
    for place in range(1, len(text)):
        if not is_joined(text, place):
            yield text[start:place]
            start = place
    if text:
        yield text[start:]


def boundary(text: str, position: int) -> int:
    """The last place at or before `position` where the text may be cut."""
    for place in range(position, max(-1, position - GRAPHEME_MAX), -1):
        if not is_joined(text, place):
            return place
    return position


def is_joined(text: str, place: int) -> bool:
    """Whether the code points before and after `place` belong to one character."""
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    if before < "\u0300" and after < "\u0300":
        return before == "\r" and after == "\n"
    if before == _JOINER or after == _JOINER or unicodedata.category(after) in ("Mn", "Mc", "Me"):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True  # skin tones; the letters of subdivision flags
    if unicodedata.combining(before) == _VIRAMA and after.isalpha():
        return True  # an Indic conjunct
    if "\u1160" <= after <= "\u11ff":
        return True  # a Hangul vowel or final on its consonant
    if _is_flag_half(before) and _is_flag_half(after):
        return _flag_halves_before(text, place) % 2 == 1
    return False


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_halves_before(text: str, place: int) -> int:
    start = place
    while start > max(0, place - 2 * GRAPHEME_MAX) and _is_flag_half(text[start - 1]):
        start -= 1
    return place - start
