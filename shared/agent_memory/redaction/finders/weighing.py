"""Whether what stands behind a secret's name is one: a generator made it, or nothing but a value can stand there."""

from __future__ import annotations

import re
from typing import Final

from agent_memory.redaction.looks.passwords import is_in_account, is_named_after, is_password, is_setting_line
from agent_memory.redaction.looks.values import (
    VALUE_MIN,
    entropy,
    has_random_part,
    is_constant,
    is_no_value,
    is_passphrase,
    is_random,
    is_stand_in,
    is_wordy,
)
from agent_memory.redaction.patterns import lazily

_LINE_MAX: Final = 300
_FILE: Final = lazily(r"[~.]{0,2}/(?:[\w.*-]+/)*+[\w.?=&%*-]*\Z", re.ASCII)
# What begins like a file of a system is none of base 64's.
_PLACE: Final = lazily(
    r"[~.]{0,2}(?:/[a-z][a-z.-]{1,20}){2}/|[~.]{0,2}/(?:home|tmp|usr|var|opt|etc|root|srv|mnt|run|Users|app|workspace|build|target)/"
)
_BASE64: Final = lazily(r"[A-Za-z0-9+/=]+\Z|[A-Za-z0-9_-]+\Z")
_HEXADECIMAL: Final = lazily(r"[0-9a-fA-F-]+\Z")
_NUMBER: Final = lazily(r"[-+]?[\d.,_]+[a-zA-Z%]{0,2}\Z")
_DATE: Final = lazily(r"\d{4}-\d\d-\d\d")
# `+` is a shell's that shows its commands, or a change's.
_BEFORE_SETTING: Final = lazily(r"(?:\A|\n)(?:[+-]{0,4}[ \t]*)(?:export[ \t]+)?\Z|[?&]\Z")
# A command with another option before that one; a user's name before a word for a password.
_OPTION_BEFORE: Final = lazily(
    r"(?:\A|\n|[`$#>] )[\w./-]{1,64}(?: [\w./-]{1,64}){0,3}(?: [^\n]{0,200})? --?[a-z][\w-]*[ =][^\n`]{1,100} \Z"
)
_USER_BEFORE: Final = lazily(
    r"(?i:user(?:_?name)?|login)[\"']?\s?(?::|=>?)\s?[\"'`][^\"'`\n]{1,100}[\"'`],?\s{1,24}[\"']?\Z"
)
_PART_BEFORE: Final = lazily(
    r"\b(?:user|username|host|port|dbname|server|uid)=[^\s=]{1,100}[ \t]{1,2}\Z", re.IGNORECASE
)
_DECLARED: Final = lazily(r"(?:\A|\n)[ \t]*(?:ENV|ARG|SetEnv|setenv|setx)[ \t]{1,4}\Z")
PASSWORD_MIN: Final = 4
_CELL: Final = lazily(r"[ \t|]{0,16}[\w. -]{1,48}?(?:[ ]{2,}|\t)\S+\Z")
_RANDOM_MIN: Final = 16
_TOKEN_MIN: Final = 10
_MADE_MIN: Final = 12
_SALT_MIN: Final = 40
_SALT_SIGNS_MIN: Final = 4
_LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_LOWER_WORDS: Final = lazily(r"[a-z]{4,}[ ][a-z]{3,}")
_SIGNS: Final = frozenset("!?#^&*+~@()=%$")
# Of those that are signs of programs, too, it takes more.
_SIGNS_MIN: Final = 2
_WEAK_KEY_MIN: Final = 24
# Bits a character in a key that only its name's last word tells.
_KEY_ENTROPY: Final = 3.7


def is_secret(
    name: str,
    kind: str,
    value: str,
    match: re.Match[str],
    begin: int,
    *,
    is_flag: bool,
    is_environment: bool,
) -> bool:
    """Whether the value is a secret; its name begins at `begin`."""
    text, end = match.string, match.start("quoted" if match["quoted"] else "bare") + len(value)
    follows = text[end : end + 3]
    is_environment = is_environment or (
        kind == "password"
        and (
            (match["sign"] == "=" and _is_setting(text, begin, follows))
            or (match["space"] is not None and _DECLARED.search(text, max(0, begin - 16), begin) is not None)
        )
    )
    if len(value) < (PASSWORD_MIN if kind == "password" else VALUE_MIN) or len(set(value)) < PASSWORD_MIN:
        return False
    if is_stand_in(value) or _DATE.match(value) or value.lower() == name.lower():
        return False
    if is_no_value(value) and (kind == "password" or not has_random_part(value)):
        return False
    if _FILE.match(value) and (_PLACE.match(value) or not has_random_part(value)):
        return False
    if not value.isascii() and kind != "password":
        return False
    if match["space"] and value[0] == "-":
        return False  # the next option
    is_plain = is_flag or is_environment
    if kind == "password":
        if is_constant(value) and (not is_environment or is_named_after(value)):
            return False
        return is_password(
            name,
            value,
            match,
            follows,
            is_plain=is_plain,
            is_in_account=lambda: _is_of_somebody(match, begin, end, is_flag=is_flag),
        )
    if match["space"] and not is_flag and not name.lower().endswith("bearer"):
        return _is_cell(text, begin, end) and not is_wordy(value) and is_random(value, least=_RANDOM_MIN)
    if match["quoted"] and kind == "secret" and " " in value:
        return is_passphrase(value) and value.count(" ") > 2
    if not is_environment and is_wordy(value):
        return False
    if kind in ("key", "made"):
        return _is_key(value, is_environment=is_environment) or (
            bool(match["quoted"]) and len(value) >= _SALT_MIN and _is_made(value)
        )
    if match["scheme"] and match["sign"]:
        return _is_in_header(value)
    if _NUMBER.match(value) or is_constant(value):
        return False
    is_made = match["quoted"] and _is_made(value)
    return is_made or is_random(value, least=VALUE_MIN if is_plain else _TOKEN_MIN)


def _is_of_somebody(match: re.Match[str], start: int, end: int, *, is_flag: bool) -> bool:
    """Whether what stands around a name and its value says whose it is: other settings, other options, a user."""
    text = match.string
    if match["space"] is not None and _DECLARED.search(text, max(0, start - 16), start):
        return True
    if is_flag:
        return _OPTION_BEFORE.search(text, max(0, start - _LINE_MAX), start) is not None
    if match["quoted"]:
        return _USER_BEFORE.search(text, max(0, start - _LINE_MAX), start) is not None
    if text[start - 1 : start] == ";" == text[end : end + 1]:
        return match["sign"] == "="  # a part of a connection's address
    if match["sign"] == "=" and _PART_BEFORE.search(text, max(0, start - _LINE_MAX), start):
        return True
    return (
        is_setting_line(text, start, end)
        or is_in_account(text, start, end)
        or (match["space"] is not None and _is_cell(text, start, end))
    )


def _is_cell(text: str, start: int, end: int) -> bool:
    """Whether a name and its value are all of a line, two blanks or more apart, as programs print lists of them."""
    return (
        _CELL.match(text, text.rfind("\n", 0, start) + 1, end) is not None
        and not text[end : end + 3].split("\n", 1)[0].strip()
    )


def _is_in_header(value: str) -> bool:
    """Whether what stands behind `Authorization: Bearer`, where nothing else can, is no example."""
    return any(character.isdigit() or character in "=+/" for character in value) and not is_constant(value)


def _is_made(value: str) -> bool:
    """Whether a text that a program gives for a secret has digits and signs among its letters, and no parts."""
    signs = frozenset(value) & _SIGNS
    if (
        len(value) >= _SALT_MIN
        and len(frozenset(value) - _LETTERS) >= _SALT_SIGNS_MIN
        and not _LOWER_WORDS.search(value)
    ):
        return any(character.isdigit() for character in value)  # a salt, as WordPress has it
    return (
        len(value) >= _MADE_MIN
        and any(character.isdigit() for character in value)
        and not any(character in " /:<>[]{},;|" for character in value)
        and len(signs) >= (_SIGNS_MIN if signs & frozenset("()=%$") else 1)
        and not is_no_value(value)
    )


def _is_key(value: str, *, is_environment: bool) -> bool:
    """Whether a value behind a name that merely ends with `key` is a secret one."""
    least = 16 if is_environment else _WEAK_KEY_MIN
    if len(value) < least or not _BASE64.match(value):
        return False
    is_hexadecimal = _HEXADECIMAL.match(value) is not None
    return (
        is_random(value, least=least)
        and not (is_hexadecimal and not is_environment)
        and entropy(value) >= _KEY_ENTROPY - is_hexadecimal
    )


def _is_setting(text: str, begin: int, follows: str) -> bool:
    """Whether `name=value` is all of a line, or one in the query of a link: there it is no expression."""
    return (
        follows[:1] in ("", "\n", "\r", "&", '"')
        and _BEFORE_SETTING.search(text, max(0, begin - 16), begin) is not None
    )
