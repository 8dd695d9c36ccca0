"""Patterns for seldom secrets, and hints: few texts have one, and no pattern finds anything in a text without.

Hints have no open end, so one machine knows all of them and passes over a text as fast as it would for one word.
"""

from __future__ import annotations

from typing import Final

from agent_memory.redaction.finders.codes import CODES as NUMBERS
from agent_memory.redaction.finders.commands import ACCOUNT as OPTIONS
from agent_memory.redaction.finders.commands import CALL, COMMANDS, ECHOED, NETRC, PAIRS, PIPED, SQL
from agent_memory.redaction.finders.formats import FORMATS, GROUPS
from agent_memory.redaction.finders.headers import SIGNED
from agent_memory.redaction.finders.lists import CODES
from agent_memory.redaction.finders.printed import PRINTING
from agent_memory.redaction.finders.tables import INSERT
from agent_memory.redaction.words.access import ACCESS
from agent_memory.redaction.words.names import FOREIGN_STEMS
from agent_memory.redaction.words.secret_words import SURELY_FOR_PASSWORD, USERS

FOREIGN: Final = "|".join(stem.replace("\u00f1", "(?:\u00f1|\u00d1)") for stem in FOREIGN_STEMS)
# "password for staging is x", "le mot de passe est x", `PASSWORD 'x'`.
VERB: Final = r"\s(?:is|was|are|ist|war|lautet|est|était|es|era|è|é|to|auf)(?:\s\w+)?:?\s"
# The rest of the sentence between a name and its verb.
OF_WHAT: Final = r"[^\n:=.,;!?<>(){}]*?"
_SAID: Final = (
    rf"(?i:passe\b|\bpw|_pw|{FOREIGN}){OF_WHAT}(?:{VERB}|[:=]|[ \t]\\*[\"'`]|\|)",
    r"(?i:\bpw|_pw|-pass)[\w-]*\s+(?:(?:-+>?|→|–)\s+)?\S*\d",
)
# Where a word for a password stands, anything may be one.
WORDS: Final = f"(?i:{SURELY_FOR_PASSWORD})"
# `app:hunter2@db`, and what a program is given for its tokens.
LOOSE: Final = (
    r"[\w-][:/][^\s/:@\"'<>,;()]*[^a-z\s/:@\"'<>,;()-][^\s/:@\"'<>,;()]*@(?:[a-z]{3,4}\(|//|[A-Za-z\d][\w.-]+[:/])",
    rf"(?i:{USERS})[^\n]*[\"'`]\S*[^a-z\s\"'`_.,()-]",
    rf"{NUMBERS}[^\n:=.,;!?(){{}}<>\d]*(?:[:=\x{{ff1a}}]?[\s\"'`*\\]*|[^\x00-\x7f][ ]?)\d{{3}}",
)
_KUBERNETES: Final = r"(?i:kind[\"']?\s*:\s*[\"']?secret)"
_COOKIES: Final = r"(?i:cookie)|\t(?:TRUE|FALSE)\t"
_MARKED_HASHES: Final = r"\$[\w-]+\$|\{(?:S?SHA|S?MD5|PBKDF2|CRYPT|ARGON2)|(?:pbkdf2|scrypt):|SCRAM-SHA|:::"
_HASHES: Final = r"\bmd5[0-9a-f]{32}|\*[0-9A-F]{40}|:\d{4,6}:\d*:"
# Colours, escapes, entities and invisible characters, behind which anything may stand.
_DISGUISES: Final = (
    r"\x1b[\[\](]",
    r"\x{241b}|\^\[|\\(?:u001[bB]|x1[bB]|033|e\[)",
    r"\\(?:u00|x)[2-7]|%(?:25)*[2-7][0-9a-fA-F]|&(?:amp;)*(?:#|quot|apos|amp|lt|gt)|\\u(?:00[aA]|20[0-6]|[fF][eE]|061)",
    r"[\x{ad}\x{34f}\x{61c}\x{115f}\x{1160}\x{180b}-\x{180f}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{206f}\x{3164}]",
    r"[\x{fe00}-\x{fe0f}\x{feff}\x{ffa0}\x{fff9}-\x{fffb}\x{1d173}-\x{1d17a}\x{e0000}-\x{e0fff}]",
)
_FORMATS: Final = tuple(sorted({each.mark for each in FORMATS if each.mark != GROUPS}))


def _any(*patterns: str) -> bytes:
    return "|".join(patterns).encode()


_DISGUISED: Final = "|".join(_DISGUISES).encode("ascii")
# Each apart from the others: one machine for all of them would have so many states that it is ten times as slow.
# What stands together was measured: patterns with words between two places multiply one another.
HINTED: Final = (
    _any(
        *_SAID,
        *(each for each in COMMANDS if each not in (PAIRS, CALL, OPTIONS)),
        _COOKIES,
        SIGNED,
        _MARKED_HASHES,
        _HASHES,
        _KUBERNETES,
    )
    + b"|"
    + _DISGUISED,
    _any(*_FORMATS, *PRINTING),
    _any(INSERT, OPTIONS, *LOOSE),
    _any(PAIRS, CALL, CODES),
)
# Of patterns with an open end, the beginning; the others as they are.
HINT: Final = (
    _any(
        rf"(?i:passw|passphrase|passcode|passe\b|\bpw|_pw|-pass|{FOREIGN}|{ACCESS}|{USERS})",
        WORDS,
        NUMBERS,
        r"\s(?:-[uU]|--?user(?:name)?|--?login)[ =]?\S",
        r"[^\s@]@(?:[a-z]{3,4}\(|//|[A-Za-z\d][\w.-]+[:/])",
        *(each for each in COMMANDS if each not in (PIPED, NETRC, SQL, PAIRS, CALL, ECHOED, OPTIONS)),
        # The others of these have the word for a password.
        r"sudo\s-|-stdin|cryptsetup|\blogin\b|secret\sset|kinit",
        r"(?i:identified\s|pgp_sym_|aes_(?:en|de)crypt|crypt\()",
        r"-command[\s=]|<\(\s?(?:echo|printf)|<<<",
        r"NetworkCredential|DirectoryEntry|BasicAuth|DigestAuth|BasicCredential|\.login|WiFi\.begin|PDO\(|mysqli",
        r"getConnection\(|\bauth\s*=|\.auth|set_basic_auth|SecureString|authenticate|createUser|create_(?:super)?user|algoliasearch|twilio|UserCredentials|DBI->connect|\.Login|basicAuth|SetAuth|SetBasicAuth|(?i:auth|connect|login|credential)\w*\s?\(|"
        r"(?i:signin|create_?\w{0,5}user)\w*\s?\(|/\s?(?i:pw|pass)",
        r"\.connect\s?\(",
        _COOKIES,
        r"(?i:[?&]code=|[?&;,\s](?:sig|q-signature|signature|security-?token)(?:=|%3D)|\bx-\w)",
        _MARKED_HASHES,
        r"\bmd5[0-9a-f]{4}|\*[0-9A-F]{4}|:\d{4,6}:",
        _KUBERNETES,
        *_FORMATS,
        *PRINTING,
        INSERT,
        CODES,
    )
    + b"|"
    + _DISGUISED
)
