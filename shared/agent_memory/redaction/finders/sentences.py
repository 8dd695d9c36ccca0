"""Passwords that sentences tell: where one is about getting in, a word that only a password looks like is one.

It does not matter in what order they say it: "use X as the password", "not X but Y, I mistyped", "login with bob / X".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from agent_memory.redaction.finders.placed import placed
from agent_memory.redaction.finders.shapes import Span
from agent_memory.redaction.linear import places_of, search_for
from agent_memory.redaction.looks.likeness import Likeness, is_hexadecimal, likeness
from agent_memory.redaction.looks.values import is_passphrase
from agent_memory.redaction.patterns import lazily
from agent_memory.redaction.words.access import ACCESS
from agent_memory.redaction.words.secret_words import SURELY_FOR_PASSWORD

_FOR_PASSWORD: Final = rf"{SURELY_FOR_PASSWORD}|\bpw\b|-pw\b|\bpass(?: is\b| for\b|:)"
# What needs no word for a password: for this one is asked.
_ASKING: Final = "(?:f\u00fcr|for|para|pour|per) sudo\\b"
_QUESTION: Final = "(?:secret|security) question|(?:sicherheits|geheim)frage|question secr|pregunta secr"
_password_words: Final = places_of(rf"(?i:{_FOR_PASSWORD}|{_ASKING}|{_QUESTION})")
_cue: Final = search_for(rf"(?i:{ACCESS}|{_FOR_PASSWORD}|{_QUESTION})")
# What may be a password at a glance: a word with a number, a sign or a capital in it; or it stands behind such a word.
_may_be: Final = lazily(
    rb"[A-Za-z][!-~]*(?:\d|[a-z][A-Z]|[!#$%&*+@^_-])|[\d!#$%&*+@^][!-~]*[A-Za-z]|\bpw\b|\bpass|sudo [ept]|\d{8}|"
    rb"[\"\xab\xbb]|\xe2\x80|\xe3\x80"
)
_LINE_MAX: Final = 600
_BEFORE_MAX: Final = 40
# A sentence has fewer words for a password.
_WORDS_MAX: Final = 12
_WORD: Final = lazily(
    r"(?:(?<=[ (\"'\u201e\u201c\u00ab\u2019-])|^)[^\W\d_]{1,24}(?=[ ,.;:!?)\"'\u2019\u201d\u201c\u00bb-]|$)"
)
_WORDS_MIN: Final = 3
# A name and a password, as short as people tell them.
_PAIR: Final = lazily(r"[^\n/=]{3,48}[:=] ?[\w.@+-]{2,32} ?/ ?(?=[!-~]{5,64}\s*\Z)")
_CJK: Final = lazily(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_OF_PROGRAMS: Final = lazily(
    r"[{}\t]| \| |\S {3,}\S|\\[nt\"]|\(\)|\);|=>|==|</|\$\(|::|->|[\w\"']\s?=\s?[\w\"']|\w\.\w+\(|\s--?[a-z]|"
    r"\A\s*[#/<>$@+*\[]{1,2}(?! )|://\S+\s|\b(?:apt(?:-get)?|pip3?|npm|brew|dnf|yum|cargo|pacman|apk|"
    r"go) (?:install|add|get|i)\b"
)
# A log's line begins so.
_STAMP: Final = lazily(
    r"\s*[\[(]?(?:\d{2,4}[-/:.]\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:|(?:INFO|WARN|ERROR|DEBUG|NOTICE|FATAL)\b)"
)
_TOKEN: Final = lazily(
    r"(?<![!-~])[\"'`(\[*]{0,3}(?:[a-z][\w.-]{1,20}[/:](?=[A-Za-z]))?(?P<value>[!-~]{4,64}?)(?=\([A-Za-z]|[^!-~]|\Z)"
)
_TRAILING: Final = ".,;:?)]'\"`*"
# Who it is that gets in, or into what.
_NAMED: Final = lazily(
    r"(?:\b(?:ids?|numbers?|nummer|num\u00e9ro|n\u00famero|ref(?:erence)?|ticket|request|session|order|booking|channel|build|"
    r"commit|tag|branch|release|version|adapter|user(?:name)?|account|as|host|server|network|ssid|benutzer(?:name)?|konto|service|als|compte|utilisateur|"
    r"usuario|cuenta|utente|conta|r\u00e9seau|red|rete|called|"
    r"connected to|verbunden mit|(?:netz(?:werk)?|wlan) (?:hei\u00dft)?)[\"'`:=]{0,2}[ ]?"
    r"(?:is |ist |est |es )?|(?:\u7528\u6237\u540d|\u30e6\u30fc\u30b6\u30fc\u540d|"
    r"SSID)\s?[\u662f\u306f\u7528\u4e3a:\uff1a]?\s?)[\"'`(]?\Z",
    re.IGNORECASE,
)
# What somebody says to whom asked for it.
_ANSWER: Final = lazily(
    r"\r?\n{1,2}[>*_ ]{0,4}(?:\w{2,16}[*_]{0,2}:[*_]{0,2} )?[\"'`]?(?P<value>[!-~]{5,64}?)"
    r"[\"'`]?[.!]?[ \t]*(?=\r?\n|\Z)"
)
# Signs, a year, or two words and a number: what people put into a password, and not into a name.
_PERSONAL: Final = lazily(
    r"[A-Za-z\d][!#$%&*+?]|[!#$%&*+?][A-Za-z\d]|\A[A-Za-z]{4,}(?:19|20)\d\d[!?]?\Z|[A-Z][a-z]{2,}[A-Z][a-z]{2,}\d{2,}|[a-z][0134@$]{1,2}[a-z]{3}|"
    r"\A[0134][a-z]{4}|[A-Za-z]{4,}[_.]\d{2,4}\Z"
)
_SIGNED: Final = lazily(r"[!#$%&*+?^]")
# As machines, branches and releases are named.
_OF_MACHINES: Final = lazily(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+\Z|[A-Z]+\d?-[A-Z0-9-]+\Z")
# As pins, models, flights and ids are named.
_LABELLED: Final = lazily(r"[A-Z]{1,6}\d{1,8}[A-Z]{0,3}\Z|[a-z]{2,8}_[A-Za-z0-9]{12,}\Z")
# What stands right before a password where a sentence has only just said what it is for.
_TELLING: Final = lazily(
    r"(?:[:=\uff1a]| /|\b(?:is|was|be|it|so|but|not|with|use|using|type|enter|try|and|or|ist|war|hei\u00dft|mit|"
    r"on|nimm|gib|gibst du|heißt es|statt|tippe?|und|also|sondern|nicht|dazu|"
    r"est|c['\u2019]est|\u00e9tait|avec|mais|pas|et|tape[rz]?|es|era|con|usa|pon|y|e|com|\u00e8|met)|[\u306f\u304c\u662f\u4e3a\u7528\u8f93\u5165\u300c\uff0c])"
    r"[ ]?[\"'`\u201c\u201e\u00ab\u300c*(]{0,2}\Z",
    re.IGNORECASE,
)
_OTHER: Final = lazily(r"[~./]{0,2}/|\\|[\w.+-]+@[\w-]+\.|#\d+|\w+://|[\w-]+\.(?:[a-z]{2,4})(?:[:/]|\Z)|@\w|--?\w|\$")


def sentences(text: str) -> Iterator[Span]:
    """The passwords that sentences tell, in order."""
    content = text.encode("utf-8", "surrogatepass")
    place = characters = 0
    for start, end in _lines(content):
        characters += len(content[place:start].decode("utf-8", "surrogatepass"))
        line = content[start:end].decode("utf-8", "surrogatepass")
        words = [_without_sign(line, *place) for place in islice(_password_words(line), _WORDS_MAX)]
        if len(words) < _WORDS_MAX and _is_prose(line, _least(line, words)):
            places = sorted({*_tokens(line, is_about_password=bool(words)), *placed(line, words)})
            yield from ((characters + begin, characters + stop, "password") for begin, stop in places)
            if words and (answer := _ANSWER.match(text, characters + len(line))):
                yield from [(*answer.span("value"), "password")] if likeness(answer["value"]) >= Likeness.CHOSEN else []
        place, characters = end, characters + len(line)


def has_sentence(content: bytes) -> bool:
    """Whether a sentence in it may tell a password."""
    return any(_may_be.search(content, begin, end) for begin, end in _lines(content))


def _lines(content: bytes) -> Iterator[tuple[int, int]]:
    """Where the lines begin and end that have such a word; of long ones, what is near."""
    end = 0
    while cue := _cue(content, end, len(content)):
        begin = max(end, content.rfind(b"\n", end, cue[0]) + 1, cue[0] - _LINE_MAX)
        end = content.find(b"\n", cue[1], cue[1] + _LINE_MAX)
        end = end if end >= 0 else min(len(content), cue[1] + _LINE_MAX)
        # No character of several bytes is cut.
        while begin < end and content[begin] & 0xC0 == 0x80:
            begin += 1
        while end < len(content) and content[end] & 0xC0 == 0x80:
            end += 1
        yield begin, end


def _without_sign(line: str, start: int, end: int) -> tuple[int, int]:
    """Where the word is alone; a pass is also something else, so it is looked for with what stands behind it."""
    return (start, start + len("pass")) if line.startswith(("pass ", "pass:"), start) else (start, end)


def _least(line: str, words: list[tuple[int, int]]) -> int:
    """How many words make a sentence: fewer where a password is named, but beside its name."""
    return _WORDS_MIN - bool(words) + sum(line[start:end].islower() for start, end in words)


def _is_prose(line: str, least: int) -> bool:
    """Whether the line has so many words or more, and nothing of a program."""
    words = sum(word.islower() for word in _WORD.findall(line))
    return (
        (words >= least or len(_CJK.findall(line)) >= least or _PAIR.match(line) is not None)
        and not _OF_PROGRAMS.search(line)
        and not _STAMP.match(line)
    )


def _tokens(line: str, *, is_about_password: bool) -> Iterator[tuple[int, int]]:
    """Where the line has what looks like a password by itself."""
    for token in _TOKEN.finditer(line):
        value, start = token["value"].rstrip(_TRAILING), token.start("value")
        before = line[max(0, start - _BEFORE_MAX) : start]
        if (
            not is_hexadecimal(value)
            and not _OTHER.match(value)
            and _is_password(value, before, is_about_password=is_about_password)
            and not _NAMED.search(before)
        ):
            yield start, start + len(value)


def _is_password(value: str, before: str, *, is_about_password: bool) -> bool:
    like = likeness(value)
    if is_about_password and not is_passphrase(value):
        return like >= Likeness.CHOSEN or (
            like == Likeness.WORD
            and (value[-1].isdigit() or not (value.islower() or value.istitle() or value[-1] in "!?"))
        )
    if _LABELLED.match(value):
        return False
    return like >= Likeness.CHOSEN and (
        (like == Likeness.MADE and _SIGNED.search(value) is not None)
        or (
            like == Likeness.CHOSEN
            and not is_passphrase(value)
            and not _OF_MACHINES.match(value)
            and _PERSONAL.search(value) is not None
        )
        or _TELLING.search(before) is not None
    )
