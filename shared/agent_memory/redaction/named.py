"""Secrets that are known by their names: what stands behind `password =`, `"api_key":`, `--token`, `Bearer`.

Code speaks of passwords more often than it holds any. So what stands there is weighed: names of variables, types,
placeholders and paths are no secrets, and a word is one only where nothing but a value can stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from agent_memory.redaction.shapes import Span
from agent_memory.redaction.values import (
    VALUE_MIN,
    entropy,
    has_random_part,
    is_constant,
    is_label,
    is_no_value,
    is_path,
    is_random,
    is_stand_in,
    is_strong,
    is_wordy,
)

# One of them is in every name of a secret.
STEMS: Final = ("pass", "pw", "secret", "token", "key", "auth", "cred", "bearer", "cookie", "signature")
# Passwords in German, French, Spanish, Italian and Portuguese; the others have "pass" in them.
FOREIGN_STEMS: Final = ("kennwort", "mdp", "contrase\u00f1a", "contrasena", "clave", "parola", "senha", "psk")
_NAME_MAX: Final = 48
_LINE_MAX: Final = 300
_RESULT_END_MAX: Final = 40
_VALUE_MAX: Final = 4096
# A value that was looked at and is none is passed over from this length on: looking into it again costs time.
_LONG: Final = 64

_QUOTE: Final = r"\\{0,3}[\"'`]"
# "the password for staging is ...", "das Passwort für Staging lautet ...".
_OF_WHAT: Final = (
    r"\s(?:for|of|to|on|in|für|von|vom|zu[rm]?|der|d[aeiou]s?|d[aeo]l(?:la)?|d['\u2019]|pour|para|per|n[ao])\s?"
    r"[^\s:=.,;!?<>(){}\[\]][^\n:=.,;!?<>(){}\[\]]{0,40}?"
)
_TAIL: Final = re.compile(r"[\w-]{0,40}+", re.ASCII)
_AFTER: Final = re.compile(
    rf"""
    (?P<tail> [\w-]{{0,40}}+ (?: [ ](?:d['\u2019](?:ordine|acc[eè]s(?:so)?)|de[ ]ac(?:c?eso|esso)|chiave) )? )
    (?P<closed> {_QUOTE} )? [\])]{{0,2}}
    (?:
        (?P<sign> [\s\u00a0\u202f]{{0,8}} (?: =>|:=|={{1,3}}|::? )
          [ \t]{{0,8}} (?: (?:\\)?\r?\n[ \t]{{1,24}} | \\[nt] )? )
        (?: [&\w.\[\]|?<>]{{1,40}} (?:\s\|\s[\w.]{{1,20}})? \s? = \s? (?=[\"'`]) )?  # `key: str = "..."`
      | (?P<call> \s?,\s{{0,4}} (?={_QUOTE}) )
      | (?P<fallback> [ ](?:or|\|\||\?\?)[ ] (?={_QUOTE}) )
      | (?P<attribute> \s{{1,4}} value= (?=[\"']) )
      | (?P<element> >\{{? )
      | (?P<said>
            (?:{_OF_WHAT})? \s (?:is|was|are|ist|war|lautet|est|était|es|era|è|é|to|auf)
            (?:\s(?:now|jetzt|maintenant|ahora|ora|agora))? :? \s
          | {_OF_WHAT} [ ]? :[ ]?
          | [ \t]{{0,20}} \| [ \t]{{1,20}}  # the next column
          | [ \t]{{1,20}} (?: -{{1,20}}>? | \u2192 | \u2013 ) \s{{1,8}}
        )
      | (?P<space> [ \t]{{1,4}} )
    )
    (?P<scheme> (?:[Bb]earer|[Bb]asic|(?:[Aa]pi-)?[Tt]oken|[Aa]pi-?[Kk]ey|SSWS|GenieKey) \s{{1,6}} )?
    (?:
        (?P<quote> [bfru@]? {_QUOTE} ) (?: (?<=') \\{{0,3}} \" | (?<=\") ' )?
        (?P<quoted>
            (?<=\") [^\"\r\n]{{1,{_VALUE_MAX}}}+
          | (?<=') [^'\r\n]{{1,{_VALUE_MAX}}}+
          | (?<=`) [^`\r\n]{{1,{_VALUE_MAX}}}+
        )
      | (?P<bare> [^\s\"'`<>;,(){{}}\[\]|\\&]{{3,{_VALUE_MAX}}}+ )
    )
    """,
    re.VERBOSE | re.ASCII,
)

_PASSWORD: Final = re.compile(
    r"(?:passwords?|passwd|passphrase|passcode|passwort|pwd|kennwort|mots?depasse|mdp|contrase\u00f1a|contrasena|senha|"
    r"palavrapasse|parola(?:d\W?ordine|chiave|d\W?accesso)?|clave(?:deacceso)?|psk)\d{0,3}\Z"
)
# A pass is also what a compiler, a renderer or a test makes.
_PASS: Final = re.compile(
    r"(?:user|usr|db|database|sql|root|admin|my|mysql|maria|pg|postgres|mongo|redis|rabbit(?:mq)?|amqp|mq|smtp|mail|imap|pop3?|"
    r"ftp|sftp|ssh|http|proxy|login|sudo|su|auth|basicauth|account|service|svc|app|api|client|server|key|keystore|store|"
    r"trust(?:store)?|ca|cert|pfx|p12|jks|pem|wifi|wlan|vpn|ldap|bind|ad|es|elastic(?:search)?|neo4j|kafka|zip|backup|"
    r"vault|registry|docker|jenkins|nexus|web|wp|ora(?:cle)?|sa|mssql|rdp|vnc|ipmi|bmc|snmp|broker|mqtt|influx(?:db)?|grafana)"
    r"p(?:ass|w)\d?\Z"
)
_PW: Final = re.compile(r"(?:\A|[-_.]|[a-z](?=P))(?:pw|PW|Pw)\d?\Z")
# These alone are words like others.
_SHORT: Final = frozenset(("pass", "pw"))
_PASS_VARIABLE: Final = re.compile(r"(?:\A|[A-Z0-9]_)PASS\d?\Z")
_TOKEN: Final = re.compile(
    r"tokens?\Z|authorization\Z|auth\Z|bearer\Z|cred(?:ential)?s?\Z|cookie\Z|(?:x|request|webhook)signature\Z"
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
# Names with more behind that word: a value that a generator made is one all the same, unless they say what it is.
_HOLDS_SECRET: Final = re.compile(r"secret|apitoken|accesstoken|authtoken|apikey")
_OF_SECRET: Final = re.compile(
    r"(?:hash|digest|id|ids|name|arn|file|path|url|uri|length|size|count|type|version|index|ref|class|provider|manager|field|"
    r"header|prefix|expiry|expires(?:at|in)?|at|store|data)\d?\Z|secretary|tokenizer"
)
_OTHER_KEY: Final = re.compile(
    r"(?:public|pub|primary|foreign|cache|partition|sort|idempotency|object|s3|file|i18n|translation|hash|dedup|group|"
    r"lookup|index|map|dict|row|column|col|known|hot|short|arrow|routing|composite|unique|sorting|config|registry|query|"
    r"publishable|anon|site|ssh|gpg|pgp|host|storage|react|list|item|node|tree|left|right|up|down|enter|return|escape|tab)"
    r"key\d?\Z"
)

_WORD: Final = re.compile(r"[A-Za-z]+\Z")
_IDENTIFIER: Final = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
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
_NAMED_AFTER: Final = re.compile(
    r"pass|pwd|secret|token|key|auth|cred|user|hash|param|arg|field|val|env|config", re.IGNORECASE
)
_ARN: Final = re.compile(r"\barn:[^\s\"']{1,110}:\Z")
_NUMBER: Final = re.compile(r"[-+]?[\d.,_]+[a-zA-Z%]{0,2}\Z")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_BEFORE_SETTING: Final = re.compile(r"(?:\A|\n)[ \t]*(?:export[ \t]+)?\Z|[?&]\Z")
# A function's first argument begins so.
_ARGUMENT: Final = re.compile(r"\w\(\s{0,8}\\{0,3}[\"'`]\Z")
_SIGN_FOLLOWS: Final = re.compile(r"[\"'`\\\])]{0,4}\s{0,8}[=:>|,-]")
_SLASH: Final = re.compile(r"\s/")
# What is said of passwords.
_JUDGEMENTS: Final = re.compile(
    r"(?:required|incorrect|wrong|correct|weak|strong|short|long|blank|expired|valid|good|bad|safe|secure|stored|encrypted|"
    r"hashed|sent|shown|asked|used|given|changed|reset|known|plain|clear|plaintext|there|here|also|only|then|word)\Z",
    re.IGNORECASE,
)
_ENVIRONMENT_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_CODE_FOLLOWS: Final = "([.{"
# A value behind a name in capitals may have any character but those that end a word.
_END_OF_WORD: Final = re.compile(r"[\s\"'`\\]")

_PASSWORD_MIN: Final = 4
_TOKEN_MIN: Final = 10
_MADE_MIN: Final = 12
_SIGNS: Final = frozenset("!?#^&*+~@()=%$")
# Of those that are signs of programs, too, it takes more.
_SIGNS_MIN: Final = 2
_WEAK_KEY_MIN: Final = 24
# Bits a character in a key that only its name's last word tells.
_KEY_ENTROPY: Final = 3.7


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
    begin = start
    while begin > 0 and start - begin < _NAME_MAX and (text[begin - 1].isalnum() or text[begin - 1] in "_-."):
        begin -= 1
    tail = _TAIL.match(text, end)
    name = text[begin : tail.end() if tail else end]
    if name.lower() in ("key", "passe") and (spaced := _SPACED.search(text, max(0, begin - _NAME_MAX), begin)):
        name = spaced[0] + name
    # What follows is looked at only where the name says something: it costs more.
    is_named = _kind(name, is_variable=True) and (name != "pass" or _SIGN_FOLLOWS.match(text, end))
    match = _AFTER.match(text, end) if is_named else None
    if match is None:
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
    kind = _kind(name, is_variable=(match["sign"] or "").strip() == "=")
    if not kind:
        return None, after
    if match["quoted"]:
        value = value.rstrip("\\")
    elif is_environment:
        value = text[place : _end_of_word(text, place)]
    else:
        value = value.rstrip(".?:!" if match["said"] else ".?:")
    follows = text[place + len(value) : place + len(value) + 3]
    is_setting = kind == "password" and match["sign"] == "=" and _is_setting(text, begin, follows)
    if kind == "password" and match["call"] and not _ARGUMENT.search(text, max(0, begin - 16), begin):
        return None, after  # one of a list of words
    if kind == "password" and not match["quoted"] and not is_environment and _is_in_result(text, begin, place):
        return None, after
    if _is_secret(
        name, kind, value, match, follows, is_flag=is_flag, is_environment=bool(is_environment or is_setting)
    ):
        return (place, place + len(value), "secret" if kind == "made" else kind), place + len(value)
    return None, after


def _is_setting(text: str, begin: int, follows: str) -> bool:
    """Whether `name=value` is all of a line, or one in the query of a link: there it is no expression."""
    return (
        follows[:1] in ("", "\n", "\r", "&", '"')
        and _BEFORE_SETTING.search(text, max(0, begin - 16), begin) is not None
    )


def _is_other_name(text: str, begin: int) -> bool:
    """Whether what begins there is the name of a file, a type or a cloud's resource."""
    return (
        text[begin - 1 : begin] == "/"
        or text[begin - 2 : begin] == "::"
        or _ARN.search(text, max(0, begin - 120), begin) is not None
    )


def _is_in_result(text: str, start: int, end: int) -> bool:
    """Whether what stands from `start` to `end` is part of a test's name in a line of its results."""
    line_start, line_end = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    line = text[max(line_start, start - _LINE_MAX) : min(line_end if line_end >= 0 else len(text), end + _LINE_MAX)]
    line = _COLOUR.sub("", line)
    return bool(
        _RESULT.match(line)
        or _RESULT_END.search(line[-_RESULT_END_MAX:])
        or " \u203a " in line
        or line.count(" > ") > 1
    )


def _end_of_word(text: str, place: int) -> int:
    end = _END_OF_WORD.search(text, place, place + _VALUE_MAX)
    return end.start() if end else min(len(text), place + _VALUE_MAX)


@lru_cache(maxsize=4096)
def _kind(name: str, *, is_variable: bool) -> str:
    """What a thing of that name is: password, token, secret, key; empty for a name that says nothing."""
    flat = re.sub(r"[-_ ]", "", name.rpartition(".")[2] or name).lower()
    if _PASSWORD.search(flat) or _PASS.match(flat) or flat in _SHORT or _PW.search(name):
        return "password"
    if is_variable and _PASS_VARIABLE.search(name):
        return "password"
    if _TOKEN.search(flat):
        return "" if _OPAQUE.search(flat) else "token"
    if _SECRET.search(flat):
        return "secret" if "secret" in flat and not flat.endswith("key") else "api-key"
    if _HOLDS_SECRET.search(flat) and not _OF_SECRET.search(flat):
        return "made"
    if flat.endswith("key") and len(flat) > 3 and not _OTHER_KEY.search(flat):
        return "key"
    return "key" if flat == "key" else ""


def _is_secret(
    name: str, kind: str, value: str, match: re.Match[str], follows: str, *, is_flag: bool, is_environment: bool
) -> bool:
    if len(value) < (_PASSWORD_MIN if kind == "password" else VALUE_MIN) or len(set(value)) < _PASSWORD_MIN:
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
        if is_constant(value) and (not is_environment or _NAMED_AFTER.search(value)):
            return False
        return _is_password(name, value, match, follows, is_plain=is_plain)
    if match["space"] and not is_flag and not name.lower().endswith("bearer"):
        return False
    if not is_environment and is_wordy(value):
        return False
    if kind in ("key", "made"):
        return _is_key(value, is_environment=is_environment)
    if match["scheme"] and match["sign"]:
        return _is_in_header(value)
    if _NUMBER.match(value) or is_constant(value):
        return False
    is_made = match["quoted"] and _is_made(value)
    return is_made or is_random(value, least=VALUE_MIN if is_plain else _TOKEN_MIN)


def _is_in_header(value: str) -> bool:
    """Whether what stands behind `Authorization: Bearer`, where nothing else can, is no example."""
    return any(character.isdigit() or character in "=+/" for character in value) and not is_constant(value)


def _is_made(value: str) -> bool:
    """Whether a text that a program gives for a secret has digits and signs among its letters, and no parts."""
    signs = frozenset(value) & _SIGNS
    return (
        len(value) >= _MADE_MIN
        and any(character.isdigit() for character in value)
        and not any(character in " /:<>[]{},;|" for character in value)
        and len(signs) >= (_SIGNS_MIN if signs & frozenset("()=%$") else 1)
        and not is_no_value(value)
    )


def _is_password(name: str, value: str, match: re.Match[str], follows: str, *, is_plain: bool) -> bool:
    """Whether a value behind a password's name is one; `is_plain` where no expression can stand."""
    has_digit = any(character.isdigit() for character in value)
    has_sign = any(not character.isalnum() and character not in "_-. " for character in value)
    is_short = name.lstrip("-").lower() in _SHORT
    if is_plain:
        # In a sentence about an option, a word follows it.
        is_said = not match["sign"] and value.islower() and value.replace("-", "").isalpha()
        return not is_said and (not is_path(value) or has_digit) and (has_digit or has_sign or not is_short)
    if is_short:
        # In capitals it is what a test did.
        is_result = name == "PASS" and (match["sign"] or "").strip() != "="
        return not is_result and not match["call"] and is_strong(value)
    if match["space"] and not match["quoted"]:
        return is_strong(value)
    if " " in value:
        return bool(match["quoted"]) and "phrase" in name.lower()
    if match["space"]:
        return has_digit and name.isupper()  # as SQL has it
    if match["closed"] and (match["said"] or "").endswith((" to ", " auf ")):
        return False
    if match["call"] and not (match["closed"] and has_digit and _is_argument(value)):
        return False
    if match["element"]:
        return follows[:1] == "<" and (has_digit or has_sign)
    if match["quoted"]:
        return _is_quoted_password(value, match, has_digit=has_digit, has_sign=has_sign)
    if match["closed"] and value.isdigit():
        return False  # a number in JSON, which has quotes around its texts
    return _is_bare_password(value, match, follows, has_digit=has_digit, has_sign=has_sign)


def _is_quoted_password(value: str, match: re.Match[str], *, has_digit: bool, has_sign: bool) -> bool:
    if value[0] in " ,;:+.)":
        return False  # what stands between two texts
    if has_digit or has_sign:
        return has_digit or not is_label(value)
    if not _WORD.match(value) or _NAMED_AFTER.search(value) or value.istitle():
        return False
    if match["said"]:
        return not _JUDGEMENTS.match(value) and not match["said"].endswith((" to ", " auf "))
    return len(value) >= 6 and (match["sign"] or "").strip() == "="


def _is_bare_password(value: str, match: re.Match[str], follows: str, *, has_digit: bool, has_sign: bool) -> bool:
    if (follows and follows[0] in _CODE_FOLLOWS) or is_path(value):
        return False
    if follows == " = " and (match["sign"] or "").strip() == ":":
        return False  # the type of a variable
    if _IDENTIFIER.match(value):
        # `password = user2;` is a statement, `Password=hunter2;` a part of a connection's address.
        is_statement = follows[:1] == ";" and (match["sign"] or "").endswith(" ")
        if has_random_part(value):
            return True
        return has_digit and len(value) >= 6 and not (_NAMED_AFTER.search(value) or "_" in value or is_statement)
    if match["said"]:
        return has_digit and len(value) >= 6 and any(character.isalpha() for character in value)
    return (has_digit or (has_sign and len(value) >= 8 and not is_label(value))) and not (
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
        and entropy(value) >= _KEY_ENTROPY - is_hexadecimal
    )
