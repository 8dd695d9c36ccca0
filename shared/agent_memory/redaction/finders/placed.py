"""Words and phrases that a sentence puts where a password stands, though people say them otherwise, too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from agent_memory.redaction.looks.passwords import is_ordinary, is_phrase
from agent_memory.redaction.looks.plain_words import is_told_word
from agent_memory.redaction.patterns import lazily
from agent_memory.redaction.words.access import WIFI

# Where such a word, or a token, begins and ends in a line.
Place = tuple[int, int]

_IS: Final = r"(?:is|was|ist|war|lautet|est|\u00e9tait|es|era|\u00e8|\u00e9|c['\u2019]est)"
_QUOTES: Final = "\"'`\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019\u300c\u300d"
_WORD: Final = rf"[{_QUOTES}]?(?P<value>[^\W\d_]{{5,20}})[{_QUOTES}]?"
_END: Final = r"(?=[.,;]|\s?\(|$| (?:and|und|et|y|e|but|aber) )"
_NOW: Final = r"(?: (?:now|just|simply|still|jetzt|einfach|noch|glaube? ich|je crois|creo|i think|i believe|wohl)){0,2}"
# Behind a word for a password: ": sunflower", "... it is still sunflower", "... hab ich Sonnenblume".
_BEHIND: Final = (
    lazily(rf"[^.,;:!?\n()]{{0,48}}: ?{_WORD}{_END}", re.IGNORECASE),
    lazily(
        rf"[^.!?:\n()]{{0,60}}? (?:it(?:['\u2019]s| is| was)|{_IS}|is just|is simply){_NOW} {_WORD}{_END}",
        re.IGNORECASE,
    ),
)
_TAKEN: Final = lazily(
    r"(?: (?:hab|habe|ich|wir|du|einfach|nimm|nehme?|mal|bitte|das|de|la|the|just|simply|use|we|i|j['\u2019]ai|"
    r"mis|pris|"
    rf"pon|usa|usamos)){{1,4}} {_WORD}\b",
    re.IGNORECASE,
)
# Before it: "as", and what stands before that.
_AS: Final = lazily(r"\b(?:as|als|come|como|comme) (?:[\w'-]+ )?[\w-]*\Z", re.IGNORECASE)
_AS_FOR: Final = r" (?:as|for|als|como|comme|come) (?:\w{1,8} )?\Z"
_NUMBER_BEFORE: Final = lazily(rf"(?P<value>\d{{4,12}}){_AS_FOR}", re.IGNORECASE)
_PHRASE_BEFORE: Final = lazily(
    r"\b(?:use|using|with|nimm|nutze|mit|utilise[rz]?|usa|usar|con|com) "
    rf"(?P<value>[a-z]{{3,12}}(?: [a-z]{{3,12}}){{2,6}}){_AS_FOR}",
    re.IGNORECASE,
)
_BEFORE_MAX: Final = 110
# What somebody is told to type where he is asked for it.
_TYPED: Final = lazily(
    r"\b(?:type|enter|escribes?|pon|pones|teclea|tape[rsz]?|mets|saisi[rst]?|tippe?|gib|schreibe?|digita|digite|inserisci|"
    r"metti|coloque) (?:in |einfach |just |simply |mal |da |dort )?"
    r"(?P<value>[^\W\d_]{5,20})(?= (?:when|cuando|quand|quando|wenn|if|at|y|et|und|and|ein)\b|[.,;])",
    re.IGNORECASE,
)
_NUMBER: Final = lazily(r"(?<=[: ])\d{8,20}(?=[.,;]?(?:\s|\Z))")
_WIFI: Final = lazily(WIFI, re.IGNORECASE)
_KEY: Final = lazily(
    r"(?:key|schl\u00fcssel|cl\u00e9|clave|chiave|chave|\u30ad\u30fc|\u5bc6\u94a5)[ :=\uff1a]{1,3}"
    rf"[{_QUOTES}]?(?P<value>[!-~]{{8,63}}?)(?=[.,;)]?(?:[^!-~]|\Z))",
    re.IGNORECASE,
)
# Letters alone are a word like others.
_NO_KEY: Final = lazily(r"[A-Za-z]+\Z")
_QUOTED: Final = lazily(
    rf"(?:{_IS}|with|mit|con|com|avec|:|\uff1a|[\u306f\u662f\u4e3a])\s{{0,2}}(?:"
    r"\"(?P<straight>[^\"\n]{8,80})\"|\u201e(?P<low>[^\u201c\u201d\n]{8,80})[\u201c\u201d]|"
    r"\u201c(?P<high>[^\u201d\n]{8,80})\u201d|\u00ab\s?(?P<angles>[^\u00bb\n]{8,80}?)\s?\u00bb|"
    r"\u300c(?P<corners>[^\u300d\n]{4,80})\u300d)|"
    r"[\"\u201c\u201e](?P<lower>[a-z]{2,12}(?: [a-z]{2,12}){2,8})[\"\u201d\u201c]"
)
_PHRASE: Final = lazily(
    rf"(?:phrase|frase|losungswort)[^:\n]{{0,60}}(?: {_IS}|:) "
    r"(?P<value>[^\W\d_]{2,14}(?: [^\W\d_]{2,14}){2,9})(?=[.,;!]|\s*$)",
    re.IGNORECASE,
)
_WATCHWORD: Final = lazily(
    r"\u5408\u3044?\u8a00\u8449(?:\u306f|\u3092)\u300c?(?P<value>[^\s\u3002\u300d]{4,24}?)"
    r"(?=\u3067\u3059|\u3060|\u300d|\u3002|\Z)"
)
# So many words of a phrase may be one that sentences have.
_ORDINARY_SHARE: Final = 5


def placed(line: str, words: Sequence[Place]) -> Iterator[Place]:
    """Where they stand in a line that has words for a password at these places, or none."""
    for start, end in words:
        yield from _around(line, start, end)
    if words:
        yield from (each.span("value") for each in _TYPED.finditer(line) if _is_word(each["value"]))
        yield from (each.span("value") for each in _PHRASE.finditer(line) if is_phrase(each["value"]))
        yield from (each.span("value") for each in _WATCHWORD.finditer(line))
    is_network = _WIFI.search(line) is not None
    if words or is_network:
        yield from (each.span() for each in _NUMBER.finditer(line))
    if is_network:
        yield from (each.span("value") for each in _KEY.finditer(line) if not _NO_KEY.match(each["value"]))
    for quoted in _QUOTED.finditer(line):
        group = quoted.lastgroup or ""
        begin, stop = quoted.span(group)
        # Who quotes a word for a password speaks of one: "password reset fails".
        is_about_one = any(begin <= start < stop for start, _ in words)
        if (words or group == "straight") and not is_about_one and _is_quoted_phrase(quoted[group], group):
            yield begin, stop


def _around(line: str, start: int, end: int) -> Iterator[Place]:
    """What the word for a password, from `start` to `end`, has behind it and before it."""
    behind = [pattern.match(line, end) for pattern in _BEHIND]
    before = max(0, start - _BEFORE_MAX)
    if _AS.search(line, before, start):
        behind.append(_TAKEN.match(line, end))
    yield from (found.span("value") for found in behind if found and _is_word(found["value"]))
    if number := _NUMBER_BEFORE.search(line, before, start):
        yield number.span("value")
    if (phrase := _PHRASE_BEFORE.search(line, before, start)) and is_phrase(phrase["value"]):
        yield phrase.span("value")


def _is_word(word: str) -> bool:
    return len(set(word)) > 2 and is_told_word(word, is_noun=word.istitle())


def _is_quoted_phrase(phrase: str, group: str) -> bool:
    words = phrase.split()
    return (
        (len(words) > 2 or group == "corners")
        and phrase[-1] not in ".?!:"
        and sum(is_ordinary(word.lower()) for word in words) * _ORDINARY_SHARE <= len(words)
    )
