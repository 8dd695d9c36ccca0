"""Passwords that are all of a line behind their name, whatever signs they have, and quoted ones with blanks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent_memory.redaction.finders.shapes import Span
from agent_memory.redaction.linear import places_of
from agent_memory.redaction.looks.passwords import is_ordinary
from agent_memory.redaction.patterns import lazily
from agent_memory.redaction.words.names import begin_of_name, kind_of

# A name of a password and its sign; what follows is looked at below.
_NAMES: Final = r"(?i:passw|passphrase|passcode|_pass|pwd|[a-z]pw)"
_names: Final = places_of(_NAMES)
_LINE: Final = lazily(
    r"(?:\A|(?<=\n))[ \t]*(?:[-+*][ \t]{1,4})?(?:(?:export|set|ENV)"
    r"[ \t]{1,4})?[\"']?(?P<name>[\w.-]{2,60})[\"']?[ \t]{0,20}(?:=|:[ \t])[ \t]*"
    r"(?:\"(?P<double>(?:[^\"\\\n]|\\.){5,100})\"|'(?P<single>(?:[^'\n]|''){5,100})'|(?P<bare>[!-~]{5,100}))"
    r"[ \t]*,?\r?(?=\n|\Z)"
)
_MEMBER: Final = lazily(
    r"(?P<name>[\w.-]{2,60})[\"']\s?:\s?\"(?P<double>(?:[^\"\\\n]|\\.){5,100})\"(?P<single>)(?P<bare>)"
)
# Without one behind the name, nothing is looked at.
_SIGN_BEHIND: Final = lazily(r"[\w.-]{1,60}+[\"']?\s{0,20}[=:]")
_LINE_MAX: Final = 200
_NAME_MAX: Final = 40
# A part of a connection's address, which others stand before or behind.
_PART: Final = lazily(r"(?i:password|pwd)[ ]?=[ ]?(?P<value>[^;=\"'\n]{3,100});")
_PARTS_BEFORE: Final = lazily(r"[A-Za-z][\w .]{1,30}=[^;=\"'\n]{1,100};[ ]?\Z")
_PARTS_BEHIND: Final = lazily(r"[ ]?[A-Za-z][\w .]{1,30}=[^;=\"'\n]{1,100}(?:;|[\"'])")
# What a shell, a template or a program puts there.
_FILLED_IN: Final = lazily(
    r"[fbruFBRU]{0,2}[\"'`]|/|\.{1,2}/|(?:arn|https?|file|vault|op|env|kms|ssm|projects|secrets?|sops|"
    r"gcp|aws|azure)[:/]|[^{]+\{[a-z_][\w.]{2,}\}|\$\{[^{}]*\}\Z|\$\w+\Z|\$\(|\{\{.*\}\}\Z|\{[%#]|"
    r"<[^<>]*>\Z|%\w+%\Z|[\w.\])]+[\[(.]|!\w+\b|[&*]\w+\Z|[\[({]\s?[\"'\[({\w]*\Z|\[.*\]\Z|\(.*\)\Z|@|"
    r"#|//|\{\w*\}\Z|\|\Z|\w+<[\w, <>]*>\Z|[^<>=]*[<>]=|>\Z"
)
_MIXED: Final = lazily(r"(?=.*\d)(?=.*[A-Za-z])")
_SIGNS: Final = lazily(r"[^\w\s.,/-]")
_SIGNS_IN_TEXT: Final = lazily(r"\\\"|[;@#$%^&*+=~|<>]|[!?].")
_WORDS: Final = lazily(r"[A-Za-z]+")
_BLANKS_MAX: Final = 6
# So many different ones are in no text, and in no expression without blanks.
_SIGNS_MIN: Final = 3


def passwords_of_lines(text: str) -> Iterator[Span]:
    """The passwords that end with their line, in order."""
    done = 0
    for start, _ in _names(text):
        if start < done or not _SIGN_BEHIND.match(text, start):
            continue
        if (part := _PART.match(text, begin_of_name(text, start, _NAME_MAX))) and (
            _PARTS_BEFORE.search(text, max(0, start - _LINE_MAX), part.start()) or _PARTS_BEHIND.match(text, part.end())
        ):
            if not _FILLED_IN.match(part["value"]):
                yield *part.span("value"), "password"
                done = part.end()
            continue
        line = text.rfind("\n", max(0, start - _LINE_MAX), start) + 1
        found = _LINE.match(text, line) or _member(text, start)
        if found is None or kind_of(found["name"], is_variable=True) != "password":
            continue
        group = next((name for name in ("double", "single", "bare") if found[name]), "")
        if group and _is_password(found[group], is_quoted=group != "bare"):
            yield *found.span(group), "password"
            done = found.end(group)


def _member(text: str, start: int) -> re.Match[str] | None:
    return _MEMBER.match(text, begin_of_name(text, start, _NAME_MAX))


def _is_password(value: str, *, is_quoted: bool) -> bool:
    if _FILLED_IN.match(value) or value[-1] in ":([{":
        return False
    words = _WORDS.findall(value)
    if is_quoted and " " in value:
        return (
            value.count(" ") <= _BLANKS_MAX
            and not any(is_ordinary(word.lower()) for word in words)
            and (any(character.isdigit() for character in value) or _SIGNS_IN_TEXT.search(value) is not None)
        )
    signs = _SIGNS.findall(value)
    return bool(signs) and (_MIXED.match(value) is not None or (is_quoted and len(set(signs)) > _SIGNS_MIN))
