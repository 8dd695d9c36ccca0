"""What a value looks like: made by a generator, made of words, or only standing where a value is to be."""

from __future__ import annotations

import re
from itertools import pairwise
from math import log2
from typing import Final

from agent_memory.redaction.looks.spelling import surprise
from agent_memory.redaction.patterns import lazily

_STAND_IN: Final = lazily(
    r"[$%{<*]{1,2}[A-Za-z_{(]|:[a-z_]{2,40}\Z|[@!#][A-Za-z_{(][a-z_{(-]*\Z|<|&lt;|\*{3}|x{3,}|\.{3}|[-_=.]{3}|ENC\[|\[?redacted|your|my[-_](?:secret|token|password|api|key)|"
    r"(?:https?|file|ftp)://|arn:|op://|vault:|secret[s]?://|env[:.]|process\.|os\.|import\.meta|\^|\(\?|"
    r"(?:true|false|null|none|nil|undefined|yes|no|on|off|required|optional|string|str|text|todo|tbd|changeme|change_me|"
    r"example|dummy|fake|placeholder|default|empty|unset|missing|invalid|incorrect|unknown|hidden|masked|password|passwd|secret|"
    r"token|value|test|n/a)[\d_.-]{0,2}\Z|//",
    re.IGNORECASE,
)
_GAP: Final = lazily(
    # AWS and others put that word into what their manuals show.
    r"(?-i:EXAMPLE)|\$\{|\{\{|<[a-z]{3}|<[a-z]{2}>\Z|\.\.\.|…|xxxx|\*\*\*\*|(?-i:%[sd])\b|%\(\w|#\{|\}\}|\{(?:[A-Za-z_][\w.]*)?\}|your[-_]|[-_](?:here|goes)\b|placeholder",
    re.IGNORECASE,
)
_TYPE: Final = lazily(
    r"(?:u?int|float|sha|md|utf-?|base|oauth|[ehpr]s|aes|v|x|i|u|f|ed|argon|pbkdf|bcrypt|http|ipv|tls|ecdsa|rsa|k8s|s)"
    r"[-_]?\d{1,5}(?:[-_]\w{1,12})?\Z",
    re.IGNORECASE,
)
# What is no value, though it has digits and signs: sizes, spans, versions, times, rules of a form, types, addresses of
# people, files, drives, and paths whose parts are words.
_NO_VALUE: Final = lazily(
    r"\d{1,3}:\d[\w.+~:-]*\Z|[<>=~^]{0,2}\d{1,5}(?:[-.:/+x]{1,2}\d{1,5})+[a-z]{0,3}\Z|\d{1,4}[-+]?(?:[a-z]{1,3}|chars?|characters?|digits?|[a-z]+-\w+|bits?|bytes?)\Z|"
    r"[a-z_]+(?::[\w,]+)?(?:\|[a-z_]+(?::[\w,]+)?)+\Z|[A-Za-z_]\w*\(\d*\)?\Z|[\w.+-]+@[\w-]+(?:\.[\w-]+)+\Z|"
    r"[\w./-]*\.(?:txt|json|ya?ml|toml|ini|cfg|conf|pem|key|crt|py|[cm]?[jt]sx?|go|rs|java|kt|rb|php|cs?|h|cpp|sh|md|html?|s?css|xml|sql|log|env)(?::\d+)*\Z|"
    r"[A-Za-z]:[\\/]|(?:::)?(?:[A-Za-z_][A-Za-z_.-]*\d{0,3}(?:/|::?|->))+(?:[A-Za-z_][\w.-]*)?\Z|[A-Za-z_]\w*[+*=][A-Za-z_]\w*\Z"
)
_CONSTANT: Final = lazily(r"[A-Z]+\d{0,3}(?:_(?:[A-Z]+\d{0,3}|\d{1,3}))+\Z")
# What names in programs are made of.
_PIECE: Final = lazily(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
# A label has one of these behind it, not a password.
_LABEL: Final = lazily(r"[^\W\d]+[:*?!.\u2026]{1,3}\Z")
_PATH: Final = lazily(r"[A-Za-z_$]\w*(?:(?:\.|->|::|\?\.)[A-Za-z_]\w*)+\Z", re.ASCII)
# Words in a row, as people and managers of passwords join them, and those that names in programs are made of.
_PASSPHRASE: Final = lazily(
    r"[a-z]{3,12}(?:([-_. ])[a-z]{3,12})(?:\1[a-z]{3,12}){1,9}(?:\1?\d{1,4})?[!?]?\Z", re.IGNORECASE
)
_OF_NAMES: Final = lazily(
    r"(?:pass|passwords?|passwd|pwd|pw|phrase|secrets?|tokens?|keys?|auth|creds?|credentials?|users?|username|login|hash|"
    r"params?|args?|fields?|val|values?|env|environ|configs?|conf|cfg|get|set|put|has|add|new|old|from|this|self|the|for|with|not|and|"
    r"form|forms|data|request|req|response|res|body|state|props|process|opts|options?|settings?|app|ctx|context|name|text|"
    r"input|label|error|errors|message|messages|invalid|required|reset|change|confirm|forgot|update|current|repeat|page|"
    r"view|button|title|hint|placeholder|help|file|files|path|default|test|tests|type|types|database|server|client|service|"
    r"account|api|url|host|port|model|models|object|json|yaml|string|str|int|bool|list|dict|map|row|rows|item|items|read|"
    r"write|load|parse|open|close|local|global|prod|production|dev|staging|example|com|org|net|main|core|lib|src|util|utils|"
    r"please|enter|choose|use|using|when|then|more|letters|digits|long|short|too|weak|strong|contain|contains|include|need|"
    r"needs|here|out|does|did|match|matches|again|into|why|what|how|who|where|which|all|any|some|every|each|only|also|just|"
    r"its|his|her|they|them|but|may|must|should|can|will|your|our|you|are|was|were|been|have|that|than|least|characters|mismatch|incorrect|wrong)\Z",
    re.IGNORECASE,
)
_LOWER_WORD: Final = lazily(r"[a-z]{4}")

VALUE_MIN: Final = 8
_RANDOM_MIN: Final = 16
# Bits a letter: names in programs cost four and seldom more, what a generator made costs more than six.
_WORDY_BITS: Final = 5.2
# Bits a character: English words have less, what a generator made more.
_ENTROPY_MIN: Final = 3.0
_MIDDLE_ENTROPY: Final = 3.3
_HIGH_ENTROPY: Final = 3.7
_TURNS_MIN: Final = 3
_STRONG_SIGNS: Final = frozenset("!@#$%^&*?+~=")


def is_stand_in(value: str) -> bool:
    """Whether the value only stands where one is to be: a variable, a type, an ellipsis, `your-password`."""
    return bool(_STAND_IN.match(value) or _GAP.search(value) or _TYPE.match(value))


def is_type(value: str) -> bool:
    """Whether the value is a type, a digest or a protocol with its number: `sha256`, `utf-8`."""
    return _TYPE.match(value) is not None


def is_no_value(value: str) -> bool:
    """Whether the value is a size, a time, a version, a rule, a type, an address or a path of words."""
    return _NO_VALUE.match(value) is not None


def is_constant(value: str) -> bool:
    """Whether the value is the name of a constant: `ZENDESK_API_SECRET`."""
    return _CONSTANT.match(value) is not None


def is_label(value: str) -> bool:
    """Whether the value is a word that stands before something: `Passwort:`."""
    return _LABEL.match(value) is not None


def is_path(value: str) -> bool:
    """Whether the value is a name with parts, as programs write them: `user.password`."""
    return _PATH.match(value) is not None


def is_passphrase(value: str) -> bool:
    """Whether the value is four or more words in a row that no name in a program is made of."""
    return _PASSPHRASE.match(value) is not None and not any(map(is_of_names, re.split(r"[-_. ]", value)))


def is_of_names(word: str) -> bool:
    """Whether the word is one that names in programs are made of, or one that binds others in a sentence."""
    return _OF_NAMES.match(word) is not None


def is_strong(value: str) -> bool:
    """Whether the value has so many kinds of characters that hardly anything but a password has."""
    if len(value) < VALUE_MIN:
        return False
    kinds = (
        any(map(str.islower, value)),
        any(map(str.isupper, value)),
        any(map(str.isdigit, value)),
        not _STRONG_SIGNS.isdisjoint(value),
    )
    return not is_no_value(value) and (
        sum(kinds) == len(kinds) or (sum(kinds) == len(kinds) - 1 and kinds[2] and not is_wordy(value))
    )


def is_random(value: str, *, least: int) -> bool:
    """Whether a generator made the value, as far as its characters tell: no word, no name, no version."""
    if len(value) < least or " " in value or (is_path(value) and not has_random_part(value)):
        return False
    if has_random_part(value):
        return True
    digits = sum(character.isdigit() for character in value)
    least_entropy = _HIGH_ENTROPY if digits < 3 or _LOWER_WORD.search(value) else _MIDDLE_ENTROPY
    return len(value) >= _RANDOM_MIN and digits > 0 and entropy(value) >= least_entropy


def is_wordy(value: str) -> bool:
    """Whether the value is made of words, as names in programs are: `testEd25519PrivateKey`, `pkcs8_to_pkcs1`."""
    pieces: list[str] = _PIECE.findall(value)
    if sum(piece[0].isdigit() for piece in pieces) > 2:
        return False
    return surprise(value) < _WORDY_BITS


def has_random_part(value: str) -> bool:
    """Whether a stretch of letters and digits in the value changes between them as words do not."""
    for part in re.split(r"[^A-Za-z0-9]+", value):
        if len(part) < VALUE_MIN:
            continue
        turns = sum(a.isdigit() != b.isdigit() for a, b in pairwise(part))
        cases = sum(a.islower() and b.isupper() for a, b in pairwise(part))
        turns += cases // 2 if is_wordy(part) else cases
        if turns >= _TURNS_MIN and entropy(part) >= _ENTROPY_MIN - 0.5:
            return True
    return False


def entropy(value: str) -> float:
    """Bits a character, by how often each stands in the value."""
    counts = [value.count(character) for character in set(value)]
    return -sum(count / len(value) * log2(count / len(value)) for count in counts)
