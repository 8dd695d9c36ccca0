"""Secrets in lists: what stands below `passwords:` in YAML, in brackets behind `"tokens":`, and recovery codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent_memory.redaction.finders.shapes import Span
from agent_memory.redaction.linear import has
from agent_memory.redaction.looks.likeness import Likeness, likeness
from agent_memory.redaction.looks.values import VALUE_MIN, is_no_value, is_random, is_stand_in, is_wordy
from agent_memory.redaction.patterns import lazily
from agent_memory.redaction.words.names import kind_of

_ITEMS_MAX: Final = 200
_STEM: Final = r"(?:pass|pw|secret|token|key|credential|_pat)"
_LIST: Final = lazily(
    rf"(?P<name>\b[\w.-]{{0,48}}?{_STEM}[\w-]{{0,40}})\\{{0,3}}[\"']?\s{{0,4}}[:=]\s{{0,4}}"
    rf"(?:(?P<lines>(?:\s{{0,4}}\n[ \t]{{0,40}}-[ ]{{1,4}}[^\n]{{1,400}}){{1,{_ITEMS_MAX}}})|"
    rf"\[(?P<row>[^\[\]{{}}]{{1,16000}})\])",
    re.IGNORECASE | re.ASCII,
)
# A key in a list's item has its own name.
_ITEM: Final = lazily(r"\n[ \t]{0,40}-[ ]{1,4}(?P<quote>[\"']?)(?P<value>[^\s\"',]{4,400})(?P=quote)[ \t]*\r?(?=\n|\Z)")
_TEXT: Final = lazily(r"\\{0,3}(?P<quote>[\"'])(?P<value>[^\s\"'\\]{4,400})\\{0,3}(?P=quote)\s{0,24}(?=[,\]]|\Z)")
CODES: Final = (
    r"(?i:recovery\\?[\"']\s?:\s?\[|(?:recovery|backup|scratch|emergency|one-time|wiederherstellungs?|"
    r"sicherungs?)[ -]?(?:codes?|keys?)|"
    r"codes de secours|codes de r.{1,2}cup|"
    r"digos de (?:recup|respaldo)|codici di (?:recupero|backup))"
)
_CODES: Final = lazily(rf"(?:{CODES})(?P<lines>(?:[^\n]{{0,200}}\n?){{1,24}})")
_CODE: Final = lazily(
    r"(?<![\w-])(?=[a-z-]{0,12}\d|[A-Z-]{0,12}\d)(?:\d{6}(?:-\d{6}){7}|[a-z0-9]{4,12}(?:-[a-z0-9]{4,12}){1,4}|[A-Z0-9]{4,12}(?:-[A-Z0-9]{4,12}){1,4}|"
    r"[a-z0-9]{8,16}|[A-Z0-9]{8,16}|\d{4}[ ]\d{4})(?![\w-])",
    re.ASCII,
)
_CODES_MIN: Final = 3
# One of so many digits is enough, and hardly any word has so many.
_LONG_CODE: Final = 55
_DIGITS_MIN: Final = 3
# In what a generator made and in a passphrase there is one of these.
_MADE: Final = r"(?:\d|[a-z][A-Z]|[a-z]{3}[-_.][a-z]{3})"
LIST: Final = rf"(?i:{_STEM}[\w-]*)\\*[\"']?\s*[:=]\s*(?:- (?:[^\n]|\n[ \t]*-)*|\[[^\[\]{{}}]*){_MADE}"
_has_mark: Final = has(f"{LIST}|{CODES}")


def listed(text: str) -> Iterator[Span]:
    """The secrets in lists that a name says to be such, in order."""
    if _has_mark(text):
        yield from sorted({*_in_lists(text), *_codes(text)})


def _in_lists(text: str) -> Iterator[Span]:
    for found in _LIST.finditer(text):
        name = re.sub(r"s\Z", "", found["name"])
        kind = kind_of(name, is_variable=False)
        if kind:
            group, pattern = ("lines", _ITEM) if found["lines"] else ("row", _TEXT)
            for item in pattern.finditer(text, *found.span(group)):
                if _is_secret(item["value"], is_password=kind == "password"):
                    yield *item.span("value"), "secret" if kind == "made" else kind


def _codes(text: str) -> Iterator[Span]:
    for found in _CODES.finditer(text):
        codes = [each.span() for each in _CODE.finditer(text, *found.span("lines")) if _is_code(each[0])]
        if len(codes) >= _CODES_MIN or any(end - start >= _LONG_CODE for start, end in codes):
            yield from ((*span, "token") for span in codes)


def _is_code(value: str) -> bool:
    return sum(map(str.isdigit, value)) >= _DIGITS_MIN or not is_wordy(value)


def _is_secret(value: str, *, is_password: bool) -> bool:
    if is_stand_in(value) or is_no_value(value):
        return False
    if is_password:
        return likeness(value) >= Likeness.CHOSEN
    return not is_wordy(value) and is_random(value, least=VALUE_MIN)
