"""Secrets that are known by their names: what stands behind `password =`, `"api_key":`, `--token`, `Bearer`.

Code speaks of passwords more often than it holds any. So what stands there is weighed: names of variables, types,
placeholders and paths are no secrets, and a word is one only where nothing but a value can stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from math import log2
from typing import Final

from agent_memory.redaction.shapes import Span

# One of them is in every name of a secret.
STEMS: Final = ("pass", "pwd", "secret", "token", "key", "auth", "credential", "bearer", "cookie", "signature")
# Passwords in German, French, Spanish, Italian and Portuguese; the others have "pass" in them.
FOREIGN_STEMS: Final = ("kennwort", "mdp", "contrase\u00f1a", "contrasena", "clave", "parola", "senha", "psk")
_NAME_MAX: Final = 48
_LINE_MAX: Final = 300
_VALUE_MAX: Final = 4096
# A value that was looked at and is none is passed over from this length on: looking into it again costs time.
_LONG: Final = 64

_QUOTE: Final = r"\\{0,3}[\"'`]"
# "the password for staging is ...", "das Passwort für Staging lautet ...".
_OF_WHAT: Final = (
    r"\s(?:for|of|to|on|in|für|von|vom|zu[rm]?|der|d[aeiou]s?|d[aeo]l(?:la)?|d['\u2019]|pour|para|per|n[ao])\s?"
    r"[^\s:=.,;!?\"'`<>(){}\[\]][^\n:=.,;!?\"'`<>(){}\[\]]{0,40}?"
)
_AFTER: Final = re.compile(
    rf"""
    (?P<tail> [\w-]{{0,40}}+ (?: [ ](?:d['\u2019](?:ordine|acc[eè]s(?:so)?)|de[ ]ac(?:c?eso|esso)|chiave) )? )
    (?P<closed> {_QUOTE} )? [\])]{{0,2}}
    (?:
        (?P<sign> [\s\u00a0\u202f]{{0,8}} (?: =>|:=|={{1,3}}|: ) \s{{0,8}} (?:\\[nt])? )
        (?: [&\w.\[\]|?<>]{{1,40}} (?:\s\|\s[\w.]{{1,20}})? \s? = \s? (?=[\"'`]) )?  # `key: str = "..."`
      | (?P<call> ,\s{{0,4}} (?={_QUOTE}) )
      | (?P<attribute> \s{{1,4}} value= (?=[\"']) )
      | (?P<element> > )
      | (?P<said>
            (?:{_OF_WHAT})? \s (?:is|was|are|ist|war|lautet|est|était|es|era|è|é|to|auf)
            (?:\s(?:now|jetzt|maintenant|ahora|ora|agora))? :? \s
          | {_OF_WHAT} [ ]? :[ ]
        )
      | (?P<space> [ \t]{{1,4}} )
    )
    (?: (?:[Bb]earer|[Bb]asic|[Tt]oken|[Aa]pi[Kk]ey) \s{{1,6}} )?
    (?:
        (?P<quote> [bfru@]? {_QUOTE} ) (?P<quoted> [^\"'`\r\n]{{1,{_VALUE_MAX}}}+ )
      | (?P<bare> [^\s\"'`<>;,(){{}}\[\]|\\&]{{3,{_VALUE_MAX}}}+ )
    )
    """,
    re.VERBOSE | re.ASCII,
)

_PASSWORD: Final = re.compile(
    r"(?:password|passwd|passphrase|passcode|passwort|pwd|kennwort|mots?depasse|mdp|contrase\u00f1a|contrasena|senha|"
    r"palavrapasse|parola(?:d\W?ordine|chiave|d\W?accesso)?|clave(?:deacceso)?|psk)\d?\Z"
)
# A pass is also what a compiler, a renderer or a test makes.
_PASS: Final = re.compile(
    r"(?:user|usr|db|database|sql|root|admin|my|mysql|maria|pg|postgres|mongo|redis|rabbit(?:mq)?|amqp|mq|smtp|mail|imap|pop3?|"
    r"ftp|sftp|ssh|http|proxy|login|sudo|su|auth|basicauth|account|service|svc|app|api|client|server|key|keystore|store|"
    r"trust(?:store)?|ca|cert|pfx|p12|jks|pem|wifi|wlan|vpn|ldap|bind|ad|es|elastic(?:search)?|neo4j|kafka|zip|backup|"
    r"vault|registry|docker|jenkins|nexus|web|wp|ora(?:cle)?|sa|mssql|rdp|vnc|ipmi|bmc|snmp|broker|mqtt|influx(?:db)?|grafana)"
    r"pass\d?\Z"
)
_PASS_VARIABLE: Final = re.compile(r"(?:\A|[A-Z0-9]_)PASS\d?\Z")
_TOKEN: Final = re.compile(
    r"tokens?\Z|authorization\Z|auth\Z|bearer\Z|credentials?\Z|cookie\Z|(?:x|request|webhook)signature\Z"
)
_OPAQUE: Final = re.compile(
    r"otpauth\Z|(?:page|pagination|continuation|change|purchase|clientrequest|idempotency|sync|resume|cancel(?:lation)?|next|max|min|num|design|syntax|lexer|stop|eos|bos|pad)"
    r"tokens?\Z|(?:by|no|with|has|is|the|of|per)tokens?\Z"
)
_SECRET: Final = re.compile(
    r"secret(?:key(?:base)?)?\d?\Z|secretvalue\Z|"
    r"(?:api|access|secret|private|sign(?:ing)?|encrypt(?:ion)?|decrypt(?:ion)?|crypto|cipher|master|account|shared|auth|"
    r"license|licence|webhook|service|deploy|client|consumer|server|app|application|subscription|storage|integration|"
    r"ingest(?:ion)?|hmac|aes|jwt|session|admin|rest|write|prod|live|production|functions?|host|instrumentation|pass)key\d?\Z"
)
_OTHER_KEY: Final = re.compile(
    r"(?:public|pub|primary|foreign|cache|partition|sort|idempotency|object|s3|file|i18n|translation|hash|dedup|group|"
    r"lookup|index|map|dict|row|column|col|known|hot|short|arrow|routing|composite|unique|sorting|config|registry|query|"
    r"publishable|anon|site|ssh|gpg|pgp|host|storage|react|list|item|node|tree|left|right|up|down|enter|return|escape|tab)"
    r"key\d?\Z"
)

_STAND_IN: Final = re.compile(
    r"[$%{<*#]{1,2}[A-Za-z_{(]|[@!][A-Za-z_{(][a-z_{(-]*\Z|<|\*{3}|x{3,}|\.{3}|[-_=.]{3}|\[?redacted|your|my[-_](?:secret|token|password|api|key)|"
    r"(?:https?|file|ftp)://|arn:|op://|vault:|secret[s]?://|env[:.]|process\.|os\.|import\.meta|\^|\(\?|"
    r"(?:true|false|null|none|nil|undefined|yes|no|on|off|required|optional|string|str|text|todo|tbd|changeme|change_me|"
    r"example|dummy|fake|placeholder|default|empty|unset|missing|invalid|unknown|hidden|masked|password|passwd|secret|"
    r"token|value|test|n/a)[\d_.-]{0,2}\Z|//",
    re.IGNORECASE,
)
# What is no value, though it has digits and signs: sizes, spans, versions, times, rules of a form, types, addresses of
# people, files, drives, and paths whose parts are words.
_NO_VALUE: Final = re.compile(
    r"[<>=~^]{0,2}\d{1,5}(?:[-.:/+x]{1,2}\d{1,5})+[a-z]{0,3}\Z|\d{1,4}[-+]?(?:[a-z]{1,3}|chars?|characters?|digits?|[a-z]+-\w+|bits?|bytes?)\Z|"
    r"[a-z_]+(?::[\w,]+)?(?:\|[a-z_]+(?::[\w,]+)?)+\Z|[A-Za-z_]\w*\(\d*\)?\Z|[\w.+-]+@[\w-]+(?:\.[\w-]+)+\Z|"
    r"[\w./-]*\.(?:txt|json|ya?ml|toml|ini|cfg|conf|pem|key|crt|py|[cm]?[jt]sx?|go|rs|java|kt|rb|php|cs?|h|cpp|sh|md|html?|s?css|xml|sql|log|env)(?::\d+)*\Z|"
    r"[A-Za-z]:[\\/]|(?:::)?(?:[A-Za-z_][A-Za-z_.-]*\d{0,3}(?:/|::?|->))+(?:[A-Za-z_][\w.-]*)?\Z|[A-Za-z_]\w*[+*=][A-Za-z_]\w*\Z"
)
_CONSTANT: Final = re.compile(r"[A-Z]+\d{0,3}(?:_(?:[A-Z]+\d{0,3}|\d{1,3}))+\Z")
# What names in programs are made of; the words that most of them have; what can be spoken, as chance's letters can't.
_PIECE: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_COMMON: Final = re.compile(
    r"(?:key|token|auth|secret|user|test|private|public|for|get|set|to|pem|sha|max|min|input|request|no|with|api|http|my|data|id|role|name)s?\Z",
    re.IGNORECASE,
)
_SPOKEN: Final = re.compile(r"(?=.?[a-z]*[aeiouy])(?!.*[bcdfghjklmnpqrstvwxz]{4})[a-z]{3,}\Z", re.IGNORECASE)
_SPOKEN_MIN: Final = 5
_LABEL: Final = re.compile(r"[^\W\d]+[\W_]{1,3}\Z")
_GAP: Final = re.compile(
    # AWS and others put that word into what their manuals show.
    r"(?-i:EXAMPLE)|\$\{|\{\{|<[a-z]|\.\.\.|…|xxxx|\*\*\*\*|%[sd(]|#\{|\}\}|your[-_]|[-_](?:here|goes)\b|placeholder",
    re.IGNORECASE,
)
_TYPE: Final = re.compile(
    r"(?:u?int|float|sha|md|utf-?|base|oauth|[ehpr]s|aes|v|x|i|u|f|ed|argon|pbkdf|bcrypt|http|ipv|tls|ecdsa|rsa|k8s|s)"
    r"[-_]?\d{1,5}(?:[-_]\w{1,12})?\Z",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[A-Za-z]+\Z")
_IDENTIFIER: Final = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
_PATH: Final = re.compile(r"[A-Za-z_$]\w*(?:(?:\.|->|::|\?\.)[A-Za-z_]\w*)+\Z", re.ASCII)
_FILE: Final = re.compile(r"[~.]{0,2}/(?:[\w.-]+/)*+[\w.?=&%-]*\Z", re.ASCII)
# What begins like a file of a system is none of base 64's.
_PLACE: Final = re.compile(
    r"[~.]{0,2}(?:/[a-z][a-z.-]{1,20}){2}/|[~.]{0,2}/(?:home|tmp|usr|var|opt|etc|root|srv|mnt|run|Users|app|workspace|build|target)/"
)
_COLOUR: Final = re.compile(r"\x1b\[[\d;]*m")
# How runners of tests begin the line of a result, and how they end it.
_RESULT: Final = re.compile(
    r"[ \t]*(?:[\u2713\u2714\u2715\u2717\u2718\u00d7\u221a\u25cf\u25cb\u203a\u2022\u26a0]|"
    r"\[?(?:PASS|FAIL|OK|ERROR|SKIP)(?:ED|URE)?\b|---|===|(?:not )?ok\b|#|it\b|test\b|describe\b|\d+\))"
)
_RESULT_END: Final = re.compile(
    r"(?:\([\d.]+\s?m?s\)|\bPASSED|\bFAILED|\.\.\. (?:ok|FAILED|ignored)|\[ *\d+%\]|[ \t]\d+ ?ms)[ \t]*\r?\Z"
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=]+\Z|[A-Za-z0-9_-]+\Z")
_HEXADECIMAL: Final = re.compile(r"[0-9a-fA-F-]+\Z")
# In a sentence a name has spaces: "the API key is ...".
_SPACED: Final = re.compile(
    r"(?:(?:api|access|secret|private|licen[sc]e|signing|encryption|mots?[ ]de|palavra)[ ])\Z", re.IGNORECASE
)
_LOWER_WORD: Final = re.compile(r"[a-z]{4}")
_NAMED_AFTER: Final = re.compile(
    r"pass|pwd|secret|token|key|auth|cred|user|hash|param|arg|field|val|env|config", re.IGNORECASE
)
_ARN: Final = re.compile(r"\barn:[^\s\"']{1,110}:\Z")
_NUMBER: Final = re.compile(r"[-+]?[\d.,_]+[a-zA-Z%]{0,2}\Z")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_ENVIRONMENT_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_CODE_FOLLOWS: Final = "([.{"
# A value behind a name in capitals may have any character but those that end a word.
_END_OF_WORD: Final = re.compile(r"[\s\"'`\\]")

_PASSWORD_MIN: Final = 4
VALUE_MIN: Final = 8
_RANDOM_MIN: Final = 20
_WEAK_KEY_MIN: Final = 24
# Bits a character: English words have less, what a generator made more.
_ENTROPY_MIN: Final = 3.0
_MIDDLE_ENTROPY: Final = 3.3
_HIGH_ENTROPY: Final = 3.7


def named_values(text: str) -> Iterator[Span]:
    """The values in the text whose names say that they are secret."""
    # A capital I with a dot is the one letter that two small ones stand for: places must stay the same.
    lowered = text.replace("\u0130", "I").lower()
    found: dict[int, Span] = {}
    for stem in (*STEMS, *FOREIGN_STEMS):
        place = lowered.find(stem)
        while place >= 0:
            span, after = _value_at(text, place, place + len(stem))
            if span:
                found.setdefault(span[0], span)
            place = lowered.find(stem, after)
    yield from (found[start] for start in sorted(found))


def _value_at(text: str, start: int, end: int) -> tuple[Span | None, int]:
    """The secret that is named by the word with the stem from `start` to `end`, and where to look on."""
    match = _AFTER.match(text, end)
    if match is None:
        return None, end
    begin = start
    while begin > 0 and start - begin < _NAME_MAX and (text[begin - 1].isalnum() or text[begin - 1] in "_-."):
        begin -= 1
    if (
        text[begin - 1 : begin] == "/"
        or text[begin - 2 : begin] == "::"
        or _ARN.search(text, max(0, begin - 120), begin)
    ):
        return None, end  # the name of a file, a type or a cloud's resource
    name = text[begin:end] + match["tail"]
    if name.lower() in ("key", "passe") and (spaced := _SPACED.search(text, max(0, begin - _NAME_MAX), begin)):
        name = spaced[0] + name
    value, place = (match["quoted"], match.start("quoted")) if match["quoted"] else (match["bare"], match.start("bare"))
    after = place + len(value) if len(value) > _LONG else end
    is_environment = match["sign"] == "=" and _ENVIRONMENT_NAME.match(name.lstrip("-"))
    kind = _kind(name, is_variable=bool(is_environment))
    if not kind:
        return None, after
    if match["quoted"]:
        value = value.rstrip("\\")
    elif is_environment:
        value = text[place : _end_of_word(text, place)]
    follows = text[place + len(value) : place + len(value) + 1]
    if not match["quoted"] and not is_environment:
        value = value.rstrip(".?:!" if match["said"] else ".?:")
    if kind == "password" and not match["quoted"] and not is_environment and _is_in_result(text, begin, place):
        return None, after
    if _is_secret(name, kind, value, match, follows, is_flag=name.startswith("-"), is_environment=bool(is_environment)):
        return (place, place + len(value), kind), place + len(value)
    return None, after


def _is_in_result(text: str, start: int, end: int) -> bool:
    """Whether what stands from `start` to `end` is part of a test's name in a line of its results."""
    line_start, line_end = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    line = text[max(line_start, start - _LINE_MAX) : min(line_end if line_end >= 0 else len(text), end + _LINE_MAX)]
    line = _COLOUR.sub("", line)
    return bool(_RESULT.match(line) or _RESULT_END.search(line) or " \u203a " in line or line.count(" > ") > 1)


def _end_of_word(text: str, place: int) -> int:
    end = _END_OF_WORD.search(text, place, place + _VALUE_MAX)
    return end.start() if end else min(len(text), place + _VALUE_MAX)


def _kind(name: str, *, is_variable: bool) -> str:
    """What a thing of that name is: password, token, secret, key; empty for a name that says nothing."""
    flat = re.sub(r"[-_ ]", "", name.rpartition(".")[2] or name).lower()
    if _PASSWORD.search(flat) or _PASS.match(flat) or (is_variable and _PASS_VARIABLE.search(name)):
        return "password"
    if _TOKEN.search(flat):
        return "" if _OPAQUE.search(flat) else "token"
    if _SECRET.search(flat):
        return "secret" if "secret" in flat and not flat.endswith("key") else "api-key"
    if flat.endswith("key") and len(flat) > 3 and not _OTHER_KEY.search(flat):
        return "key"
    return "key" if flat == "key" else ""


def is_stand_in(value: str) -> bool:
    """Whether the value only stands where one is to be: a variable, a type, an ellipsis, `your-password`."""
    return bool(_STAND_IN.match(value) or _GAP.search(value) or _TYPE.match(value))


def _is_secret(
    name: str, kind: str, value: str, match: re.Match[str], follows: str, *, is_flag: bool, is_environment: bool
) -> bool:
    if len(value) < (_PASSWORD_MIN if kind == "password" else VALUE_MIN) or len(set(value)) < _PASSWORD_MIN:
        return False
    if is_stand_in(value) or _DATE.match(value):
        return False
    if _FILE.match(value) and (_PLACE.match(value) or not _has_long_random_part(value)):
        return False
    if not value.isascii() and kind != "password":
        return False
    is_quoted = bool(match["quoted"])
    if match["space"] and value[0] == "-":
        return False  # the next option
    if match["space"] and not is_flag and not name.lower().endswith("bearer"):
        return False
    if kind != "password" and not is_environment and is_wordy(value):
        return False
    if kind == "key":
        return _is_key(value, is_environment=is_environment)
    if kind != "password":
        least = VALUE_MIN if is_environment or is_flag else 12
        return not _NUMBER.match(value) and not _CONSTANT.match(value) and is_random(value, least=least)
    if _NO_VALUE.match(value) or (_CONSTANT.match(value) and not is_environment):
        return False
    return _is_password(name, value, match, follows, is_quoted=is_quoted, is_plain=is_flag or is_environment)


def _is_password(name: str, value: str, match: re.Match[str], follows: str, *, is_quoted: bool, is_plain: bool) -> bool:
    """Whether a value behind a password's name is one; `is_plain` where no expression can stand."""
    has_digit = any(character.isdigit() for character in value)
    has_sign = any(not character.isalnum() and character not in "_-. " for character in value)
    if is_plain:
        # In a sentence about an option, a word follows it.
        is_said = not match["sign"] and value.islower() and value.replace("-", "").isalpha()
        return not is_said and (not _PATH.match(value) or has_digit)
    if " " in value:
        return is_quoted and "phrase" in name.lower()
    if match["call"] and not (match["closed"] and has_digit and _is_argument(value)):
        return False
    if not is_quoted and match["closed"] and value.isdigit():
        return False  # a number in JSON, which has quotes around its texts
    if match["element"]:
        return follows == "<" and (has_digit or has_sign)
    if is_quoted:
        if has_digit or has_sign:
            return has_digit or not _LABEL.match(value)
        is_word = _WORD.match(value) is not None
        is_assigned = (match["sign"] or "").strip() == "=" and not value.istitle()
        return is_word and len(value) >= 6 and is_assigned and not _NAMED_AFTER.search(value)
    if (follows and follows in _CODE_FOLLOWS) or _PATH.match(value):
        return False
    if _IDENTIFIER.match(value):
        # `password = user2;` is a statement, `Password=hunter2;` a part of a connection's address.
        is_statement = follows == ";" and (match["sign"] or "").endswith(" ")
        return has_digit and len(value) >= 6 and not (_NAMED_AFTER.search(value) or "_" in value or is_statement)
    if match["said"]:
        return has_digit and len(value) >= 6 and any(character.isalpha() for character in value)
    return (has_digit or (has_sign and len(value) >= 8 and not _LABEL.match(value))) and not (
        has_digit and value.isdigit() and len(value) < 6
    )


def _is_argument(value: str) -> bool:
    """Whether a text behind a password's name in a list of arguments or words is one."""
    return not _IDENTIFIER.match(value) or (
        len(value) >= VALUE_MIN and "_" not in value and not _NAMED_AFTER.search(value)
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
        and _entropy(value) >= _HIGH_ENTROPY - is_hexadecimal
    )


def is_random(value: str, *, least: int) -> bool:
    """Whether a generator made the value, as far as its characters tell: no word, no name, no version."""
    if len(value) < least or " " in value or (_PATH.match(value) and not _has_long_random_part(value)):
        return False
    if _has_long_random_part(value):
        return True
    digits = sum(character.isdigit() for character in value)
    least_entropy = _HIGH_ENTROPY if digits < 3 or _LOWER_WORD.search(value) else _MIDDLE_ENTROPY
    return len(value) >= _RANDOM_MIN and digits > 0 and _entropy(value) >= least_entropy


def is_wordy(value: str) -> bool:
    """Whether the value is made of words, as names in programs are: `testEd25519PrivateKey`, `pkcs8_to_pkcs1`."""
    pieces: list[str] = _PIECE.findall(value)
    if sum(piece[0].isdigit() for piece in pieces) > 2:
        return False
    length = sum(map(len, pieces))
    words = sum(len(piece) for piece in pieces if _COMMON.match(piece) or _is_spoken(piece, _SPOKEN_MIN))
    spoken = words + sum(
        len(piece) for piece in pieces if len(piece) < _SPOKEN_MIN and _is_spoken(piece, 3) and not _COMMON.match(piece)
    )
    if value.isalnum() and value == value.lower():
        return words >= 0.75 * length
    return words >= 0.45 * length or (words >= 0.25 * length and spoken >= 0.65 * length)


def _is_spoken(piece: str, least: int) -> bool:
    return len(piece) >= least and _SPOKEN.match(piece) is not None


def _has_long_random_part(value: str) -> bool:
    for part in re.split(r"[^A-Za-z0-9]+", value):
        if len(part) < VALUE_MIN:
            continue
        turns = sum(a.isdigit() != b.isdigit() for a, b in pairwise(part))
        turns += sum(a.islower() and b.isupper() for a, b in pairwise(part)) // 2
        if turns >= 3 and _entropy(part) >= _ENTROPY_MIN - 0.5:
            return True
    return False


def _entropy(value: str) -> float:
    """Bits a character, by how often each stands in the value."""
    counts = [value.count(character) for character in set(value)]
    return -sum(count / len(value) * log2(count / len(value)) for count in counts)
