"""Passwords that sentences tell by another word than one before them: "use X as the password", "login with bob / X"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent_memory.redaction.finders.shapes import Span
from agent_memory.redaction.linear import has
from agent_memory.redaction.looks.likeness import Likeness, likeness
from agent_memory.redaction.looks.passwords import is_phrase
from agent_memory.redaction.words.secret_words import WORDS_IN_LATIN, WORDS_IN_OTHER_LETTERS

ACCOUNT_WORDS: Final = (
    "credentials?|creds|\\buser(?:name)?\\b|benutzer|utilisateur|usuario|utente|log(?:ged|ging)?[ -]?in|logins?|"
    "sign in|zugangsdaten|anmeldedaten|anmelden|identifiants?|credenciales|"
    "credenziali|credenciais|inloggegevens|\u0432\u0445\u043e\u0434|\u043b\u043e\u0433\u0438\u043d|\u8d26\u53f7|\u8d26\u6237|\u30ed\u30b0\u30a4\u30f3"
)
# A colon as wide as a Chinese letter.
_WIDE: Final = "\uff1a"
# What only one of the languages' sentences, and no program, has.
_FOR: Final = "(?:[ ](?:for|to|on|f\u00fcr|zu[rm]?|pour|para|per|de)[ ][\\w. -]{1,30}?)?"
_WITH: Final = "(?:[ ]?[:\uff1a=]|[ ](?:with|as|is|are|mit|als|avec|con|com|met))"
_ACCOUNT_WORD: Final = re.compile(ACCOUNT_WORDS)
_REST_OF_PAIR: Final = re.compile(
    rf"{_FOR}{_WITH}[ ]{{0,2}}[\"'`]?[\w.@+-]{{2,64}}[\"'`]?(?:[ ]{{0,2}}[/:|,][ ]{{0,2}}|[ ](?:using|with|and|und|"
    rf"mit|et|avec|y|con|e|com)[ ])(?:(?:the )?(?:pass|pw)\w*[ :]{{1,3}})?(?P<value>[!-.0-<>-~]{{5,128}}(?![=/]))",
    re.IGNORECASE,
)
_IS: Final = "as|for|als|comme|como|come|is|was|ist|war|est|es|\u00e8|\u00e9"
# "... is the password": the value comes first.
_BEFORE: Final = re.compile(
    rf"(?<![!-~])(?P<value>[!-~]{{5,128}}?)[\"'`\u00bb\u201c\u201d]?"
    rf"[ ](?:{_IS})[ ](?:(?:the|my|our|your|das|mein|unser|le|"
    rf"la|el|il|o|a)[ ])?"
    rf"(?:(?!not)\w{{1,20}}[ -]){{0,2}}(?:{WORDS_IN_LATIN})|"
    rf"(?<![!-~])(?P<other>[!-~]{{5,128}}?)[ ]?(?:\u4f5c\u4e3a|\u4f5c\u70ba|\u3092|"
    rf"\u304c)?[ ]?(?:\u767b\u5f55)?(?:{WORDS_IN_OTHER_LETTERS})|"
    rf"(?:use|using|with|nimm|nutze|mit|utilise[rz]?|usa|usar|con|com)"
    rf"[ ](?P<phrase>[a-z]{{3,12}}(?:[ ][a-z]{{3,12}}){{2,6}})[ ](?:{_IS})[ ]"
    rf"(?:\w{{1,8}}[ ])?(?:{WORDS_IN_LATIN})",
    re.IGNORECASE,
)
# In every text that tells a password so, one of these is found.
_NAMED_BEHIND: Final = rf"[ ](?:{_IS})[ ](?:\w+[ -])*?(?i:{WORDS_IN_LATIN})|(?i:{WORDS_IN_OTHER_LETTERS})"
ACCOUNT: Final = (
    rf"(?i:{ACCOUNT_WORDS})[^\n:=/,|]*(?:[:={_WIDE}]|[ ](?:with|as|is|are|mit|als|avec|con|com|met)[ ])[ ]*[\"'`]"
    rf"?[\w.@+-]+[\"'`]?(?:[ ]*[/:|,]|[ ](?:using|with|and|und|mit|et|avec|y|con|e|com)[ ])"
)
_is_named_behind: Final = has(_NAMED_BEHIND)
_has_pair: Final = has(ACCOUNT)
_END: Final = ".,;:!?)'\"`>]}|*"


def said(text: str) -> Iterator[Span]:
    """The passwords that sentences tell so, in order."""
    found: set[Span] = set()
    if _is_named_behind(text):
        found.update(_before(text))
    if _has_pair(text):
        found.update(_paired(text))
    yield from sorted(found)


def _before(text: str) -> Iterator[Span]:
    """The passwords that are named behind them."""
    for found in _BEFORE.finditer(text):
        group = next(name for name in ("value", "other", "phrase") if found[name])
        value = found[group].lstrip("\"'`([")
        if (is_phrase(value) if group == "phrase" else likeness(value) >= Likeness.CHOSEN) and not value.startswith(
            ("-", "$")
        ):
            yield found.end(group) - len(value), found.end(group), "password"


def _paired(text: str) -> Iterator[Span]:
    """The passwords behind the name of a user."""
    # A capital I with a dot is the one letter that two small ones stand for: places must stay the same.
    lowered = text.replace("\u0130", "I").lower()
    place = 0
    while word := _ACCOUNT_WORD.search(lowered, place):
        place = word.end()
        found = _REST_OF_PAIR.match(text, place)
        value = found["value"].rstrip(_END) if found else ""
        if found and likeness(value) >= Likeness.CHOSEN:
            place = found.start("value") + len(value)
            yield found.start("value"), place, "password"
