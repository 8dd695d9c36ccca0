"""Secrets that are known by the format of the file or of the dialogue they stand in: JWK, .pgpass, Redis, routers."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from agent_memory.redaction.finders.shapes import Span
from agent_memory.redaction.linear import found_of
from agent_memory.redaction.looks.chosen import is_chosen
from agent_memory.redaction.looks.likeness import Likeness, likeness
from agent_memory.redaction.looks.passwords import is_plain_word
from agent_memory.redaction.looks.values import is_random, is_stand_in
from agent_memory.redaction.patterns import lazily

_PAIR: Final = lazily(rb"[\w.@+-]{1,64}:[!-~]{4,128}\Z")


def _is_value(value: str) -> bool:
    return not is_stand_in(value)


def _has_digit(value: str) -> bool:
    return any(character.isdigit() for character in value)


def _is_word_or_said(value: str) -> bool:
    return is_plain_word(value) or is_chosen(value) or likeness(value) >= Likeness.CHOSEN


def _is_made_of_groups(value: str) -> bool:
    """Whether groups of four characters are a generator's, and no words."""
    return sum(map(_has_digit, re.split(r"[ -]", value))) > 1


def _is_private_key(value: str) -> bool:
    """Whether what is in base 64 begins with the mark of a private key."""
    return b"PRIVATE KEY" in b64decode(value[:80])


def _is_pair(value: str) -> bool:
    """Whether what is in base 64 is a name and a password."""
    try:
        return _PAIR.match(b64decode(value, validate=True)) is not None
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Format:
    """How a secret stands in texts of one kind; `mark` is RE2's, and in every text that has such a secret."""

    mark: str
    kind: str
    pattern: re.Pattern[str]
    is_secret: Callable[[str], bool] = _is_value


def _format(mark: str, kind: str, pattern: str, is_secret: Callable[[str], bool] = _is_value) -> Format:
    return Format(mark, kind, lazily(pattern, re.VERBOSE | re.MULTILINE | re.ASCII), is_secret)


_END: Final = r"[ \t]*\r?$"
_QUOTED: Final = r"\\{0,3}[\"'](?P<quoted>[^\"'\r\n\\]{3,256})\\{0,3}[\"']"
# Four groups of four, one of them with a digit.
_GROUP, _DIGIT = r"\w{4}", r"(?:[2-7]\w{3}|\w[2-7]\w{2}|\w{2}[2-7]\w|\w{3}[2-7])"
GROUPS: Final = (
    r"\b(?:"
    + "|".join("[ -]".join(_DIGIT if at == place else _GROUP for at in range(4)) for place in range(4))
    + r")\b"
)
_HOST: Final = r"[\w.-]{1,255}"

FORMATS: Final = (
    # The private members of RFC 7517.
    _format(
        r"[\"']kty\\?[\"']",
        "private-key",
        r"[\"'](?:d|p|q|dp|dq|qi|k)\\{0,3}[\"']\s?:\s?\\{0,3}[\"'](?P<value>[\w-]{16,4096})",
    ),
    _format(
        "Private-Lines:",
        "private-key",
        r"Private-Lines:[ ]\d{1,3}\s{1,2}(?P<value>(?:[A-Za-z0-9+/=]{4,80}\s{1,2}){1,200}(?:Private-MAC:[ ]"
        r"[0-9a-f]{40,64})?)",
    ),
    _format(
        "LS0tLS1CRUdJTi",
        "private-key",
        r"(?P<value>LS0tLS1CRUdJTi[A-Za-z0-9+/]{66,65536}={0,2})",
        _is_private_key,
    ),
    # .pgpass; Postfix' and others' tables of hosts.
    _format(
        r":(?:\*|\d{4,5}):",
        "password",
        rf"^[^\s:\#]{{1,255}}:(?:\*|\d{{4,5}}):[\w*-]{{1,64}}:[\w*.-]{{1,64}}:(?P<value>[^\s:]{{4,256}}){_END}",
        _is_word_or_said,
    ),
    _format(
        r"\]:\d{1,5}[ \t]|(?m:^)\[?(?:smtp|mail|imap|relay|mx)[.\d]",
        "password",
        rf"^(?:\[{_HOST}\](?::\d{{1,5}})?|(?:smtp|mail|imap|relay|mx)[\w.-]{{1,255}}(?::\d{{1,5}})?)"
        rf"[ \t]{{1,16}}[\w.@+-]{{1,128}}:(?P<value>[^\s:]{{4,256}}){_END}",
        is_chosen,
    ),
    # What a new machine is told.
    _format("chpasswd", "password", rf"^[ \t-]*[a-z_][\w-]{{0,31}}:(?P<value>[^\s:\"'/]{{4,128}}){_END}", is_chosen),
    _format("chpasswd", "password", r"chpasswd[ ]?<<<[ ]?[\"']?[\w-]{1,32}:(?P<value>[^\s\"']{4,128})"),
    _format("--(?:plaintext|iscrypted)", "password", r"--(?:plaintext|iscrypted)\s(?P<value>[^\s-]\S{3,256})"),
    # Redis and its like.
    _format(
        "requirepass|masterauth|rpcpassword|auth-pass",
        "password",
        r"\b(?:requirepass|masterauth|rpcpassword|auth-pass\s+[\w.-]+)\s{1,8}[\"']?(?P<value>[^\s\"'<>\\;,]{4,256})",
    ),
    _format(
        r"AUTH\s",
        "password",
        r"(?:^|>[ ]?|\bredis\S{0,32}\s)AUTH[ ](?:[a-z]\w{0,31}[ ])?[\"']?(?P<value>[^\s\"']{4,256})",
        is_chosen,
    ),
    # Routers and switches, networks.
    _format(
        r"(?:password|secret|key|passwd|encrypted)\s[05-9]\s",
        "password",
        r"\b(?:password|secret|key|passwd|key-string|encrypted)[ ]"
        rf"(?:0[ ](?P<quoted>\S{{4,128}}){_END}|[5-9][ ](?P<value>[0-9A-F]{{8,256}}\b|[$\w./]{{20,256}}))",
    ),
    _format(
        r"snmp|r[ow]community",
        "password",
        r"\b(?:snmp-server\s+community|snmp(?:walk|get|bulkwalk|set|bulkget)\b[^\n]{0,80}?[ ]-c|r[ow]community6?)\s+"
        r"[\"']?(?!(?:public|private)\b)(?P<value>[^\s\"']{4,64})",
    ),
    _format(
        r"pre-shared-key|psk-secret|:\s?PSK",
        "password",
        r"(?:pre-shared-key|psk-secret|:\s?PSK)\s{1,4}(?:(?:ascii-text|hexadecimal|local|remote|[026])\s{1,4})?"
        rf"(?:{_QUOTED}|(?=[^\s\"';]{{0,64}}\d)(?P<value>[^\s\"';]{{6,256}}))",
    ),
    _format(
        "iwconfig",
        "password",
        r"iwconfig\s[^\n]{0,80}?\b(?:key|enc)\s+(?:open\s+)?(?:s:)?(?P<value>[^\s\"']{5,64})",
        _has_digit,
    ),
    _format(
        r"(?:password|secret|isakmp key)\s",
        "password",
        r"^[ \t]*(?:enable|neighbor[ ]\S{1,64}|username[ ]\S{1,64}|user[ ]\S{1,64}|ppp[ ]\S{1,16}|set)(?:[ ]"
        r"privilege[ ]\d{1,2})?"
        rf"[ ](?:password|secret)(?:[ ]level[ ]\d{{1,2}})?[ ][\"']?(?P<value>[^\s\"']{{4,128}})[\"']?{_END}|"
        rf"\bisakmp[ ]key[ ](?P<quoted>[^\s\"']{{4,128}})[ ]address",
        _is_word_or_said,
    ),
    # Dialogues with servers.
    _format(
        "USER ",
        "password",
        r"USER[ ][^\n]{1,64}\n(?:[^\n]{0,100}\n){0,2}?[^\n]{0,8}PASS[ ]:?(?P<value>\S{4,64})",
    ),
    _format(
        r"AUTH(?:ENTICATE)? PLAIN|334 ",
        "password",
        r"(?:AUTH(?:ENTICATE)?[ ]PLAIN\s(?:[^\n]{0,8}\n)?|334[ ]UGFzc3dvcmQ6[^\n]{0,8}\n)(?:C:[ ]|>[ ])?"
        r"(?P<value>[A-Za-z0-9+/]{8,400}={0,2})",
    ),
    _format(
        "(?i:identify )",
        "password",
        r"(?i:\bidentify[ ])(?:[A-Za-z]\w{0,31}[ ])?(?P<value>[^\s\"':]{5,64})",
        is_chosen,
    ),
    _format(
        r"PASS |LOGIN ",
        "password",
        rf"^(?:C:[ ]|>[ ]|-->[ ]|ftp>[ ])?(?:PASS[ ]:?|\w{{1,8}}[ ]LOGIN[ ]\S{{1,64}}[ ][\"']?)"
        rf"(?P<value>[^\s:\"']{{4,64}})[\"']?{_END}",
        is_chosen,
    ),
    _format(
        "bundle config",
        "password",
        rf"bundle[ ]config\s[^\n]{{0,120}}\s(?P<value>[^\s:/]{{1,128}}:[^\s:/]{{6,128}}){_END}",
    ),
    # As Azure lists the keys of an account: 64 bytes.
    _format(
        r"[A-Za-z0-9+/]==(?:[^=\w]|$)",
        "azure-key",
        r"(?i:key)[^\n]{0,80}?(?<![A-Za-z0-9+/=-])(?P<value>[A-Za-z0-9+/]{86}==)",
        lambda value: is_random(value, least=86),
    ),
    # A number for a card, a gate or a telephone.
    _format(
        r"(?i:pin|puk|code|number)\\*[\"']?(?:\s?[:=]\s?[\"']?|[ ]|[ ](?:is|ist|est|es|era|war|was|lautet|\x{e8}|"
        r"\x{e9})[ ])\d{4}",
        "pin",
        r"(?<![A-Za-z-])(?:(?:[a-z]+_|[A-Z]+_)(?i:pin|puk)|[a-z]+P(?:in|IN)|[Pp]in(?=\\{0,3}[\"']?\s?[:=]|[ ](?:is|"
        r"est|es|ist)[ ])|PIN|PUK|(?i:(?:pin|puk)[ _-]?(?:code|number)|passcode|(?:gate|alarm|safe|unlock|access)"
        r"[ _-]code))\\{0,3}[\"']?"
        r"(?:[^\n:=.,;!?(){}<>\d]{0,40}?[ ](?:is|ist|lautet|est|es|era|\u00e8|\u00e9|war|was))?[ ]?[:=]?[ ]"
        r"?\\{0,3}[\"']?(?P<value>\d{4,8})(?![\w.-])",
        lambda value: len(set(value)) > 1,
    ),
    # What a telephone reads to join a network, and what Windows shows of one.
    _format(
        r"WIFI:",
        "password",
        r"WIFI:(?:[A-Z]:[^;\n]{0,64};){0,4}?P:(?P<value>(?:\\.|[^;\\\n]){4,64});",
    ),
    _format(
        r"Key Content|Schl.{1,2}sselinhalt|Contenu de la cl|Contenido de la clave",
        "password",
        rf"(?:Key[ ]Content|Schl\S{{1,3}}sselinhalt|Contenu[ ]de[ ]la[ ]cl\S|"
        rf"Contenido[ ]de[ ]la[ ]clave)\s{{0,24}}:\s{{0,4}}(?P<value>\S{{4,64}}){_END}",
    ),
    # A name and a password in base 64, as HTTP sends them.
    _format(
        r"Basic |base64",
        "password",
        r"(?:Basic[ ]|(?:echo|printf)[ ](?:-n[ ])?[\"']?|"
        r"<<<[ ]?[\"']?)(?P<value>[A-Za-z0-9+/]{10,400}={0,2})(?![A-Za-z0-9+/=])",
        _is_pair,
    ),
    # The key of an account on a chain, an address that shows a calendar.
    _format(r"Wallet\(", "private-key", r"Wallet\(\s?[\"'](?P<value>(?:0x)?[0-9a-fA-F]{64})[\"']"),
    _format(r"/private-[0-9a-f]", "webhook", r"/private-(?P<value>[0-9a-f]{24,64})/"),
    # What pppd asks a peer, and is asked.
    _format(
        r"[\"'][ \t]+\*[ \t]+[\"']|(?i:chap|pap-secrets)",
        "password",
        rf"^[\"']?[\w.@\\-]{{1,64}}[\"']?[ \t]{{1,8}}\*[ \t]{{1,8}}[\"']?(?P<value>[^\s\"'*]{{5,64}})"
        rf"[\"']?(?:[ \t]{{1,8}}\*)?{_END}",
        is_chosen,
    ),
    # As Java's key stores are opened.
    _format(
        r"toCharArray",
        "password",
        r"\"(?P<value>[^\"\s]{5,128})\"\.toCharArray\(",
        is_chosen,
    ),
    # A form that is filled in.
    _format(
        r"(?i:type\s?=\s?[\"']password)",
        "password",
        r"<input\b(?=[^<>]{0,400}(?i:type\s?=\s?[\"']password[\"']))[^<>]{0,400}?\bvalue\s?=\s?[\"'](?P<value>[^\"'<>\n]{4,128})[\"']",
    ),
    _format(
        r"(?i:input\s+password)",
        "password",
        r"(?i:input[ ]password)(?:[ ]{2,}|\t)\S{1,128}(?:[ ]{2,}|\t)(?P<value>\S{4,128})",
    ),
    # What an authenticator is told.
    _format(
        GROUPS,
        "token",
        r"(?i:key|secret|code|2fa|totp|authenticator|schl|setup)[^\n]{0,80}?(?<![A-Za-z0-9-])"
        r"(?P<value>(?:[a-z2-7]{4}[ -]){3,15}[a-z2-7]{4}|(?:[A-Z2-7]{4}[ -]){3,15}[A-Z2-7]{4})(?![A-Za-z0-9-])",
        _is_made_of_groups,
    ),
)
_FOUND: Final = found_of([each.mark for each in FORMATS])


def formatted(text: str) -> Iterator[Span]:
    """The secrets in the text that its format tells, in order."""
    yield from sorted(
        span for place in _FOUND(text.encode("utf-8", "surrogatepass")) for span in _of(FORMATS[place], text)
    )


def _of(form: Format, text: str) -> Iterator[Span]:
    for found in form.pattern.finditer(text):
        group = next(name for name in ("value", "quoted") if found.groupdict().get(name))
        if form.is_secret(found[group]):
            yield *found.span(group), form.kind
