"""Whether what stands behind a password's name is one: a password may be any word, and so may a program's variable."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from agent_memory.redaction.looks.ends import lines_of
from agent_memory.redaction.looks.values import (
    VALUE_MIN,
    has_random_part,
    is_label,
    is_of_names,
    is_passphrase,
    is_path,
    is_strong,
)
from agent_memory.redaction.patterns import lazily
from agent_memory.redaction.words.names import SHORT

_WORD: Final = lazily(r"[A-Za-z]+\Z")
_NAMED_AFTER: Final = lazily(
    r"pass|pwd|secret|token|key|auth|cred|user|hash|param|arg|field|val|env|config", re.IGNORECASE
)
# What is said of passwords, what forms and schemas say of their fields, and the word itself as translations have it.
_JUDGEMENTS: Final = lazily(
    r"(?:required|incorrect|wrong|correct|weak|strong|short|long|blank|expired|valid|good|bad|safe|secure|stored|encrypted|"
    r"hashed|sent|shown|asked|used|given|changed|reset|known|plain|clear|plaintext|there|here|also|only|then|word|"
    r"optional|mandatory|nullable|unique|readonly|writeonly|write|read|sensitive|visible|input|label|title|button|form|"
    r"text|string|str|char|varchar|bytes?|bytea|binary|blob|boolean|bool|number|integer|object|array|any|never|keyword|"
    r"simple|basic|digest|login|signin|signup|forgot|change|update|confirm|repeat|current|matches|mismatch|minlength|"
    r"account|profile|settings|security|system|manual|prompt|interactive|file|vault|command|stdin|"
    r"wagwoord|paswoord|pasahitza|nywila|katasandi|cyfrinair|fjalekalimi|parol|salasona|lykilord|losenordet|passordet|"
    r"wachtwoord|kodeord|adgangskode|losenord|passord|salasana|haslo|heslo|jelszo|lozinka|geslo|parool|parole|sifre|sandi|"
    r"passwort|kennwort|senha|contrasena|clave|parola|slaptazodis|contrasenya|contrasinal)\Z",
    re.IGNORECASE,
)
_CODE_FOLLOWS: Final = "([.{"
_IDENTIFIER: Final = lazily(r"[A-Za-z_]\w*\Z", re.ASCII)
_PLAIN_WORD: Final = lazily(r"[a-z]{5,24}\Z")
_TYPES: Final = "string|str|number|int|integer|bool|boolean|any|text|required|optional|null|none"
# A line that says whose password it is, as YAML, LDIF and settings have it.
_ACCOUNT: Final = lazily(
    rf"^[ \t]*(?:- )?[\"']?[\w-]*(?:user(?:[_-]?name)?|login|host(?:name)?|dn|uid|adapter|database|email|server|"
    rf"port|url|address|endpoint|"
    r"db(?:name)?|driver|ssl|account|from|ip|bucket|broker|vhost|region|realm|domain|tenant|cluster)[\"']?"
    rf"(?:[ \t]*[:=][ \t]*|[ \t]+)[\"']?(?!(?:{_TYPES})\b)[\w.@=/+-]+(?:,[\w.@=/+-]+)*[\"']?[ \t]*\r?$",
    re.IGNORECASE | re.MULTILINE | re.ASCII,
)
_BEFORE_NAME: Final = lazily(r"[ \t]*(?:- )?[\"']?[\w.-]*", re.ASCII)
# In every text in which a password that is a word stands a blank behind its name, one of these is found.
WORDS: Final = (
    r"(?m:^)[ \t-]*[\w.-]*(?i:pass|pw|psk)\w*[ \t]+[a-z]+[ \t]*\r?(?m:$)",
    r"(?:ENV|ARG|SetEnv|setenv|setx)[ \t]+\w*(?i:pass|pw|psk|secret|token|key|auth|cred)",
    r"-[\w.-]*(?i:pass|pw|psk)[\w-]*[ \t]+[a-z]",
)
_SETTING_LINE: Final = lazily(
    r"[ \t]*(?:- )?(?:[A-Za-z]\w*[._-][\w.-]*|\w+pw|psk)(?::[ \t]+|[ \t]+)[a-z]{5,24}[ \t]*\r?\Z", re.ASCII
)
# Words that bind others together, and the forms that words have in sentences.
_OF_SENTENCES: Final = lazily(
    r"(?:ask|see|check|look|find|consult|several|random|about|above|after|always|because|before|being|below|between|both|could|does|doesn|during|either|else|ever|"
    r"first|hello|however|least|less|like|make|many|might|most|much|need|never|once|other|over|same|shall|should|since|some|"
    r"still|such|their|there|these|thing|think|this|those|through|under|unless|until|upon|want|what|while|whose|within|"
    r"without|would|yours?|later|already|nothing|something|anything)\Z|(?:ed|ing|ly|ous|tion|ment|ive|able|ible)\Z"
)
_PHRASE_MIN: Final = 3
_LINES_AROUND: Final = 3
_LINE_MAX: Final = 200


def is_password(
    name: str, value: str, match: re.Match[str], follows: str, *, is_plain: bool, is_in_account: Callable[[], bool]
) -> bool:
    """Whether a value behind a password's name is one.

    `is_plain` where no expression can stand; `is_in_account` tells, if it is asked, whether what stands around it says
    whose it is.
    """
    has_digit = any(character.isdigit() for character in value)
    has_sign = any(not character.isalnum() and character not in "_-. " for character in value)
    is_short = name.lstrip("-").lower() in SHORT
    if is_plain:
        # In a sentence about an option, a word follows it.
        is_said = not match["sign"] and value[1:].islower() and value.replace("-", "").isalpha() and not is_in_account()
        is_phrase = is_passphrase(value)
        return (
            (is_phrase or not is_said)
            and (is_phrase or not is_path(value) or has_digit)
            and (has_digit or has_sign or not is_short)
        )
    if is_short and match["quoted"] and is_plain_word(value) and is_in_account():
        return True
    if is_short:
        # In capitals it is what a test did.
        is_result = name == "PASS" and (match["sign"] or "").strip() != "="
        return not is_result and not match["call"] and is_strong(value)
    if match["space"] and not match["quoted"]:
        return is_strong(value) or ((has_digit or is_plain_word(value)) and not is_path(value) and is_in_account())
    if " " in value:
        return bool(match["quoted"]) and (
            ("phrase" in name.lower() and not _NAMED_AFTER.search(value)) or is_passphrase(value)
        )
    if match["space"]:
        # As SQL and C's `#define` have it.
        return (name.isupper() and _is_word_or_made(value)) or _is_in_build_file(name, value, follows)
    if match["closed"] and (match["said"] or "").endswith((" to ", " auf ")):
        return False
    if match["argument"]:
        return is_strong(value) or _is_word_or_made(value)
    if match["call"] and (name.isupper() or "." in name):
        return _is_word_or_made(value)  # define("DB_PASSWORD", "..."), set("mail.password", "...")
    if match["call"] and not (match["closed"] and has_digit and _is_argument(value)):
        return False
    if match["element"]:
        return follows[:1] == "<" and (has_digit or has_sign or _is_word_or_made(value))
    if match["quoted"]:
        return _is_quoted(value, match, has_digit=has_digit, has_sign=has_sign)
    if match["closed"] and value.isdigit():
        return False  # a number in JSON, which has quotes around its texts
    return _is_bare(value, match, follows, has_digit=has_digit, has_sign=has_sign, is_in_account=is_in_account)


def is_phrase(value: str) -> bool:
    """Whether three or more words with blanks between them were chosen as a password: no sentence has them."""
    words = value.split(" ")
    judging = sum(_JUDGEMENTS.match(word) is not None for word in words)
    return len(words) - judging >= _PHRASE_MIN and not any(
        is_of_names(word) or _OF_SENTENCES.search(word) for word in words
    )


def is_in_account(text: str, name_start: int, value_end: int) -> bool:
    """Whether a name and its value are all of a line, and a line near it names a user or a host."""
    line_start, line_end = lines_of(text, name_start, value_end)
    if (
        name_start - line_start > _LINE_MAX
        or text[value_end:line_end].strip()
        or not _BEFORE_NAME.fullmatch(text, line_start, name_start)
    ):
        return False
    start, end = line_start, line_end
    for _ in range(_LINES_AROUND):
        before = text.rfind("\n", max(0, start - _LINE_MAX), max(0, start - 1))
        start = before + 1 if before >= 0 or start <= _LINE_MAX else start
        after = text.find("\n", end + 1, end + _LINE_MAX)
        end = after if after >= 0 else min(len(text), end + _LINE_MAX)
    return _ACCOUNT.search(text, start, line_start) is not None or _ACCOUNT.search(text, line_end, end) is not None


def is_setting_line(text: str, name_start: int, value_end: int) -> bool:
    """Whether a name of several parts and its value are all of a line: `mail.password: sesame`, `bindpw sesame`."""
    line_start, line_end = lines_of(text, name_start, value_end)
    return line_end - line_start < _LINE_MAX and _SETTING_LINE.match(text, line_start, line_end) is not None


def _is_in_build_file(name: str, value: str, follows: str) -> bool:
    """Whether it stands as Gradle has it: `keyPassword "sesame"`."""
    return (
        name.endswith("Password")
        and follows[:1] in ("'", '"')
        and follows[1:2] in ("", "\n", "\r")
        and (is_plain_word(value) or any(character.isdigit() for character in value))
    )


def _is_word_or_made(value: str) -> bool:
    """Whether the value is a word that may be a password, or has what a word has not."""
    if is_plain_word(value) or is_passphrase(value):
        return True
    return any(character.isdigit() for character in value) and " " not in value and _is_argument(value)


def is_plain_word(value: str) -> bool:
    return bool(_PLAIN_WORD.match(value)) and not _NAMED_AFTER.search(value) and not _JUDGEMENTS.match(value)


def is_ordinary(word: str) -> bool:
    """Whether the word is one that names in programs are made of, or that sentences about passwords have."""
    return is_of_names(word) or _OF_SENTENCES.search(word) is not None


def _is_quoted(value: str, match: re.Match[str], *, has_digit: bool, has_sign: bool) -> bool:
    if value[0] in " ,;:+.)":
        return False  # what stands between two texts
    if has_digit or has_sign:
        return has_digit or not is_label(value)
    if is_passphrase(value):
        return True
    if not _WORD.match(value) or _NAMED_AFTER.search(value) or value.istitle() or _JUDGEMENTS.match(value):
        return False
    if match["said"]:
        return not match["said"].endswith((" to ", " auf "))
    sign = (match["sign"] or "").strip()
    if match["attribute"]:
        return is_plain_word(value)
    return (len(value) >= 6 and sign.startswith("=")) or (sign.startswith((":", "=")) and is_plain_word(value))


def _is_bare(
    value: str,
    match: re.Match[str],
    follows: str,
    *,
    has_digit: bool,
    has_sign: bool,
    is_in_account: Callable[[], bool],
) -> bool:
    if follows and follows[0] in _CODE_FOLLOWS:
        return False
    if is_passphrase(value):
        return True
    if is_path(value):
        return False
    if follows == " = " and (match["sign"] or "").strip() == ":":
        return False  # the type of a variable
    if _IDENTIFIER.match(value):
        # `password = user2;` is a statement, `Password=hunter2;` a part of a connection's address.
        is_statement = follows[:1] == ";" and (match["sign"] or "").endswith(" ")
        if has_random_part(value) or (is_plain_word(value) and is_in_account()):
            return True
        return (
            has_digit
            and len(value) >= 6
            and not (_NAMED_AFTER.search(value) or ("_" in value and not is_in_account()) or is_statement)
        )
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


def is_named_after(value: str) -> bool:
    """Whether the value has the words in it that programs name their variables with."""
    return _NAMED_AFTER.search(value) is not None
