"""Secrets that are known by their names: what stands behind `password =`, `"api_key":`, `--token`, `Bearer`.

Code speaks of passwords more often than it holds any. So what stands there is weighed: names of variables, types,
placeholders and paths are no secrets, and a word is one only where nothing but a value can stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent_memory.redaction.finders.assignment import AFTER_STEM
from agent_memory.redaction.finders.results import is_in_result
from agent_memory.redaction.finders.shapes import Span
from agent_memory.redaction.finders.weighing import PASSWORD_MIN, is_secret
from agent_memory.redaction.linear import places_of
from agent_memory.redaction.looks.ends import end_of_phrase, end_of_setting, end_of_value, has_mark, is_expression
from agent_memory.redaction.looks.passwords import is_phrase
from agent_memory.redaction.looks.values import is_strong
from agent_memory.redaction.patterns import lazily
from agent_memory.redaction.words.names import FOREIGN_STEMS, STEMS, kind_of, name_around

# The longest word before a key, and the blank behind it.
_SPACED_MAX: Final = 12
_VALUE_MAX: Final = 4096
_stems: Final = places_of(f"(?i:{'|'.join((*STEMS, *FOREIGN_STEMS))})")
# A value that was looked at and is none is passed over from this length on: looking into it again costs time.
_LONG: Final = 64

# In a sentence a name has spaces: "the API key is ...".
_SPACED: Final = lazily(
    r"(?:(?:api|access|secret|private|licen[sc]e|signing|encryption|mots?[ ]de|palavra)[ ])\Z", re.IGNORECASE
)
# A name that goes on for longer than any has no value.
_ENDLESS: Final = lazily(r"[\w-]{41}", re.ASCII)
_ARN: Final = lazily(r"\barn:[^\s\"']{1,110}:\Z")
# A function's first argument begins so.
_ARGUMENT: Final = lazily(r"\w\(\s{0,8}\\{0,3}[\"'`]\Z")
_SIGN_FOLLOWS: Final = lazily(r"[\"'`\\\])]{0,4}\s{0,8}[=:>|,-]")
_SLASH: Final = lazily(r"\s/")
_ENVIRONMENT_NAME: Final = lazily(r"[A-Z][A-Z0-9_]*\Z")
# A value behind a name in capitals may have any character but those that end a word.
_WORD: Final = lazily(rf"(?:[^\s\"'`\\]|\\[ '!$&()]){{0,{_VALUE_MAX}}}+")


def named_values(text: str) -> Iterator[Span]:
    """The values in the text whose names say that they are secret."""
    done = 0
    # A long value is not looked into for the same word again; another may have its value there.
    passed_over: dict[str, int] = {}
    for start, end in _stems(text):
        stem = text[start:end].lower()
        if start < max(done, passed_over.get(stem, 0)):
            continue
        span, passed_over[stem] = _value_at(text, start, end)
        if span:
            yield span
            done = span[1]


def _value_at(text: str, start: int, end: int) -> tuple[Span | None, int]:
    """The secret that is named by the word with the stem from `start` to `end`, and where to look on."""
    if _ENDLESS.match(text, end):
        return None, end
    begin, name = name_around(text, start, end)
    if name.lower() in ("key", "passe") and (spaced := _SPACED.search(text, max(0, begin - _SPACED_MAX), begin)):
        name = spaced[0] + name
    # What follows is looked at only where the name says something: it costs more.
    is_named = kind_of(name, is_variable=True) and (name != "pass" or _SIGN_FOLLOWS.match(text, end))
    match = AFTER_STEM.match(text, end) if is_named else None
    if match is None:
        return None, end
    is_short = len(match["quoted"] or match["bare"]) < PASSWORD_MIN and match["sign"] != "="
    if is_short and not (match["bare"] and match["sign"] and has_mark(text[match.end() : match.end() + 1])):
        return None, end
    # Windows' programs have a slash before an option.
    is_flag = (
        name.startswith("-") and (match["space"] is not None or match["said"] is not None or match["sign"] == "=")
    ) or (match["sign"] == ":" and _SLASH.match(text, begin - 2) is not None)
    if _is_other_name(text, begin) and not is_flag:
        return None, end
    value, place = (match["quoted"], match.start("quoted")) if match["quoted"] else (match["bare"], match.start("bare"))
    after = place + len(value) if len(value) > _LONG else end
    is_environment = match["sign"] == "=" and _ENVIRONMENT_NAME.match(name.lstrip("-"))
    kind = kind_of(name, is_variable=(match["sign"] or "").strip() == "=")
    if not kind:
        return None, after
    if match["quoted"]:
        value = value.rstrip("\\")
    elif is_environment:
        value = text[place : _end_of_word(text, place)]
    else:
        value = value.rstrip(".?:!" if match["said"] else ".?:")
    if (
        kind == "password"
        and match["call"]
        and not _ARGUMENT.search(text, max(0, begin - 16), begin)
        and (match["closed"] or not name.isupper())
    ):
        return None, after  # one of a list of words
    stop = place + len(value)
    is_one = is_secret(name, kind, value, match, begin, is_flag=is_flag, is_environment=bool(is_environment))
    if not match["quoted"] and (has_mark(text[stop : stop + 2]) or (match["sign"] and text[stop : stop + 1] == " ")):
        stop, is_one = _whole(name, kind, match, begin, stop, is_one=is_one, is_environment=bool(is_environment))
    # A line of a test's results costs more to look for than a value to weigh.
    may_be_in_result = kind == "password" and not match["quoted"] and not is_environment
    if is_one and not (may_be_in_result and is_in_result(text, begin, place)):
        return (place, stop, "secret" if kind == "made" else kind), stop
    return None, after


def _whole(
    name: str, kind: str, match: re.Match[str], begin: int, stop: int, *, is_one: bool, is_environment: bool
) -> tuple[int, bool]:
    """Where a value without quotes ends that is known up to `stop`, and whether it is a secret, as a whole at least."""
    text, place = match.string, match.start("bare")
    end = end_of_value(text, place)
    if match["sign"] or match["space"]:
        end = max(end, end_of_setting(text, begin, place))
    if is_one:
        return (end if has_mark(text[stop:end]) else stop), True
    if not match["sign"]:
        return stop, False
    if kind == "password" and (phrase := end_of_phrase(text, begin, place)) and is_phrase(text[place:phrase]):
        return phrase, True
    value = text[place:end]
    if end <= stop or not has_mark(value) or is_expression(value):
        return stop, False
    if not any(character.isdigit() for character in value) or not (
        is_strong(value) or match["scheme"] or end_of_setting(text, begin, place) == end
    ):
        return stop, False
    return end, is_secret(name, kind, value, match, begin, is_flag=False, is_environment=is_environment)


def _is_other_name(text: str, begin: int) -> bool:
    """Whether what begins there is the name of a file, a type or a cloud's resource."""
    return (
        text[begin - 1 : begin] == "/"
        or text[begin - 2 : begin] == "::"
        or text[max(0, begin - 7) : begin].lower() in ("public ", "public-", "public_")
        or (text[begin - 1 : begin] == ":" and _ARN.search(text, max(0, begin - 120), begin) is not None)
    )


def _end_of_word(text: str, place: int) -> int:
    word = _WORD.match(text, place)
    return word.end() if word else place
