"""Secrets that a word nearby tells, whatever stands between: as a reader sees that something is a secret.

Two things make a value a secret: that a word for one stands before it, and that it looks like no word, name or number.
The less what stands between them says that the one is the value of the other, the more the value must look so by
itself. So no way to write the two down needs a rule of its own.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from agent_memory.redaction.finders.shapes import RUN_MIN, Span, runs
from agent_memory.redaction.linear import places_of
from agent_memory.redaction.looks.chosen import GROUPS
from agent_memory.redaction.looks.likeness import Likeness, is_hexadecimal, likeness
from agent_memory.redaction.looks.passwords import is_in_account, is_phrase
from agent_memory.redaction.looks.values import is_passphrase
from agent_memory.redaction.patterns import lazily
from agent_memory.redaction.words.names import kind_of, name_around
from agent_memory.redaction.words.secret_words import FOR_PASSWORD, FOR_SECRET, KEYS, NAMED_PASS, USERS

_words: Final = places_of(f"(?i:{FOR_SECRET})")
_KEY: Final = lazily(KEYS)
_USERS: Final = lazily(USERS)
_PASSWORD: Final = lazily(f"{FOR_PASSWORD}|{NAMED_PASS}")
# What some of these have behind them tells that they are names.
_ENDS_NAME: Final = "\"'`\\:= \t"
# So far behind such a word its value may stand.
_REACH: Final = 120
_VALUE_MAX: Final = 400
_VALUE_MIN: Final = 5
_CHARACTER: Final = r"[!#-&*+./0-9:?@A-Z^_a-z~-]"
_BEGIN: Final = lazily(rf"(?<!{_CHARACTER}){_CHARACTER}{{{_VALUE_MIN}}}")
_TOKEN: Final = lazily(rf"{_CHARACTER}{{{_VALUE_MIN},{_VALUE_MAX}}}={{0,2}}(?![=\\])")
_LEADING: Final = ":=*_.~-+!?#&@/"
_TRAILING: Final = ".,:;?*"
_OPENING: Final = r"[\s\"'`\\(*_\u2018\u201c\u201e\u00ab\u300c\u203a-]"
_SIGN: Final = r"(?::=|=>|={1,2}|:|->|\u2192|>|\||\uff1a)"
# What stands between a name and its value in settings, in programs, and in sentences.
_DIRECT: Final = lazily(rf"[\s\"'`\\)\]*_]{{0,12}}{_SIGN}{_OPENING}{{0,12}}(?:qq?[({{])?\Z")
_TELLING: Final = lazily(
    r"(?:[:=\uff1a\u2192\u2013\u2014]|->|=>|\b(?:is|was|are|to|be|being|with|use|using|enter|type|try|ist|war|lautet|hei\u00dft|auf|mit|"
    r"est|c['\u2019]est|\u00e9tait|es|era|con|com|avec|\u00e8|\u00e9|\u00e4r|er|je|jest|value|content|"
    r"default|as string)\b|"
    r"[\u306f\u304c\u662f\u4e3a\u70ba\u6210\u4e86\uff0c]|[\uc740\ub294])"
    rf"{_OPENING}{{0,8}}\Z|[\"'`\u201c\u201e\u00ab\u300c]\Z|\A(?: \*\*| )\Z|\A[\u3000-\uffef] ?\Z",
    re.IGNORECASE,
)
# What stands right behind a sign or a verb, whatever characters it has.
_TOLD: Final = lazily(rf"(?:{_SIGN}|\s(?:is|ist|est|es|\u00e8|\u00e9|lautet))[ \t]{{1,2}}(?=[!-\[\]-~])")
_WHOLE: Final = lazily(
    r"(?P<quote>[\"'`])(?P<quoted>[!-~]{5,200}?)(?P=quote)|(?P<bare>[!#-&*-_a-~][!-~]{4,200}?)[.,;:!?]?(?=\s|\Z)"
)
_GROUPS: Final = lazily(GROUPS, re.ASCII)
_PHRASE: Final = lazily(
    r"[^\n:]{0,100}[:=\uff1a\u300c\u00ab]\s{0,2}[\"'`]?(?P<value>[a-z]{3,12}(?: [a-z]{3,12}){2,6})"
    r"(?=[\"'`\u300d]|\s?\u00bb|[ \t]*(?:\r?\n|\r?\Z))"
)
# A name of its own that stands before a value, as settings and programs have it.
_OWN_NAME: Final = lazily(
    r"(?:[,;{}&?(\\]\s{0,24}|[,;{}&?(\\]?\s{0,24}(?P<quote>[\"'`]))(?P<name>[\w.$-]{1,40})\\{0,3}(?(quote)(?P=quote)|[\"'`]?)\]?\s{0,4}[:=]{1,2}>?\s{0,4}"
    r"\\{0,3}[\"'`]?\Z|\s(?P<other>[\w.-]{1,40})=\\{0,3}[\"'`]?\Z"
)
_SAYS_NOTHING: Final = lazily(
    r"(?:value|val|default|content|secret|password|token|key|string|data|text|result|new|old)s?\Z", re.IGNORECASE
)
_QUOTES: Final = ("'", '"', "`")
_SENTENCES_QUOTES: Final = ("\u00ab", "\u201e", "\u201c", "\u300c")
_DELIMITERS: Final = frozenset(" \t\"'`([<\u2018\u201c\u201e\u00ab\u300c")
_VARIABLE: Final = lazily(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\Z")
_LABELLED: Final = lazily(r"[A-Za-z]\w{0,15}[:@]")
# Other things than secrets, which look alike.
_OTHER: Final = lazily(
    r"(?:sha|md5|hash|digest|checksum|fingerprint|integrity|etag|public|commit|revision|uuid|guid|ssh-|cert|nonce|\bid)"
    r"\b[^\n,;}]{0,40}\Z",
    re.IGNORECASE,
)
_OTHER_KEY: Final = lazily(
    r"(?:cache|primary|foreign|partition|sort|idempotency|object|host|group|dedup\w*|lookup|routing|"
    r"translation|registry|query)[-_ .]?keys?",
    re.IGNORECASE,
)
_BEFORE_OTHER: Final = frozenset("$#@\\/.%")
# What only a number's name tells: it must say more than `key`.
_STRONG_NAME: Final = lazily(
    r"api|access|auth|secret|private|licen|\bmy\b|\bour\b|integration|service|account|encryption|signing|master|client|session|"
    r"bearer|refresh|personal|token|zugriff|acc[e\u00e8]s|acceso|geheim|mein",
    re.IGNORECASE,
)
_SESSION: Final = lazily(r"[0-9a-f]{32,128}\Z")
_STRONG_BEFORE: Final = 16
# The next line, where a name's own says nothing more.
_NAMED_VALUE: Final = lazily(r"\n[ \t]*(?:- )?[\"']?(?:default|value)[\"']?\s{0,4}[:=]\s{0,4}[\"']?\Z")
_NEXT_LINE: Final = lazily(
    r"\n(?:[ \t`*#>|]*\r?\n|(?:[ \t]*(?:type|description|sensitive|"
    r"nullable)[ \t]*=[^\n]{0,100}\n){1,3})?[ \t]*(?:[-*>|\u2502][ \t]+)?"
    r"(?:(?:default|value|content|data)[\"']?\s{0,4}[:=]\s{0,4})?[\"'`]?(?P<value>[!-~]{5,400}?)"
    r"[\"'`]?[,;]?[ \t]*\r?(?=\n|\Z)"
)
_LINE_MAX: Final = 160
_ENDS: Final = ":=>|{(`\"'"
_BLANK: Final = " \t\r*"
_COMMAND: Final = lazily(r"(?:[$#%>]|\w+@[\w.-]+:?\S*[$#])[ ][^\n]*\Z")
_ENOUGH: Final = 4
# How much what stands between a name and a value says that they belong together.
_IS_VALUE, _MAY_BE_VALUE, _IS_NEAR, _BY_WHAT_IS_BETWEEN, _IS_OTHERS = 3, 2, 1, 0, -9
# So far before a value it is looked at what is said of it.
_SAID_MAX, _NAMED_MAX = 40, 100
_END_OF_LINE: Final = lazily(r"[ \t]*(?:\r?(?=\n|\Z)|[ \t]#)")
_RUN: Final = lazily(rf"(?=[\w-]*[A-Z0-9])[\w-]{{{RUN_MIN}}}", re.ASCII)
# One of these stands right behind a name that has its value behind it.
_FOLLOWS: Final = lazily(rf"[\s\"'`\\)\]*_]{{0,12}}{_SIGN}")


@dataclass(frozen=True, slots=True)
class _Word:
    """A word for a secret, the name it is in, from `begin` to `end`, and where what it tells must begin before."""

    text: str
    word: str
    name: str
    begin: int
    end: int
    stop: int

    @property
    def is_password(self) -> bool:
        return _PASSWORD.match(self.word) is not None

    @property
    def kind(self) -> str:
        """What the markers of its values say."""
        if self.is_password:
            return "password"
        named = kind_of(self.name, is_variable=True)
        return "secret" if named in ("", "made") and not _KEY.search(self.word) else named.replace("made", "") or "key"

    @property
    def is_name(self) -> bool:
        """Whether the name is a secret's."""
        if self.name == "PASS" and not self.text.startswith(("=", " ="), self.end):
            return False  # what a test did
        plain = self.word.rstrip(_ENDS_NAME)
        return (
            self.name.lower() in (plain, plain + "s")
            or not self.name.isascii()
            or bool(kind_of(self.name, is_variable=True))
        )


def nearby(text: str) -> Iterator[Span]:
    """The secrets that a word before them tells, in order."""
    done = 0
    ends_of_runs = [end for _, end in runs(text)]
    for start, end, following in _with_following(text):
        if end <= done:
            continue
        word = _word(text, start, end, following)
        next_run = bisect_right(ends_of_runs, word.end)
        if not word.is_name or not (
            _is_followed(word) or (next_run < len(ends_of_runs) and ends_of_runs[next_run] < word.stop + _VALUE_MAX)
        ):
            continue
        for place, value, context in _values(word):
            if place >= done and _belongs(word, place, value, context):
                yield place, place + len(value), word.kind
                done = place + len(value)


def _with_following(text: str) -> Iterator[tuple[int, int, int]]:
    """The words in the text, and where the next one begins that may have the same value; in order."""
    words = []
    following = following_password = len(text)
    for start, end in reversed([*_words(text)]):
        is_password = _PASSWORD.match(text[start:end].lower()) is not None
        stop = following_password if is_password else following
        if stop - end >= _VALUE_MIN:
            words.append((start, end, stop))
        following = start
        following_password = start if is_password else following_password
    return reversed(words)


def _word(text: str, start: int, end: int, following: int) -> _Word:
    word = text[start:end].lower()
    begin, name = name_around(text, start, start + len(word.rstrip(_ENDS_NAME)))
    behind = begin + len(name)
    stop = min(behind + _REACH, max(behind, following))
    line = text.find("\n", behind, stop)
    return _Word(text, word, name, begin, behind, line if line >= 0 else stop)


def _is_followed(word: _Word) -> bool:
    """Whether a value may stand behind the word that no generator has made."""
    return (
        word.is_password
        or _FOLLOWS.match(word.text, word.end) is not None
        or _USERS.match(word.word) is not None
        or _VARIABLE.match(word.name) is not None
        or _at_end_of_line(word) >= 0
    )


def _at_end_of_line(word: _Word) -> int:
    """Where the word's line ends if its value may stand on the next one; else -1."""
    text, start = word.text, word.end
    end = text.find("\n", start, start + _LINE_MAX)
    if end < 0:
        return -1
    rest = text[start:end].rstrip(_BLANK)
    return end if not rest or rest[-1] in _ENDS or _is_command(word) else -1


def _values(word: _Word) -> Iterator[tuple[int, str, int]]:
    """What may be the word's value: where it begins, and how much what stands between says that it is."""
    text, start = word.text, word.end
    line_end = _at_end_of_line(word)
    phrase = _PHRASE.match(text, start) if word.is_password else None
    if phrase and phrase.start("value") < word.stop and is_phrase(phrase["value"]):
        yield phrase.start("value"), phrase["value"], _IS_VALUE
    for sign in _TOLD.finditer(text, start, word.stop):
        if whole := _WHOLE.match(text, sign.end()):
            group = "quoted" if whole["quoted"] else "bare"
            yield whole.start(group), whole[group], _BY_WHAT_IS_BETWEEN
        if groups := _GROUPS.match(text, sign.end()):
            yield sign.end(), groups[0], _IS_VALUE
    begins = (found.start() for found in _BEGIN.finditer(text, start + 1, min(word.stop + _VALUE_MIN, len(text))))
    for begin in (start, *begins):
        if not (token := _TOKEN.match(text, begin)):
            continue
        value = token[0].rstrip(_TRAILING)
        inner = value.lstrip(_LEADING)
        place = token.start() + len(value) - len(inner)
        yield place, inner, _BY_WHAT_IS_BETWEEN
    if line_end >= 0 and (line := _NEXT_LINE.match(text, line_end)):
        yield line.start("value"), line["value"], _IS_VALUE if not _is_command(word) else _IS_NEAR


def _is_command(word: _Word) -> bool:
    line = word.text.rfind("\n", max(0, word.begin - _LINE_MAX), word.begin) + 1
    return _COMMAND.match(word.text[line : word.end]) is not None


def _belongs(word: _Word, place: int, value: str, context: int) -> bool:
    """Whether the value is what the word tells."""
    like = likeness(value)
    if not like:
        return False
    text, end = word.text, place + len(value)
    if "\x1b" in text[max(0, place - 6) : place]:
        return False  # behind a colour; without it the text is looked at as well
    if context == _BY_WHAT_IS_BETWEEN:
        between = text[word.end : place]
        if not (word.is_password or _RUN.search(value) or _USERS.match(word.word) or _is_direct(between, word.name)):
            return False  # the cheapest question first: most of what is near is no value
        context = _context(between, value, word.name)
    if context + like < _ENOUGH:
        return False
    if text.startswith((" = ", "\n-----"), end):
        return False  # a variable with its type, the last line of a certificate
    if (
        text[place - 1 : place] in _BEFORE_OTHER
        or text[word.begin - 1 : word.begin] == "/"
        or text[end : end + 1] == "("
    ):
        return False
    if word.word.startswith("session"):
        return _SESSION.match(value) is not None  # ids of agents' sessions are told everywhere
    if (
        is_hexadecimal(value)
        and not (word.is_password and context == _IS_VALUE)
        and not (context >= _MAY_BE_VALUE and _STRONG_NAME.search(text, max(0, word.begin - _STRONG_BEFORE), place))
    ):
        return False
    if like == Likeness.WORD and not (word.is_password and _stands_for_value(word, place, value)):
        return False
    if not word.is_password:
        is_weak = word.kind == "key" and not _STRONG_NAME.search(word.name)
        if is_weak and like < Likeness.MADE and not is_hexadecimal(value):
            return False
        # Names have many parts, and what a glance at a text can't see is not looked for.
        if is_passphrase(value) and ("_" in value or "." in value):
            return False
        if context < _IS_VALUE and not _RUN.search(value) and not _USERS.match(word.word):
            return False
    return not (
        _OTHER_KEY.search(text, max(0, word.begin - 16), word.end)
        or _OTHER.search(text, max(0, word.begin - 16), place)
        or _OTHER.search(text, max(0, word.begin - 16), word.end)
    )


def _is_direct(between: str, name: str) -> bool:
    return (
        _DIRECT.match(between) is not None
        or between.rstrip()[-1:] in _SENTENCES_QUOTES
        or (between.strip("\"'") == " " and _VARIABLE.match(name) is not None)
    )


def _context(between: str, value: str, name: str) -> int:
    if _is_direct(between, name):
        return _IS_VALUE
    own = _OWN_NAME.search(between, max(0, len(between) - _NAMED_MAX))
    if own and not _SAYS_NOTHING.search(own["name"] or own["other"]):
        return _IS_OTHERS
    if _TELLING.search(between, max(0, len(between) - _SAID_MAX)):
        return _MAY_BE_VALUE
    return _IS_NEAR if between[-1:] in _DELIMITERS and not _LABELLED.match(value) else _IS_OTHERS


def _stands_for_value(word: _Word, place: int, value: str) -> bool:
    """Whether a word stands where nothing but a value can: all of a line, or a text in a program."""
    text, end = word.text, place + len(value)
    between = text[word.end : place]
    if text[end : end + 1] in _QUOTES and text[place - 1 : place] == text[end : end + 1]:
        return (
            not value.isalpha()
            or between[:-1] == " "
            or _NAMED_VALUE.search(between) is not None
            or (between.strip()[:1] == "=" and _is_line(text, word.begin, end + 1))
        )
    if text[max(0, place - 2) : place].strip()[-1:] in _SENTENCES_QUOTES:
        return True
    if "\n" in between:
        return _NAMED_VALUE.search(between) is not None
    if between == "=" and not value.isalpha():
        return True
    return _is_line(text, word.begin, end) and (value.islower() or is_in_account(text, word.begin, end))


def _is_line(text: str, begin: int, end: int) -> bool:
    """Whether a name from `begin` on and its value are all of a line."""
    start = max(0, begin - _LINE_MAX)
    line = text.rfind("\n", start, begin)
    before = text[line + 1 if line >= 0 else start : begin]
    return not before.strip(" \t-*>|#") and _END_OF_LINE.match(text, end) is not None
