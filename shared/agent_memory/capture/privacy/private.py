"""Private spans: text between `<private>` and `</private>` is taken out before anything else happens to it.

A span that is not closed reaches to the end of its text. Some programs escape brackets.
"""

from __future__ import annotations

import re
from typing import Final

from agent_memory.capture import PRIVATE_MARKS

MARKER: Final = "[private]"
_STEMS: Final = tuple(mark.decode() for mark in PRIVATE_MARKS)

_LEFT: Final = r"(?:<|&lt;|\\{1,4}u003[cC])"
_RIGHT: Final = r"(?:>|&gt;|\\{1,4}u003[eE])"
_NAME: Final = r"(?:[Pp]rivate|PRIVATE)"
_OPENING: Final = rf"{_LEFT}{_NAME}{_RIGHT}"
_CLOSING: Final = rf"{_LEFT}\\{{0,4}}/{_NAME}{_RIGHT}"
# Possessive all through: no character is looked at twice, however long the text is and however often it nearly closes.
_IN_TEXT: Final = re.compile(rf"{_OPENING}(?:[^<&\\]++|(?!{_CLOSING})[<&\\])*+(?:{_CLOSING})?")
# In JSON a text ends with a quotation mark that JSON's own punctuation follows; any other quotation mark does not end
# it, as in a payload that is not JSON.
_IN_JSON: Final = re.compile(
    rf"{_OPENING}(?:[^\"\\<&]++|(?!{_CLOSING})(?:\\.|[<&\\])|\"(?!\s*(?:[,}}\]:]|\Z)))*+(?:{_CLOSING})?".encode(),
    re.DOTALL,
)


def without(text: str) -> str:
    """The text without its private spans."""
    return _IN_TEXT.sub(MARKER, text) if any(stem in text for stem in _STEMS) else text


def without_in_json(payload: bytes) -> bytes:
    """The payload without the private spans of its texts. JSON stays JSON, with the same fields."""
    return _IN_JSON.sub(MARKER.encode(), payload)
