"""Where a value without quotes ends: what stands around it tells which signs belong to it."""

from __future__ import annotations

import re
from typing import Final

from agent_memory.redaction.patterns import lazily

# Looked at so far only: a text may be made of names and such signs.
_VALUE_MAX: Final = 256
_LINE_MAX: Final = 200
# Of a longer line nobody asks for more.
_PART_MAX: Final = 400
_TRAILING: Final = ",;.?:"
# A further name with a value, as queries, forms, connections' addresses and calls have it.
_NEXT: Final = r"(?:[A-Za-z_][\w.\[\]%-]{0,40}|(?<=;)\s?[A-Za-z][\w .-]{0,40})\s?="
_END: Final = lazily(
    rf"[\s\"'`\\|(){{}}\[\]\x1b]|[&;,](?={_NEXT})|,(?=[A-Za-z_][\w-]{{0,40}}:)"
    r"|&&(?=\s|\Z)|&(?=(?:amp|quot|apos|lt|gt|\#(?:3[49]|x2[27]));)|<(?=/|br\b|!)|>(?=<)",
    re.ASCII,
)
_END_OF_LINE: Final = lazily(r"[ \t]*(?:\r?\n|\r?\Z|[ \t]#)")
_BEFORE: Final = lazily(r"[ \t]*(?:[-+*][ \t]{1,4})?(?:(?:export|set)[ \t]{1,4})?")
# What programs have, and no password that stands alone: calls, operators, parts of names, the ends of blocks.
_EXPRESSION: Final = lazily(
    r"\w[(\[{][^()\[\]{}]*[)\]}](?![A-Za-z0-9])|[(\[{][^()\[\]{}]*\Z|\A[^(\[{]*[)\]}]|[(\[{]{2}|\|\||->|::|=>|=="
    r"|,,|<=|>=|\A[x*!]:\d|\A[\d,.;<>+-]+\Z|\A\w*<[\w\s,<>]*>\Z|\A[&*]?[A-Za-z_]+[,;<>&|]\Z|\\[nrtux\"']|\\\Z"
)
_MARK: Final = lazily(r"[&;,<>|(){}\[\]\\\"'`]")
_QUOTES: Final = "\"'`"
_WORD: Final = lazily(r"\S{1,256}")
_PHRASE: Final = lazily(r"[a-z]{3,12}(?: [a-z]{3,12}){2,5}(?=[ \t]*(?:\r?\n|\r?\Z))")


def end_of_value(text: str, start: int) -> int:
    """Where the word from `start` ends: at white space, a quote, a bracket, or before a further name and value."""
    found = _END.search(text, start, start + _VALUE_MAX)
    end = found.start() if found else min(len(text), start + _VALUE_MAX)
    return start + len(_trimmed(text[start:end]))


def end_of_setting(text: str, begin: int, start: int) -> int:
    """Where the value from `start` ends if its name, from `begin` on, and it are all of a line; else 0."""
    word = _WORD.match(text, start)
    if word is None or not _begins_line(text, begin) or not _END_OF_LINE.match(text, word.end()):
        return 0
    value = _trimmed(word[0])
    further = _END.search(text, start, start + len(value))
    while further and further[0] not in "&;,":
        further = _END.search(text, further.end(), start + len(value))
    if further or is_expression(value) or any(value.count(quote) > 1 for quote in _QUOTES):
        return 0
    return start + len(value.rstrip(_QUOTES))


def end_of_phrase(text: str, begin: int, start: int) -> int:
    """Where the words in lower case end that are, behind a name from `begin` on, all of a line; else 0."""
    phrase = _PHRASE.match(text, start)
    return phrase.end() if phrase and _begins_line(text, begin) else 0


def lines_of(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the line begins on which `start` is, and where the one ends on which `end` is; of long ones, a part."""
    least, most = max(0, start - _PART_MAX), min(len(text), end + _PART_MAX)
    line_start, line_end = text.rfind("\n", least, start), text.find("\n", end, most)
    return line_start + 1 if line_start >= 0 else least, line_end if line_end >= 0 else most


def is_expression(value: str) -> bool:
    """Whether the word is part of a program: a call, a type, a condition."""
    return _EXPRESSION.search(value) is not None


def has_mark(value: str) -> bool:
    """Whether a sign is in the value that may end one."""
    return _MARK.search(value) is not None


def _begins_line(text: str, begin: int) -> bool:
    """Whether nothing but what settings have before their names stands before it on its line."""
    line = text.rfind("\n", max(0, begin - _LINE_MAX), begin) + 1
    return _BEFORE.fullmatch(text, line, begin) is not None


def _trimmed(word: str) -> str:
    """The word without the signs at its end that belong to what stands around it."""
    return word.rstrip(_TRAILING if "<" in word else _TRAILING + ">")
