"""Near words: which English words mean nearly the same, so that "restart" also finds what says "relaunch".

A table that ships with the program, made by ops/make_near_words.py from a sentence model. It is asked while hits are
ranked; nothing that is stored depends on it. It knows words by their search tokens, and English ones only.

The file: a line of JSON that says what it was made from, the tokens in order, each on a line, and an empty line; then
for each token the numbers of its nearest (16 bits each, little-endian), and for each token how like they are (8 bits
each, 255 is the same).
"""

from __future__ import annotations

import json
import sys
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from agent_memory.search import tokens

FILE: Final = Path(__file__).with_suffix(".bin")
NEAR: Final = 8
_FORMAT: Final = 1
_SAME: Final = 255


class NearWords:
    """The table; half a megabyte, and as much again for its words."""

    def __init__(self, data: bytes) -> None:
        head, _, rest = data.partition(b"\n")
        # Which model it was made from, its digest, and the version of the tokens.
        self.made_from: dict[str, Any] = json.loads(head)
        words, _, numbers = rest.partition(b"\n\n")
        self._words = words.decode("ascii").split("\n")
        places = len(self._words) * NEAR
        self._near = array("H", numbers[: 2 * places])
        if sys.byteorder != "little":
            self._near.byteswap()
        self._likeness = numbers[2 * places :]

    def near(self, token: str) -> dict[str, float]:
        """The tokens that mean nearly the same, each with how nearly, below 1; none for a token it does not know."""
        place = bisect_left(self._words, token)
        if place == len(self._words) or self._words[place] != token:
            return {}
        of = range(place * NEAR, (place + 1) * NEAR)
        return {self._words[self._near[at]]: self._likeness[at] / _SAME for at in of}


@cache
def table() -> NearWords | None:
    """The table that ships, read when it is first asked for; None where it was made for other tokens."""
    found = NearWords(FILE.read_bytes())
    return found if found.made_from["tokens"] == tokens.VERSION else None


def packed(words: Sequence[str], nearest: Sequence[Sequence[tuple[int, float]]], model: str, digest: str) -> bytes:
    """The file for these words, in order, and the numbers and cosines of the nearest of each."""
    made_from = {"format": _FORMAT, "tokens": tokens.VERSION, "model": model, "weights_sha256": digest}
    numbers = array("H", (number for each in nearest for number, _ in each))
    if sys.byteorder != "little":
        numbers.byteswap()
    likeness = bytes(min(_SAME - 1, max(0, round(cosine * _SAME))) for each in nearest for _, cosine in each)
    lines = "\n".join([json.dumps(made_from, sort_keys=True), *words])
    return b"".join((lines.encode("ascii"), b"\n\n", numbers.tobytes(), likeness))
