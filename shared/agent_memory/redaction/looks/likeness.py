"""How much a value looks like a secret by itself, whatever stands around it."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import Final

from agent_memory.redaction.looks.chosen import is_chosen
from agent_memory.redaction.looks.ends import is_expression
from agent_memory.redaction.looks.passwords import is_ordinary, is_plain_word
from agent_memory.redaction.looks.programs import is_capitalized, is_of_programs, is_product
from agent_memory.redaction.looks.spelling import surprise
from agent_memory.redaction.looks.values import is_constant, is_no_value, is_passphrase, is_path, is_stand_in
from agent_memory.redaction.patterns import lazily


class Likeness(IntEnum):
    """From what is a secret nowhere to what is one wherever a word for a secret is near."""

    NONE = 0
    WORD = 1  # any word: a person may have chosen it
    CHOSEN = 2  # what a person makes up for a password, or a number in hexadecimal
    MADE = 3  # what only a generator makes


_HEXADECIMAL: Final = lazily(r"[0-9a-f]{20,}\Z|[0-9A-F]{20,}\Z|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_DIGITS: Final = lazily(r"(?:0x)?[0-9a-fA-F.:,_/-]+\Z")
_ADDRESS: Final = lazily(
    r"[\w.+-]+@(?=[\w-]*[A-Za-z])[\w-]+(?:\.|\Z)|(?:ctrl|alt|shift|cmd|meta|super|option)[+-]|\w+://|(?:[\w-]+\.)+(?:com|org|net|io|dev|de|fr|es|it|br|pt|eu|co|app|ai|internal|local)\b|"
    r"[\w.+~-]+[-_.:/]v?\d+(?:\.\d+)+|\d+:\d"
)
_LENGTH_MIN: Final = 5
_DISTINCT_MIN: Final = 4
# Signs among the characters: more of them are in code.
_SIGNS_SHARE_MAX: Final = 0.4
# Bits a letter, as `surprise` counts them. Of names in programs, one in a hundred has more; of what a generator makes,
# one in a hundred has less. The shorter a value, the more chance is in its figure.
_MADE_BITS: Final = ((24, 5.4), (16, 5.7), (10, 6.2))
# What people put between words and numbers to please a form, and the word that they swap a letter of.
# A run is taken whole, because one that may be split anywhere is split in every way before it fails.
_JOINED: Final = lazily(r"[A-Za-z]++(?:[-_.!#$%&*+@]?(?:[A-Za-z]++|\d{1,6}+)){0,6}[!?#$%*]{0,2}\Z")
_PART: Final = lazily(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[!#$%&*+@?]")
_SWAPPED: Final = lazily(
    r"(?=(?:.*[A-Za-z]){5})(?:[A-Za-z]+[0134578@$]+[a-z][A-Za-z]+[\w.!?@#$%*-]*|[0134][a-z]{4,}\d{2,}[!?#$%*]?)\Z"
)
_STRONG: Final = lazily(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])(?=.*[!@#$%^&*?+~=])[!-~]{8,64}\Z")
_TAGGED: Final = lazily(r"[\w.-]+[#@]\w?[\d.]*\Z")
_SIGNED: Final = lazily(r"(?=.*\d)(?=(?:.*[A-Za-z]){4})(?=.*[!@#$%^&]|.*[*?].)[\w!@#$%^&*?.-]{7,64}\Z")
# What people write between other letters for a heart.
_HEART: Final = "<3"
# Numbers of tickets.
_TICKET: Final = lazily(
    r"(?:[A-Z][A-Z0-9]{1,9}|Story|Task|Bug|Epic|Issue|Ticket|Sprint|Room|Building|Level|Phase)[-_]\d{1,6}\Z"
)
# A name and a year.
_DATED: Final = lazily(r"[A-Z][a-z]{2,}[-_.](?:19|20)\d\d[-_.!]?[a-z]{2,12}\Z")
# Letters and numbers in groups, as they are printed on stickers.
_GROUPED: Final = lazily(
    r"(?=(?:.*\d){3})(?=(?:.*[a-z]){3})(?:[a-z0-9]{4}-){2,5}[a-z0-9]{4}\Z|(?=(?:.*\d){3})(?=(?:.*[A-Z]){3})(?:[A-Z0-9]{4,5}-){2,5}[A-Z0-9]{4,5}\Z"
)
_SWAPPED_NAME: Final = lazily(r"p(?:[@4]ssw[o0]|assw0)rd\d{2,6}[!?#$*]?\Z", re.IGNORECASE)
_NUMBERED_NAME: Final = lazily(r"(?:password|passwort|secret|admin|welcome|login)\d{3,6}[!?#$*]?\Z", re.IGNORECASE)
_SIMPLE: Final = lazily(r"(?P<word>[A-Za-z]{3,20})\d{0,6}[!?]?\Z")


@lru_cache(maxsize=4096)
def likeness(value: str) -> Likeness:
    """How much the value looks like a secret."""
    value = value.replace(_HEART, "e3")
    if len(value) < _LENGTH_MIN or len(set(value)) < _DISTINCT_MIN or is_stand_in(value) or is_constant(value):
        return Likeness.NONE
    if _HEXADECIMAL.match(value):
        return Likeness.CHOSEN
    if _DIGITS.match(value) or _ADDRESS.match(value) or _TICKET.match(value) or is_product(value) or _is_code(value):
        return Likeness.NONE
    if any(len(value) >= length and surprise(value) >= bits for length, bits in _MADE_BITS) and value.count("/") < 4:
        return Likeness.MADE
    if is_passphrase(value) or _is_swapped(value):
        return Likeness.CHOSEN
    if is_no_value(value) or is_path(value):
        return Likeness.NONE
    if is_chosen(value) or _is_joined(value) or _is_mixed(value) or _GROUPED.match(value):
        return Likeness.CHOSEN
    simple = _SIMPLE.match(value)
    is_word = (
        (simple is not None and _is_simple(value, simple["word"].lower()))
        or _NUMBERED_NAME.match(value) is not None
        or is_capitalized(value)
    )
    return Likeness.WORD if is_word else Likeness.NONE


def is_hexadecimal(value: str) -> bool:
    """Whether the value is a number in hexadecimal, as checksums, ids and some services' keys are."""
    return _HEXADECIMAL.match(value) is not None


def _is_joined(value: str) -> bool:
    """Whether the value is words with numbers or signs between, none of which is of programs."""
    if not _JOINED.match(value):
        return False
    parts = _PART.findall(value)
    words = [part for part in parts if part.isalpha()]
    others = sum(map(len, parts)) - sum(map(len, words))
    if others:
        others = len(value) - sum(map(len, words))
    if _DATED.match(value):
        return not is_ordinary(words[0].lower())
    return (
        others > 0
        and len(words) + others > 2
        and sum(map(len, words)) > 3
        and sum(len(word) < 3 for word in words) < len(words) - 1 + (len(words) == 1)
        and min(map(len, words)) > 1
        and not any(is_ordinary(word.lower()) for word in words)
        and not is_of_programs(value)
    )


def _is_mixed(value: str) -> bool:
    """Whether the value has all that a form asks for."""
    return not _TAGGED.match(value) and (
        _STRONG.match(value) is not None or (_SIGNED.match(value) is not None and not is_of_programs(value))
    )


def _is_swapped(value: str) -> bool:
    """Whether in a word of the value a number stands for a letter: `C0balt`."""
    return _SWAPPED_NAME.match(value) is not None or (
        _SWAPPED.match(value) is not None and (value[0].isdigit() or not is_of_programs(value))
    )


def _is_simple(value: str, word: str) -> bool:
    return not is_ordinary(word) and (
        is_plain_word(word) and value[1:].islower() if value.isalpha() else not is_of_programs(value)
    )


def _is_code(value: str) -> bool:
    return is_expression(value) or sum(not character.isalnum() for character in value) > _SIGNS_SHARE_MAX * len(value)
