"""Secrets in tables: the cells below a column's name, in CSV, in what databases print, and in what they are told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from agent_memory.redaction.finders.shapes import Span
from agent_memory.redaction.linear import has
from agent_memory.redaction.looks.likeness import Likeness, likeness
from agent_memory.redaction.looks.values import VALUE_MIN, is_random, is_stand_in, is_wordy
from agent_memory.redaction.words.names import kind_of

_ROWS_MAX: Final = 500
_COLUMNS_MAX: Final = 60
_LINE_MAX: Final = 2000
_NAME: Final = r"(?i:pass|pw|secret|token|api_?key)"
# A line of nothing but names and what parts them; what a database is told to keep.
HEAD: Final = rf"(?m:^)[\w |;,\t\"`*-]*{_NAME}[\w |;,\t\"`*-]*\r?(?m:$)"
INSERT: Final = r"(?i:insert\s+into\s)"
_has_mark: Final = has(f"{HEAD}|{INSERT}")
_HEAD: Final = re.compile(
    rf"^(?=[^\n]{{0,{_LINE_MAX}}}[,;|\t])(?=[\w |;,\t\"`*-]{{0,{_LINE_MAX}}}{_NAME})[\w |"
    rf";,\t\"`*-]{{1,{_LINE_MAX}}}\r?$",
    re.MULTILINE | re.ASCII,
)
_PARTS: Final = ",;|\t"
_RULE: Final = re.compile(r"[-+|=: \t]+\Z")
_INSERT: Final = re.compile(
    rf"insert\s+into\s+[\w.\"`\[\]]{{1,128}}\s*\((?P<names>[^()]{{1,{_LINE_MAX}}})\)\s*values\s*(?P<rows>\([^;]{{1,16000}})",
    re.IGNORECASE,
)
_ROW: Final = re.compile(r"\((?P<cells>(?:[^()'\"]|'(?:[^'\n]|'')*'|\"[^\"\n]*\"|\([^()]{0,200}\)){1,4000}+)\)")
_CELL: Final = re.compile(r"\s*(?:[NE]?'(?P<text>(?:[^'\n]|'')*)'|(?P<other>[^,']*))\s*(?:,|\Z)")


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
        names = [name.strip(" \t\"'`*") for name in head[0].split(part)]
        kinds = {
            place: kind
            for place, name in enumerate(names)
            if re.fullmatch(r"[\w .-]{2,40}", name) and (kind := kind_of(name.replace(" ", "_"), is_variable=False))
        }
        if kinds and 2 <= len(names) <= _COLUMNS_MAX and all(len(name) <= 40 for name in names):
            for start, end in islice(_lines(text, head.end() + 1), _ROWS_MAX):
                row = text[start:end]
                if _RULE.match(row):
                    continue
                cells = row.split(part)
                if len(cells) != len(names):
                    break
                place = start
                for number, cell in enumerate(cells):
                    value = cell.strip(" \t\"'`*\r")
                    if number in kinds and _is_secret(value, kinds[number]):
                        begin = place + cell.index(value)
                        yield begin, begin + len(value), kinds[number]
                    place += len(cell) + 1
                done = end


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
                if number in kinds and cell["text"] and _is_secret(cell["text"], kinds[number]):
                    yield *cell.span("text"), kinds[number]
                place = cell.end()


def _is_secret(value: str, kind: str) -> bool:
    if is_stand_in(value) or " " in value:
        return False
    if kind == "password":
        return likeness(value) >= Likeness.CHOSEN
    return not is_wordy(value) and is_random(value, least=VALUE_MIN)
