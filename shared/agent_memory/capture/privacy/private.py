"""Private spans: text between `<private>` and `</private>` is taken out before anything else happens to it.

A span may hold others, and ends with its own end. One that is not closed reaches to the end of its text, or, in a
payload, to its end in one of the texts that follow. Some programs escape brackets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, Final

from agent_memory.capture import PRIVATE_MARKS

MARKER: Final = "[private]"
_MARKS: Final = tuple(mark.decode() for mark in PRIVATE_MARKS)

_LEFT: Final = (
    r"(?:<|\uff1c|&(?:amp;){0,3}(?:lt|#0{0,4}60|#[xX]0{0,4}3[cC]);|"
    r"\\{1,8}(?:u003|x3)[cC]|\\{1,8}u[fF][fF]1[cC]|%(?:25)?3[cC])"
)
_RIGHT: Final = (
    r"(?:>|\uff1e|&(?:amp;){0,3}(?:gt|#0{0,4}62|#[xX]0{0,4}3[eE]);|"
    r"\\{1,8}(?:u003|x3)[eE]|\\{1,8}u[fF][fF]1[eE]|%(?:25)?3[eE])"
)
_BLANK: Final = r"(?:\s|\\{1,8}[nrt]|\u00a0|&nbsp;)"
_ATTRIBUTE: Final = (
    rf"{_BLANK}{{1,8}}[\w:-]{{1,40}}\s?=\s?"
    r"(?:\\{0,8}\"[^\"<>]{0,200}\"|'[^'<>]{0,200}'|&quot;[^<>&]{0,200}&quot;|[^\s\"'<>&=\\]{1,200})"
)
# `<private key>` stands for a key; only what has the form of an attribute may follow the name.
_MARK: Final = re.compile(
    rf"{_LEFT}(?P<closes>[ ]?\\{{0,8}}/)?[ ]?private(?:{_ATTRIBUTE}){{0,8}}{_BLANK}{{0,8}}{_RIGHT}", re.IGNORECASE
)
# Fields whose values tell what a payload is, whatever stands around them.
_STRUCTURE: Final = re.compile(
    r"(?:type|role|name|cwd|model|version|timestamp|source|reason|status|hook_?event_?name|\w*(?:path|folder|file)|\w*_?ids?|\w*I[dD]s?|uuid|\w*Uuid)\Z"
)
# So many texts behind one that was not closed are looked at for its end.
_TEXTS_MAX: Final = 10_000


def without(text: str) -> str:
    """The text without its private spans."""
    if not _may_be_marked(text):
        return text
    return _cut(text, _spans(text, 0)[0])


def without_in_json(payload: bytes) -> bytes:
    """The payload without the private spans of its texts. JSON stays JSON, with the same fields."""
    text = payload.decode("utf-8", "surrogateescape")
    if not _may_be_marked(text):
        return payload
    try:
        value = json.loads(payload.decode())
        texts = list(_texts(value, ""))
        return json.dumps(_replaced(value, iter(_without_in_all(texts)))).encode()
    except (ValueError, RecursionError):
        # No JSON, or only its beginning.
        return without(text).encode("utf-8", "surrogateescape")


def _may_be_marked(text: str) -> bool:
    lowered = text.lower()
    return any(mark in lowered for mark in _MARKS)


def _spans(text: str, depth: int) -> tuple[list[tuple[int, int]], int]:
    """Where the private spans of a text stand that begins so deep in them, and how deep it ends."""
    spans: list[tuple[int, int]] = []
    start = 0
    for mark in _MARK.finditer(text):
        if not mark["closes"]:
            start = start if depth else mark.start()
            depth += 1
        elif depth:
            depth -= 1
            if not depth:
                spans.append((start, mark.end()))
    if depth:
        spans.append((start, len(text)))
    return spans, depth


def _cut(text: str, spans: Sequence[tuple[int, int]]) -> str:
    parts: list[str] = []
    place = 0
    for start, end in spans:
        parts += [text[place:start], MARKER]
        place = end
    return "".join([*parts, text[place:]])


def _without_in_all(texts: Sequence[tuple[str, str]]) -> list[str]:
    """Texts of one payload, each with the name of its field, without their private spans."""
    found = [text for _, text in texts]
    changes = [_change(text) for text in found]
    # How many marks close in the texts from one on: where there are none, nothing need be looked for.
    closing = list(accumulate(reversed([closes for _, closes in changes])))[::-1]
    depth = 0
    for place, (name, text) in enumerate(texts):
        spans, after = _spans(text, depth)
        if depth and after and spans == [(0, len(text))] and (not text or _STRUCTURE.match(name)):
            spans = []  # it only stands between two texts of the span
        if spans:
            found[place] = _cut(text, spans)
        depth = after if after and _is_closed(changes, closing, place + 1, after) else 0
    return found


def _change(text: str) -> tuple[list[int], int]:
    """What each mark of a text does to the depth, and how many of them close."""
    if "private" not in text.lower():
        return [], 0
    steps = [-1 if mark["closes"] else 1 for mark in _MARK.finditer(text)]
    return steps, steps.count(-1)


def _is_closed(changes: Sequence[tuple[list[int], int]], closing: Sequence[int], place: int, depth: int) -> bool:
    """Whether what is open before the text at `place` is closed in it or in one that follows."""
    if place >= len(closing) or closing[place] < depth:
        return False
    for steps, _ in changes[place : place + _TEXTS_MAX]:
        for step in steps:
            depth += step
            if not depth:
                return True
    return False


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """The texts of a JSON value in their order, each with the name of its field."""
    match value:
        case str():
            yield name, value
        case list():
            for item in value:
                yield from _texts(item, name)
        case dict():
            for field, item in value.items():
                yield from _texts(item, field)


def _replaced(value: Any, texts: Iterator[str]) -> Any:
    """The value with these texts in place of its own, in their order."""
    match value:
        case str():
            return next(texts)
        case list():
            return [_replaced(item, texts) for item in value]
        case dict():
            return {field: _replaced(item, texts) for field, item in value.items()}
        case _:
            return value
