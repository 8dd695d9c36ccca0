"""How surprising the letters of a word are: those that people put together follow one another in few ways.

A generator takes each letter with the same chance, so what it makes costs about eight bits a letter by the statistics
of words and names in programs; these cost four. `ops/make_spelling.py` counts them.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from agent_memory.redaction.patterns import lazily

# As names in programs are divided; each part begins and ends as a word does.
_PIECE: Final = lazily(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^A-Za-z0-9]+", re.ASCII)
_LETTERS: Final = "_abcdefghijklmnopqrstuvwxyz"
# A number says little, but that it stands there does.
_NUMBER_BITS: Final = 2.0
_DIGIT_BITS: Final = 1.5
# Whatever comes behind these says nothing at all.
_DIGITS_MAX: Final = 2
_SIGN_BITS: Final = 1.0
_SIGN_LETTERS: Final = 0.5
_LOOKED_AT: Final = 64


@lru_cache(maxsize=4096)
def surprise(value: str) -> float:
    """Bits a letter that the value's beginning costs by the statistics of words; 0 where it has no letters."""
    bits = length = 0.0
    costs = _bits()
    for piece in _PIECE.findall(value[:_LOOKED_AT]):
        if piece[0].isdigit():
            digits = min(len(piece), _DIGITS_MAX)
            bits += _NUMBER_BITS + _DIGIT_BITS * digits
            length += digits
        elif piece[0].isalpha() and piece.isascii():
            word = f"__{piece.lower()}_"
            bits += sum([costs[word[place : place + 3]] for place in range(len(piece) + 1)])
            length += len(piece)
        else:
            bits += _SIGN_BITS
            length += _SIGN_LETTERS
    return bits / length if length else 0.0


@cache
def _bits() -> dict[str, float]:
    """Bits that a letter costs behind two others; `_` stands for a word's begin and end."""
    rows = files("agent_memory.redaction.looks").joinpath("spelling.txt").read_text("ascii").split()
    return {
        first + second + third: int(row[27 * _LETTERS.index(second) + _LETTERS.index(third)], 36) / 2
        for first, row in zip(_LETTERS, rows, strict=True)
        for second in _LETTERS
        for third in _LETTERS
    }
