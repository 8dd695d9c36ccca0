"""How much a value looks like a secret by itself, whatever stands around it."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import Final

from agent_memory.redaction.looks.chosen import is_chosen, is_measure
from agent_memory.redaction.looks.ends import is_expression
from agent_memory.redaction.looks.passwords import is_ordinary, is_plain_word
from agent_memory.redaction.looks.spelling import surprise
from agent_memory.redaction.looks.values import is_constant, is_no_value, is_passphrase, is_path, is_stand_in, is_type


class Likeness(IntEnum):
    """From what is a secret nowhere to what is one wherever a word for a secret is near."""

    NONE = 0
    WORD = 1  # any word: a person may have chosen it
    CHOSEN = 2  # what a person makes up for a password, or a number in hexadecimal
    MADE = 3  # what only a generator makes


_HEXADECIMAL: Final = re.compile(r"[0-9a-f]{20,}\Z|[0-9A-F]{20,}\Z|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_DIGITS: Final = re.compile(r"(?:0x)?[0-9a-fA-F.:,_/-]+\Z")
_ADDRESS: Final = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.|\Z)|\w+://|(?:[\w-]+\.)+(?:com|org|net|io|dev|de|fr|es|it|br|pt|eu|co|app|ai|internal|local)\b|"
    r"[\w.+~-]+[-_.:]v?\d+(?:\.\d+)+|\d+:\d"
)
_LENGTH_MIN: Final = 5
_DISTINCT_MIN: Final = 4
# Signs among the characters: more of them are in code.
_SIGNS_SHARE_MAX: Final = 0.4
# Bits a letter, as `surprise` counts them. Of names in programs, one in a hundred has more; of what a generator makes,
# one in a hundred has less. The shorter a value, the more chance is in its figure.
_MADE_BITS: Final = ((24, 5.4), (16, 5.7), (10, 6.2))
# What people put between words and numbers to please a form, and the word that they swap a letter of.
_JOINED: Final = re.compile(r"[A-Za-z]+(?:[-_.!#$%*+@]?(?:[A-Za-z]+|\d{1,6})){1,6}[!?#$%*]{0,2}\Z")
_PART: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[!#$%*+@?]")
_SWAPPED: Final = re.compile(r"(?=(?:.*[A-Za-z]){5})[A-Za-z]+[0134578@$]+[a-z]{2,}[\w.!?@#$%*-]*\Z")
_STRONG: Final = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])(?=.*[!@#$%^&*?+~=])[!-~]{8,64}\Z")
_TAGGED: Final = re.compile(r"[\w.-]+[#@]\w?[\d.]*\Z")
_SIGNED: Final = re.compile(r"(?=.*\d)(?=(?:.*[A-Za-z]){4})(?=.*[!@#$%^&]|.*[*?].)[\w!@#$%^&*?.-]{7,64}\Z")
_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# Words that names in programs begin or end with.
_NAME: Final = re.compile(
    r"\A(?:my|test|new|old|the)?(?:pass|pwd|secret|token|key|auth|cred|user|hash|param|arg|field|value|env|config)|"
    r"(?:pass|password|pwd|secret|token|auth|user|hash|params?|args?|fields?|value|config)\Z",
    re.IGNORECASE,
)
_SIZED: Final = re.compile(r"(?:utf|ucs|base|sha|iso|u?int|float|vec|mat)-?\d", re.IGNORECASE)
_SIMPLE: Final = re.compile(r"(?P<word>[A-Za-z]{3,20})\d{0,6}[!?]?\Z")


@lru_cache(maxsize=4096)
def likeness(value: str) -> Likeness:
    """How much the value looks like a secret."""
    if len(value) < _LENGTH_MIN or len(set(value)) < _DISTINCT_MIN or is_stand_in(value) or is_constant(value):
        return Likeness.NONE
    if _HEXADECIMAL.match(value):
        return Likeness.CHOSEN
    if _DIGITS.match(value) or _ADDRESS.match(value) or _is_code(value):
        return Likeness.NONE
    if any(len(value) >= length and surprise(value) >= bits for length, bits in _MADE_BITS) and value.count("/") < 4:
        return Likeness.MADE
    if is_passphrase(value):
        return Likeness.CHOSEN
    if is_no_value(value):
        return Likeness.NONE
    if _is_swapped(value):
        return Likeness.CHOSEN
    if is_path(value):
        return Likeness.NONE
    if is_chosen(value) or _is_joined(value) or _is_mixed(value):
        return Likeness.CHOSEN
    simple = _SIMPLE.match(value)
    return Likeness.WORD if simple and _is_simple(value, simple["word"].lower()) else Likeness.NONE


def is_hexadecimal(value: str) -> bool:
    """Whether the value is a number in hexadecimal, as checksums, ids and some services' keys are."""
    return _HEXADECIMAL.match(value) is not None


def _is_joined(value: str) -> bool:
    """Whether the value is words with numbers or signs between, none of which is of programs."""
    if not _JOINED.match(value):
        return False
    parts = _PART.findall(value)
    words = [part for part in parts if part.isalpha()]
    others = len("".join(parts)) - sum(map(len, words))
    return (
        others > 0
        and len(words) + others > 2
        and sum(map(len, words)) > 3
        and not any(len(word) < 3 or is_ordinary(word.lower()) for word in words)
        and not _is_of_programs(value)
    )


def _is_mixed(value: str) -> bool:
    """Whether the value has all that a form asks for."""
    return not _TAGGED.match(value) and (
        _STRONG.match(value) is not None or (_SIGNED.match(value) is not None and not _is_of_programs(value))
    )


def _is_swapped(value: str) -> bool:
    """Whether in a word of the value a number stands for a letter: `C0balt`."""
    return _SWAPPED.match(value) is not None and not _is_of_programs(value)


def _is_of_programs(value: str) -> bool:
    return (
        is_measure(value)
        or is_type(value)
        or _SIZED.match(value) is not None
        or any(map(_NAME.search, _WORDS.findall(value)))
    )


def _is_simple(value: str, word: str) -> bool:
    return not is_ordinary(word) and (
        is_plain_word(word) and value[1:].islower() if value.isalpha() else not _is_of_programs(value)
    )


def _is_code(value: str) -> bool:
    return is_expression(value) or sum(not character.isalnum() for character in value) > _SIGNS_SHARE_MAX * len(value)
