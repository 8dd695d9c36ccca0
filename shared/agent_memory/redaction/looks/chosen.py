"""What people make up for a password, and programs for people: no other word of a sentence looks so."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from agent_memory.redaction.looks.passwords import is_named_after
from agent_memory.redaction.looks.values import (
    has_random_part,
    is_constant,
    is_no_value,
    is_passphrase,
    is_path,
    is_stand_in,
    is_strong,
    is_wordy,
)
from agent_memory.redaction.patterns import lazily

# In groups, as services give them out for programs that have no second factor.
GROUPS: Final = r"(?:[a-z]{4}[ -]){3}[a-z]{4}(?![\w-])|(?:[A-Za-z0-9]{4}[ ]){3,5}[A-Za-z0-9]{4}(?![\w-])"
_PASSWORD_MIN: Final = 5
_LETTERS_MIN: Final = 10
_TURNS_MIN: Final = 3
_IN_GROUPS: Final = lazily(rf"(?:{GROUPS})\Z", re.ASCII)
_SPOKEN: Final = lazily(r"(?!.{0,2}[bcdfghjklmnpqrstvwxz]{3})[a-z]*[aeiouy][a-z]*\Z", re.IGNORECASE)
# What is in a value that a person made up, and what a number, a form or a version has, too.
_MIXED: Final = lazily(r"(?=[^\d\s]*\d)(?=[^A-Za-z]*[A-Za-z])[^\s/<>(){}\[\]]{6,128}\Z")
_MEASURE: Final = lazily(
    r"(?:v?\d[\d.,-]*[a-z]{0,12}|[a-z]{1,12}-?\d{1,4}(?:[-_/.]?[a-z]{0,8}\d{0,4}){0,2}|(?:chapter|version|release|node|python|java|line|step|"
    r"phase|level|day|week|rev|issue|ticket|section|part|page)s?-?\d+)\Z",
    re.IGNORECASE,
)
_VERSION: Final = lazily(
    r"[A-Za-z]{1,12}[-_]?v?\d{1,3}(?:\.\d+)+|(?:[a-z]{2}-)?(?:north|south|east|west|central)[a-z]*-?\d[a-z]?\Z|v?\d",
    re.IGNORECASE,
)
_CODE: Final = lazily(r"[;|(){}<>\"]")
_WORD_WITH_NUMBER: Final = lazily(r"[a-z]{5,}\d{2,6}[!?#$%]?\Z", re.IGNORECASE)
_OF_PROGRAMS: Final = lazily(
    r"(?:argon|bcrypt|scrypt|pbkdf|sha|aes|base|utf|oauth|http|ipv|windows|python|ubuntu|debian|postgres|postgresql|mysql|"
    r"version|chapter|section|release|line|page|step|level|phase|issue|ticket|test|param|arg|value|field|column|node|server|host|"
    r"web|worker|example|user|sprint|build|module|index|item|row)s?\d+\Z",
    re.IGNORECASE,
)


def is_chosen(value: str) -> bool:
    """Whether a word of a sentence, where a password may stand, is one."""
    if len(value) < _PASSWORD_MIN or is_stand_in(value) or is_no_value(value) or is_constant(value):
        return False
    if value[0] == "/" or _CODE.search(value) or len(set(value)) < _PASSWORD_MIN - 1:
        return False
    if _IN_GROUPS.match(value):
        return _is_no_sentence(re.split(r"[ -]", value))
    if is_passphrase(value) or is_strong(value):
        return True
    if _WORD_WITH_NUMBER.match(value):
        return not _OF_PROGRAMS.match(value) and not is_named_after(value)
    if is_path(value) or is_named_after(value) or _MEASURE.match(value):
        return False
    if _MIXED.match(value):
        return has_random_part(value) or not is_wordy(value)
    turns = sum(before.islower() and after.isupper() for before, after in pairwise(value))
    return value.isalnum() and len(value) >= _LETTERS_MIN and turns >= _TURNS_MIN and not is_wordy(value)


def is_measure(value: str) -> bool:
    """Whether the value is a number with its unit, a version, or a word of programs with a number."""
    return _OF_PROGRAMS.match(value) is not None or _VERSION.match(value) is not None


def _is_no_sentence(groups: list[str]) -> bool:
    """Whether of groups of letters hardly any can be spoken."""
    return sum(_SPOKEN.match(group) is not None for group in groups) <= len(groups) / 2
