"""Secrets that are known by their names: what stands behind `password =`, `"api_key":`, `--token`, `Bearer`.

Code speaks of passwords more often than it holds any. So what stands there is weighed: names of variables, types,
placeholders and paths are no secrets, and a word is one only where nothing but a value can stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent_memory.redaction.ends import end_of_phrase, end_of_setting, end_of_value, has_mark, is_expression, lines_of
from agent_memory.redaction.names import FOREIGN_STEMS, STEMS, kind_of
from agent_memory.redaction.passwords import is_in_account, is_named_after, is_password, is_phrase, is_setting_line
from agent_memory.redaction.shapes import Span
from agent_memory.redaction.values import (
    VALUE_MIN,
    entropy,
    has_random_part,
    is_constant,
    is_no_value,
    is_random,
    is_stand_in,
    is_strong,
    is_wordy,
)

_NAME_MAX: Final = 48
# The longest word before a key, and the blank behind it.
_SPACED_MAX: Final = 12
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
# What a program makes of a text before it is a password.
_WRAPPER: Final = (
    r"(?:Some|Ok|String::from|Buffer\.from|bytes|\[\]byte|"
    r"(?:new\s)?[\w:]{0,30}Secret\w{0,20}(?:::new)?|Secure\w{0,12}|Zeroizing::new)"
)
_TAIL: Final = re.compile(r"[\w-]{0,40}+", re.ASCII)
_AFTER: Final = re.compile(
    rf"""
    (?P<tail> [\w-]{{0,40}}+ (?: [ ](?:d['\u2019](?:ordine|acc[eè]s(?:so)?)|de[ ]ac(?:c?eso|esso)|chiave) )? )
    (?P<closed> {_QUOTE} )? [\])]{{0,2}}
    (?:
        (?P<sign> [\s\u00a0\u202f]{{0,8}} (?: =>|:=|={{1,3}}|::? )
          [ \t]{{0,8}} (?: [|>][+-]?(?=[ \t]*\r?\n) )? [ \t]{{0,8}} (?: (?:\\)?\r?\n[ \t]{{1,24}} | \\[nt] )?
          (?: {_WRAPPER}?\(\s{{0,24}}(?=[bfru@N]?{_QUOTE}) | <%=\s?(?={_QUOTE}) )? )
        (?: [&\w.\[\]|?<>]{{1,40}} (?:\s\|\s[\w.]{{1,20}})? \s? = \s? (?=[\"'`]) )?  # `key: str = "..."`
      | (?P<fallback> [ ](?:or|\|\||\?\?)[ ] (?={_QUOTE}) )
      | (?P<attribute>
            \s{{1,4}} value= (?=[\"'])
          | ,?\s{{1,24}} {_QUOTE}? [vV]alue {_QUOTE}? \s{{0,2}} [:=] \s{{0,4}}
          | {_QUOTE}? , {_QUOTE} [vV]alue {_QUOTE} :
        )
      | (?P<call> \s?,\s{{0,4}} (?={_QUOTE}) )
      | (?P<argument> \(\s{{0,4}} (?={_QUOTE}) )
      | (?P<element>
            (?: </key>\s{{0,24}}<string (?=>) )? (?:\s[\w:]{{1,24}}=\"[^\"<>\n]{{0,64}}\"){{0,3}} >\{{?
            (?:\s{{0,24}}<[vV]alue>)?
        )
      | (?P<said>
            (?:{_OF_WHAT})? \s (?:is|was|are|ist|war|lautet|est|était|es|era|è|é|to|auf)
            (?:\s(?:now|jetzt|maintenant|ahora|ora|agora))? :? \s
          | {_OF_WHAT} [ ]? :[ ]?
          | [ \t]{{0,20}} \| [ \t]{{1,20}}  # the next column
          | [ \t]{{1,20}} (?: -{{1,20}}>? | \u2192 | \u2013 ) \s{{1,8}}
        )
      | (?P<space> [ \t]{{1,40}} )
    )
    (?P<scheme> (?:[Bb]earer|[Bb]asic|(?:[Aa]pi-)?[Tt]oken|[Aa]pi-?[Kk]ey|SSWS|GenieKey) \s{{1,6}} )?
    (?:
        (?P<quote> [bfru@N]? {_QUOTE} ) (?: (?<=') \\{{0,3}} \" | (?<=\") ' )?
        (?P<quoted>
            (?<=[^\\]\") (?:[^\"\\\r\n]|\\[^\r\n]){{1,{_VALUE_MAX}}}+
          | (?<=\") [^\"\r\n]{{1,{_VALUE_MAX}}}+
          | (?<=') [^'\r\n]{{1,{_VALUE_MAX}}}+
          | (?<=`) [^`\r\n]{{1,{_VALUE_MAX}}}+
        )
      | (?P<bare> [^\s\"'`<>;,(){{}}\[\]|\\&]{{3,{_VALUE_MAX}}}+ | [^\s\"'`<>;,(){{}}\[\]|\\&]{{1,2}}(?=[&;,<]) )
    )
    """,
    re.VERBOSE | re.ASCII,
)

_FILE: Final = re.compile(r"[~.]{0,2}/(?:[\w.*-]+/)*+[\w.?=&%*-]*\Z", re.ASCII)
# What begins like a file of a system is none of base 64's.
_PLACE: Final = re.compile(
    r"[~.]{0,2}(?:/[a-z][a-z.-]{1,20}){2}/|[~.]{0,2}/(?:home|tmp|usr|var|opt|etc|root|srv|mnt|run|Users|app|workspace|build|target)/"
)
_COLOUR: Final = re.compile(r"\x1b\[[\d;]*m")
# How runners of tests begin the line of a result, and how they end it.
_RESULT: Final = re.compile(
    r"[ \t]*(?:[\u2713\u2714\u2715\u2717\u2718\u00d7\u221a\u25cf\u25cb\u203a\u2022\u26a0]|"
    r"\[?(?:PASS|FAIL|OK|ERROR|SKIP)(?:ED|URE)?\b|---|===|(?:not )?ok[ \t]+(?:\d|-|\S+[ \t]+(?:[\d.]+s|\(cached)|"
    r"\u2713)|"
    r"# (?:Subtest|tests|pass|fail|skip|todo)\b|(?:it|test|describe)(?:\.\w+)?\(|test \S+ \.\.\.|\d+\) \S)"
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
_ARN: Final = re.compile(r"\barn:[^\s\"']{1,110}:\Z")
_NUMBER: Final = re.compile(r"[-+]?[\d.,_]+[a-zA-Z%]{0,2}\Z")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
# `+` is a shell's that shows its commands, or a change's.
_BEFORE_SETTING: Final = re.compile(r"(?:\A|\n)(?:[+-]{0,4}[ \t]*)(?:export[ \t]+)?\Z|[?&]\Z")
# A function's first argument begins so.
_ARGUMENT: Final = re.compile(r"\w\(\s{0,8}\\{0,3}[\"'`]\Z")
_SIGN_FOLLOWS: Final = re.compile(r"[\"'`\\\])]{0,4}\s{0,8}[=:>|,-]")
# A command with another option before that one; a user's name before a word for a password.
_OPTION_BEFORE: Final = re.compile(
    r"(?:\A|\n|[`$#>] )[\w./-]{1,64}(?: [\w./-]{1,64}){0,3}(?: [^\n]{0,200})? --?[a-z][\w-]*[ =][^\n`]{1,100} \Z"
)
_USER_BEFORE: Final = re.compile(
    r"(?i:user(?:_?name)?|login)[\"']?\s?(?::|=>?)\s?[\"'`][^\"'`\n]{1,100}[\"'`],?\s{1,24}[\"']?\Z"
)
_PART_BEFORE: Final = re.compile(
    r"\b(?:user|username|host|port|dbname|server|uid)=[^\s=]{1,100}[ \t]{1,2}\Z", re.IGNORECASE
)
_DECLARED: Final = re.compile(r"(?:\A|\n)[ \t]*(?:ENV|ARG|SetEnv|setenv|setx)[ \t]{1,4}\Z")
_SLASH: Final = re.compile(r"\s/")
_ENVIRONMENT_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]*\Z")
# A value behind a name in capitals may have any character but those that end a word.
_END_OF_WORD: Final = re.compile(r"[\s\"'`\\]")

_PASSWORD_MIN: Final = 4
_CELL: Final = re.compile(r"[ \t|]{0,16}[\w. -]{1,48}?(?:[ ]{2,}|\t)\S+\Z")
_RANDOM_MIN: Final = 16
_TOKEN_MIN: Final = 10
_MADE_MIN: Final = 12
_SALT_MIN: Final = 40
_SALT_SIGNS_MIN: Final = 8
_LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_LOWER_WORDS: Final = re.compile(r"[a-z]{4,}[ ][a-z]{3,}")
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
    if name.lower() in ("key", "passe") and (spaced := _SPACED.search(text, max(0, begin - _SPACED_MAX), begin)):
        name = spaced[0] + name
    # What follows is looked at only where the name says something: it costs more.
    is_named = kind_of(name, is_variable=True) and (name != "pass" or _SIGN_FOLLOWS.match(text, end))
    match = _AFTER.match(text, end) if is_named else None
    if match is None:
        return None, end
    is_short = len(match["quoted"] or match["bare"]) < _PASSWORD_MIN and match["sign"] != "="
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
    is_secret = _is_secret(name, kind, value, match, begin, is_flag=is_flag, is_environment=bool(is_environment))
    if not match["quoted"] and (has_mark(text[stop : stop + 2]) or (match["sign"] and text[stop : stop + 1] == " ")):
        stop, is_secret = _whole(
            name, kind, match, begin, stop, is_secret=is_secret, is_environment=bool(is_environment)
        )
    # A line of a test's results costs more to look for than a value to weigh.
    may_be_in_result = kind == "password" and not match["quoted"] and not is_environment
    if is_secret and not (may_be_in_result and _is_in_result(text, begin, place)):
        return (place, stop, "secret" if kind == "made" else kind), stop
    return None, after


def _whole(
    name: str, kind: str, match: re.Match[str], begin: int, stop: int, *, is_secret: bool, is_environment: bool
) -> tuple[int, bool]:
    """Where a value without quotes ends that is known up to `stop`, and whether it is a secret, as a whole at least."""
    text, place = match.string, match.start("bare")
    end = end_of_value(text, place)
    if match["sign"] or match["space"]:
        end = max(end, end_of_setting(text, begin, place))
    if is_secret:
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
    return end, _is_secret(name, kind, value, match, begin, is_flag=False, is_environment=is_environment)


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
        or text[max(0, begin - 7) : begin].lower() in ("public ", "public-", "public_")
        or (text[begin - 1 : begin] == ":" and _ARN.search(text, max(0, begin - 120), begin) is not None)
    )


def _is_in_result(text: str, start: int, end: int) -> bool:
    """Whether what stands from `start` to `end` is part of a test's name in a line of its results."""
    line_start, line_end = lines_of(text, start, end)
    line = text[max(line_start, start - _LINE_MAX) : min(line_end, end + _LINE_MAX)]
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


def _is_secret(
    name: str,
    kind: str,
    value: str,
    match: re.Match[str],
    begin: int,
    *,
    is_flag: bool,
    is_environment: bool,
) -> bool:
    """Whether the value is a secret; its name begins at `begin`."""
    text, end = match.string, match.start("quoted" if match["quoted"] else "bare") + len(value)
    follows = text[end : end + 3]
    is_environment = is_environment or (
        kind == "password"
        and (
            (match["sign"] == "=" and _is_setting(text, begin, follows))
            or (match["space"] is not None and _DECLARED.search(text, max(0, begin - 16), begin) is not None)
        )
    )
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
        if is_constant(value) and (not is_environment or is_named_after(value)):
            return False
        return is_password(
            name,
            value,
            match,
            follows,
            is_plain=is_plain,
            is_in_account=_is_of_somebody(match, begin, end, is_flag=is_flag),
        )
    if match["space"] and not is_flag and not name.lower().endswith("bearer"):
        return _is_cell(text, begin, end) and not is_wordy(value) and is_random(value, least=_RANDOM_MIN)
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


def _is_of_somebody(match: re.Match[str], start: int, end: int, *, is_flag: bool) -> bool:
    """Whether what stands around a name and its value says whose it is: other settings, other options, a user."""
    text = match.string
    if match["space"] is not None and _DECLARED.search(text, max(0, start - 16), start):
        return True
    if is_flag:
        return _OPTION_BEFORE.search(text, max(0, start - _LINE_MAX), start) is not None
    if match["quoted"]:
        return _USER_BEFORE.search(text, max(0, start - _LINE_MAX), start) is not None
    if text[start - 1 : start] == ";" == text[end : end + 1]:
        return match["sign"] == "="  # a part of a connection's address
    if match["sign"] == "=" and _PART_BEFORE.search(text, max(0, start - _LINE_MAX), start):
        return True
    return (
        is_setting_line(text, start, end)
        or is_in_account(text, start, end)
        or (match["space"] is not None and _is_cell(text, start, end))
    )


def _is_cell(text: str, start: int, end: int) -> bool:
    """Whether a name and its value are all of a line, two blanks or more apart, as programs print lists of them."""
    return (
        _CELL.match(text, text.rfind("\n", 0, start) + 1, end) is not None
        and not text[end : end + 3].split("\n", 1)[0].strip()
    )


def _is_in_header(value: str) -> bool:
    """Whether what stands behind `Authorization: Bearer`, where nothing else can, is no example."""
    return any(character.isdigit() or character in "=+/" for character in value) and not is_constant(value)


def _is_made(value: str) -> bool:
    """Whether a text that a program gives for a secret has digits and signs among its letters, and no parts."""
    signs = frozenset(value) & _SIGNS
    if (
        len(value) >= _SALT_MIN
        and len(frozenset(value) - _LETTERS) >= _SALT_SIGNS_MIN
        and not _LOWER_WORDS.search(value)
    ):
        return any(character.isdigit() for character in value)  # a salt, as WordPress has it
    return (
        len(value) >= _MADE_MIN
        and any(character.isdigit() for character in value)
        and not any(character in " /:<>[]{},;|" for character in value)
        and len(signs) >= (_SIGNS_MIN if signs & frozenset("()=%$") else 1)
        and not is_no_value(value)
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
