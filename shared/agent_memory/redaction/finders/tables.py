"""Secrets in tables: the cells below a column's name, in CSV, in what databases print, and in what they are told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from agent_memory.redaction.finders.shapes import Span
from agent_memory.redaction.linear import has
from agent_memory.redaction.looks.likeness import Likeness, likeness
from agent_memory.redaction.looks.values import VALUE_MIN, is_random, is_stand_in, is_strong, is_wordy
from agent_memory.redaction.patterns import lazily
from agent_memory.redaction.words.names import kind_of
from agent_memory.redaction.words.secret_words import SURELY_FOR_PASSWORD, WORDS_IN_OTHER_LETTERS

# In a cell for a password these need not look like one.
_MIXED: Final = lazily(r"(?=.*\d)(?=.*[A-Za-z])[!-~]{6,64}\Z")
_ROWS_MAX: Final = 500
_COLUMNS_MAX: Final = 60
_LINE_MAX: Final = 2000
_NAME: Final = r"(?i:pass|pw|secret|token|api_?key)"
# A line of nothing but names and what parts them; what a database is told to keep.
HEAD: Final = rf"(?m:^)[\w |;,\t\"`*-]*{_NAME}[\w |;,\t\"`*-]*\r?(?m:$)"
INSERT: Final = r"(?i:insert\s+into\s)"
# The same in all languages; to the prefilter the words for a password are enough. One class, because two that share a
# letter double Python's ways to fail with each letter. Its last range stands as characters: RE2 escapes them otherwise.
_LETTER: Final = '[\\w |;,\\t"`*/().\x80-\U0010ffff-]'
_FOREIGN: Final = f"{_NAME}|(?i:{SURELY_FOR_PASSWORD})"
_has_mark: Final = has(rf"(?m:^){_LETTER}*(?:{_FOREIGN}){_LETTER}*\r?(?m:$)|{INSERT}")
_HEAD: Final = lazily(
    rf"^(?=[^\n]{{0,{_LINE_MAX}}}(?:[,;|\t]|"
    rf"[ ]{{2}}))(?=[^\n]{{0,{_LINE_MAX}}}?(?:{_FOREIGN})){_LETTER}{{1,{_LINE_MAX}}}\r?$",
    re.MULTILINE,
)
_PASSWORD: Final = lazily(WORDS_IN_OTHER_LETTERS)
_PARTS: Final = ",;|\t"
# A table without lines.
_BLANKS: Final = "  "
_CELLS: Final = lazily(r"(?<=\S)[ ]{2}")
_RULE: Final = lazily(r"[-+|=: \t]+\Z")
_INSERT: Final = lazily(
    rf"insert\s+into\s+[\w.\"`\[\]]{{1,128}}\s*\((?P<names>[^()]{{1,{_LINE_MAX}}})\)\s*values\s*(?P<rows>\([^;]{{1,16000}})",
    re.IGNORECASE,
)
_ROW: Final = lazily(r"\((?P<cells>(?:[^()'\"]|'(?:[^'\n]|'')*'|\"[^\"\n]*\"|\([^()]{0,200}\)){1,4000}+)\)")
_CELL: Final = lazily(r"\s*(?:[NE]?'(?P<text>(?:[^'\n]|'')*)'|(?P<other>[^,']*))\s*(?:,|\Z)")


def tabled(text: str) -> Iterator[Span]:
    """The secrets in the cells of tables, in order."""
    if _has_mark(text):
        yield from sorted({*_in_rows(text), *_in_inserts(text)})


def _in_rows(text: str) -> Iterator[Span]:
    done = 0
    for head in _HEAD.finditer(text):
        if head.start() < done:
            continue
        part = max(_PARTS, key=head[0].count)
        part = part if part in head[0] else _BLANKS
        names = [name.strip(" \t\"'`*") for name in _cells(head[0], part)]
        kinds = {
            place: kind
            for place, name in enumerate(names)
            if re.fullmatch(r"[\w ./()-]{2,40}", name) and (kind := _kind_of(name))
        }
        if (
            kinds
            and 2 <= sum(map(bool, names)) <= len(names) <= _COLUMNS_MAX
            and all(len(name) <= 40 for name in names)
        ):
            for start, end in islice(_lines(text, head.end() + 1), _ROWS_MAX):
                row = text[start:end]
                if _RULE.match(row):
                    continue
                cells = _cells(row, part)
                if len(cells) != len(names):
                    break
                place = start
                for number, cell in enumerate(cells):
                    value = cell.strip(" \t\"'`*\r")
                    if number in kinds and _is_secret(value, kinds[number], is_parted=part != _BLANKS):
                        begin = place + cell.index(value)
                        yield begin, begin + len(value), kinds[number]
                    place += len(cell) + len(part)
                done = end


def _cells(row: str, part: str) -> list[str]:
    """The cells of a row; those that only blanks part keep further blanks, so that places stay known."""
    if part != _BLANKS:
        return row.split(part)
    return _CELLS.split(row)


def _kind_of(name: str) -> str:
    """The kind of secret that is in the column of that name; empty if none is."""
    return kind_of(name.replace(" ", "_"), is_variable=False) or ("password" if _PASSWORD.match(name) else "")


def _lines(text: str, start: int) -> Iterator[tuple[int, int]]:
    while start < len(text):
        end = text.find("\n", start, start + _LINE_MAX)
        if end < 0:
            if len(text) - start < _LINE_MAX:
                yield start, len(text)
            return
        yield start, end
        start = end + 1


def _in_inserts(text: str) -> Iterator[Span]:
    for found in _INSERT.finditer(text):
        names = [name.strip(' \t\n"`[]') for name in found["names"].split(",")]
        kinds = {place: kind for place, name in enumerate(names) if name and (kind := kind_of(name, is_variable=False))}
        for row in _ROW.finditer(text, *found.span("rows")) if kinds else ():
            place = row.start("cells")
            for number in range(len(names)):
                cell = _CELL.match(text, place, row.end("cells"))
                if cell is None:
                    break
                if number in kinds and cell["text"] and _is_secret(cell["text"], kinds[number], is_parted=True):
                    yield *cell.span("text"), kinds[number]
                place = cell.end()


def _is_secret(value: str, kind: str, *, is_parted: bool) -> bool:
    if is_stand_in(value) or " " in value:
        return False
    if kind == "password":
        return (
            likeness(value) >= (Likeness.WORD if is_parted else Likeness.CHOSEN)
            or is_strong(value)
            or _MIXED.match(value) is not None
        )
    return not is_wordy(value) and is_random(value, least=VALUE_MIN)
