"""Passwords and keys in sentences: "le mot de passe est ...", "login with bob / ...", in the languages people write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from agent_memory.redaction.linear import has
from agent_memory.redaction.passwords import is_named_after, is_plain_word
from agent_memory.redaction.shapes import Span, runs
from agent_memory.redaction.values import (
    has_random_part,
    is_constant,
    is_no_value,
    is_passphrase,
    is_path,
    is_random,
    is_stand_in,
    is_strong,
    is_wordy,
)

# The word for a password, in one language after the other.
_LATIN: Final = (
    "passwor[dt]|passwd|pass ?(?:phrase|code)|passord|kennwort|zugangscode|mot de passe|\\bmdp|contrase[\u00f1n]a|"
    "clave|senha|"
    "palavra[- ]passe|parola|wachtwoord|kodeord|adgangskode|l[o\u00f6]senord|salasana|has[l\u0142][oa]\\b|heslo|"
    "jelsz[o\u00f3]|"
    "[s\u015f]ifre\\b|kata sandi|m\u1eadt kh\u1ea9u|\\bpwd?\\b|wi-?fi[ -]?(?:key|code)|wlan[ -]?(?:key|code|"
    "schl\u00fcssel)|"
    "netzwerkschl\u00fcssel|cl\u00e9 (?:du )?wi-?fi|(?:gate|alarm|safe) code|zugangscode|code d['\u2019]acc\u00e8s"
)
_OTHER: Final = (
    "\u043f\u0430\u0440\u043e\u043b\u044c|\u30d1\u30b9\u30ef\u30fc\u30c9|"
    "\u6697\u8a3c\u756a\u53f7|\u5bc6\u7801|\u5bc6\u78bc|\u53e3\u4ee4|\ube44\ubc00\ubc88\ud638|\uc554\ud638|"
    "\u05e1\u05d9\u05e1\u05de\u05d4|\u0643\u0644\u0645\u0629 \u0627\u0644\u0645\u0631\u0648\u0631"
)
PASSWORD_WORDS: Final = f"{_LATIN}|{_OTHER}"
# The same for a key.
_KEY_WORDS: Final = (
    *("key", "token", "schl\u00fcssel", "cl\u00e9", "cle ", "clave", "chiave", "chave", "llave", "sleutel"),
    *("\u043a\u043b\u044e\u0447", "\u0442\u043e\u043a\u0435\u043d", "\u30ad\u30fc", "\u30c8\u30fc\u30af\u30f3"),
    *("\u5bc6\u94a5", "\u5bc6\u9470", "\u4ee4\u724c", "\ud0a4", "\ud1a0\ud070"),
)
_KEY: Final = "\\bkeys?\\b|" + "|".join(_KEY_WORDS[1:])
ACCOUNT_WORDS: Final = (
    "credentials?|creds|\\buser(?:name)?\\b|benutzer|utilisateur|usuario|utente|log(?:ged|ging)?[ -]?in|logins?|"
    "sign in|zugangsdaten|anmeldedaten|anmelden|identifiants?|credenciales|"
    "credenziali|credenciais|inloggegevens|\u0432\u0445\u043e\u0434|\u043b\u043e\u0433\u0438\u043d|\u8d26\u53f7|\u8d26\u6237|\u30ed\u30b0\u30a4\u30f3"
)
# A colon as wide as a Chinese letter, and how quotes of other languages open.
_WIDE: Final = "\uff1a"
_QUOTES: Final = "\u00ab\u201e\u201c\u300c"
_VERB: Final = (
    "is(?: now)?|was|are|being|to(?: be)?|type|enter|use|using|try|ist|war|lautet|hei\u00dft|auf|est|\u00e9tait|"
    "c['\u2019]est|es|"
    "era|\u00e8|\u00e9|\u00e4r|er|je|jest|on|var|\u2014|\u2013|-+>|=>|\u2192"
)
_OPEN: Final = "[\"'`\u00ab\u201e\u201c\u201d\u2018\u300c\u300e\u2039(]"
_SIGN: Final = (
    rf"(?:[ ]?[:\uff1a=][ \n]{{0,2}}|[ ](?:{_VERB}):?[ ]{{1,2}}|[ \u3000]?[\u306f\u304c\u662f\u4e3a\u70ba\uff0c]"
    rf"[ ]{{0,2}}|"
    r"[\uc740\ub294][ ]|[ ](?=[\u00ab\u201e\u201c\u300c])|[ ]{1,2}(?=[!-~]*\d))"
)
# The rest of the phrase, between the word and the sign: no end of a sentence.
_PHRASE: Final = (
    r"[^\n:\uff1a=.,;!?<>(){}\[\]\"'`\u00ab\u00bb\u201e\u201c\u201d\u300c\u300d\u3002\u3001\uff0c|/\\]{0,60}?"
)
# In groups, as services give them out for programs that have no second factor; or a word.
_GROUPS: Final = r"(?:[a-z]{4}[ -]){3}[a-z]{4}(?![\w-])|(?:[A-Za-z0-9]{4}[ ]){3,5}[A-Za-z0-9]{4}(?![\w-])"
_VALUE: Final = rf"(?:{_OPEN}\s?)?(?P<value>{_GROUPS}|[!-&(-~]{{4,200}})"
_PASSWORD_WORD: Final = re.compile(PASSWORD_WORDS)
_REST: Final = re.compile(f"{_PHRASE}{_SIGN}{_VALUE}", re.IGNORECASE)
# What stands before a key that a sentence tells.
_BEFORE_KEY: Final = re.compile(
    rf"(?:{_KEY})(?:[ ]\d{{1,2}})?{_PHRASE}{_SIGN}(?:{_OPEN}\s?)?[.:+/=~]{{0,2}}\Z", re.IGNORECASE
)
_BEFORE_MAX: Final = 100
_KEY_VALUE: Final = re.compile(r"[\w.:+/=~-]{1,400}", re.ASCII)
_IN_KEY: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.+/~")
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
    rf"(?:(?!not)\w{{1,20}}[ -]){{0,2}}(?:{_LATIN})",
    re.IGNORECASE,
)
# In every text that tells a password so, one of these is found.
PASSWORDS: Final = (
    rf"(?i:{_LATIN})[^\n:=.,;!?<>(){{}}\[\]\"'`|/\\]*(?:[:={_WIDE}{_QUOTES}]|[ ](?:{_VERB}):?[ ]|[ ][\"'`(]|[ ]\S*\d)",
    f"(?i:{_OTHER})",
    rf"\S*[^\sa-z]\S*[ ](?:{_IS})[ ](?:\w+[ -])*?(?i:{_LATIN})",
)
ACCOUNT: Final = (
    rf"(?i:{ACCOUNT_WORDS})[^\n:=/,|]*(?:[:={_WIDE}]|[ ](?:with|as|is|are|mit|als|avec|con|com|met)[ ])[ ]*[\"'`]"
    rf"?[\w.@+-]+[\"'`]?(?:[ ]*[/:|,]|[ ](?:using|with|and|und|mit|et|avec|y|con|e|com)[ ])"
)
_has_mark: Final = has("|".join(PASSWORDS))
_has_pair: Final = has(ACCOUNT)
_END: Final = ".,;:!?)'\"`>]}|*"
_HEXADECIMAL: Final = re.compile(r"[0-9a-fA-F-]+\Z")
# Digests and public keys, which say so.
_OTHER_VALUE: Final = re.compile(r"sha\d|md5|age1|ssh-|AAAA[BCE]", re.IGNORECASE)
# A generator changes between kinds of letters more often than words do.
_TURN: Final = re.compile(r"[a-z][A-Z0-9]|[0-9][A-Za-z]")
_KEY_TURNS_MIN: Final = 4
_DIGEST: Final = re.compile(
    r"(?:sha\d*|md5|fingerprint|digest|public|(?:cache|primary|foreign|partition|sort|idempotency|object|host)"
    r"[-_ .]?keys?)[^\n]{0,32}\Z"
)
_KEY_MIN: Final = 20
_PASSWORD_MIN: Final = 5
_LETTERS_MIN: Final = 10
_TURNS_MIN: Final = 3
_IN_GROUPS: Final = re.compile(rf"(?:{_GROUPS})\Z", re.ASCII)
_SPOKEN: Final = re.compile(r"(?!.{0,2}[bcdfghjklmnpqrstvwxz]{3})[a-z]*[aeiouy][a-z]*\Z", re.IGNORECASE)
# What is in a value that a person made up, and what a number, a form or a version has, too.
_MIXED: Final = re.compile(r"(?=[^\d\s]*\d)(?=[^A-Za-z]*[A-Za-z])[^\s/<>(){}\[\]]{6,128}\Z")
_MEASURE: Final = re.compile(
    r"(?:v?\d[\d.,-]*[a-z]{0,12}|[a-z]{1,12}-?\d{1,4}(?:[-_/.]?[a-z]{0,8}\d{0,4}){0,2}|(?:chapter|version|release|node|python|java|line|step|"
    r"phase|level|day|week|rev|issue|ticket|section|part|page)s?-?\d+)\Z",
    re.IGNORECASE,
)
_CODE: Final = re.compile(r"[;|(){}<>\"]")
_WORD_WITH_NUMBER: Final = re.compile(r"[a-z]{5,}\d{2,6}[!?#$%]?\Z", re.IGNORECASE)
_OF_PROGRAMS: Final = re.compile(
    r"(?:argon|bcrypt|scrypt|pbkdf|sha|aes|base|utf|oauth|http|ipv|windows|python|ubuntu|debian|postgres|postgresql|mysql|"
    r"version|chapter|section|release|line|page|step|level|phase|issue|ticket|test|param|arg|value|field|column|node|server|host|"
    r"web|worker|example|user|sprint|build|module|index|item|row)s?\d+\Z",
    re.IGNORECASE,
)


def said(text: str) -> Iterator[Span]:
    """The passwords and keys that sentences tell, in order."""
    found: set[Span] = set()
    if _has_mark(text):
        found.update(_before(text))
        found.update(_behind(text, _PASSWORD_WORD, _REST))
    if _has_pair(text):
        found.update(_behind(text, _ACCOUNT_WORD, _REST_OF_PAIR))
    found.update(_keys(text))
    yield from sorted(found)


def _before(text: str) -> Iterator[Span]:
    """The passwords that are named behind them."""
    for found in _BEFORE.finditer(text):
        value = found["value"].lstrip("\"'`([")
        if is_said_password(value) and not value.startswith(("-", "$")):
            yield found.end("value") - len(value), found.end("value"), "password"


def _behind(text: str, words: re.Pattern[str], rest: re.Pattern[str]) -> Iterator[Span]:
    """The passwords behind one of the words and the rest of what a sentence has before them."""
    # A capital I with a dot is the one letter that two small ones stand for: places must stay the same.
    lowered = text.replace("\u0130", "I").lower()
    place = 0
    while word := words.search(lowered, place):
        place = word.end()
        found = rest.match(text, place)
        value = found["value"].rstrip(_END) if found else ""
        if found and (is_said_password(value) or _is_quoted_word(text, found)):
            place = found.start("value") + len(value)
            yield found.start("value"), place, "password"


def _is_quoted_word(text: str, found: re.Match[str]) -> bool:
    """Whether the value is a word between quotes as only sentences have them."""
    place = found.start("value")
    opening = text[place - 2 : place].strip()[-1:]
    return opening in _QUOTES and bool(opening) and is_plain_word(found["value"].rstrip(_END))


def _keys(text: str) -> Iterator[Span]:
    # Runs of letters and digits that nobody made up are fewer than the words for a key.
    done = 0
    for start, end in runs(text):
        if start < done or len(_TURN.findall(text, start, end)) < _KEY_TURNS_MIN:
            continue
        begin = start
        while begin > max(done, start - _KEY_MIN) and text[begin - 1] in _IN_KEY:
            begin -= 1
        before = text[max(0, begin - _BEFORE_MAX) : begin].lower()
        if not any(word in before for word in _KEY_WORDS):
            continue
        value = _KEY_VALUE.match(text, begin)
        done = value.end() if value else end
        key = text[begin:done].rstrip(".:")
        if _is_key(key) and not _DIGEST.search(before) and _BEFORE_KEY.search(before):
            yield begin, begin + len(key), "key"


def _is_key(value: str) -> bool:
    return (
        not _OTHER_VALUE.match(value)
        and not is_stand_in(value)
        and is_random(value, least=_KEY_MIN)
        and not is_wordy(value)
        and not _HEXADECIMAL.match(value)
    )


def is_said_password(value: str) -> bool:
    """Whether a word of a sentence, where a password may stand, is one: no other word looks so."""
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


def _is_no_sentence(groups: list[str]) -> bool:
    """Whether of groups of letters hardly any can be spoken."""
    return sum(_SPOKEN.match(group) is not None for group in groups) <= len(groups) / 2
