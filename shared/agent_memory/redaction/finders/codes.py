"""Numbers that open something: the PIN of a card, the code of a door, what a second factor is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agent_memory.redaction.finders.shapes import Span
from agent_memory.redaction.linear import places_of
from agent_memory.redaction.patterns import lazily

_OF: Final = (
    "alarm[ae]?s?|doors?|gates?|safes?|key ?pad|entry|entrance|access|unlock|security|verification|login|one-time|"
    "2fa|mfa|sms|otp|lock|locker|"
    "garage|keypad|sim|card|phone|voicemail|parental|confirmation|auth(?:entication)?"
)
_DE: Final = (
    "t\u00fcr|tor|alarm|safe|tresor|schloss|zugangs|zutritts|best\u00e4tigungs|sicherheits|geheim|einmal|karten|bank"
)
_ROMANCE: Final = (
    "acc[\u00e8e]s|acceso|acesso|accesso|(?:la |le |l['\u2019]|del? |della |do |da |du )?(?:porte|"
    "portail|alarme?|alarma|puerta|porta|porton[ea]|cancello|coffre|"
    "caja fuerte|cofre|immeuble|b\u00e2timent|s[e\u00e9]curit[e\u00e9]|seguridad|seguran\u00e7a|"
    "sicurezza|v[e\u00e9]rification|verificaci\u00f3n|verifica|"
    "verifica\u00e7\u00e3o|confirmation|confirmaci\u00f3n|conferma|carte|tarjeta|cart\u00e3o|carta|sblocco|desbloqueo)"
)
# Words after which a number of four to eight digits can hardly be anything else.
CODES: Final = (
    rf"(?i:\bpin\b|\botp\b|key ?pad|\bpuk\b|pin[ _-]?(?:code|nummer|number)|_pin\b|passcode|(?:{_OF})[ _-]?(?:code|pin)"
    rf"\b|(?:{_DE})-?(?:code|pin|nummer|zahl)\b|"
    rf"(?:code|c[oó]digo|codice)[ ](?:pin|de[ ]|d['’]|di[ ]|du[ ]|del[ ]|della[ ]|do[ ]|"
    rf"da[ ])?(?:{_ROMANCE})|(?:code|c[oó]digo|codice)[ ]pin\b|"
    "\u6697\u8a3c\u756a\u53f7|\u53e3\u4ee4|\u8a8d\u8a3c\u30b3\u30fc\u30c9|\u78ba\u8a8d\u30b3\u30fc\u30c9|\u9a8c\u8bc1\u7801|\u9a57\u8b49\u78bc|"
    "pin\u30b3\u30fc\u30c9|pin\u7801|\u5bc6\u7801|\u30d1\u30b9\u30b3\u30fc\u30c9|\uc778\uc99d\ubc88\ud638|\ube44\ubc00\ubc88\ud638|"
    "\u043f\u0438\u043d-?\u043a\u043e\u0434|"
    "\u043a\u043e\u0434 (?:\u0434\u043e\u0441\u0442\u0443\u043f\u0430|"
    "\u043f\u043e\u0434\u0442\u0432\u0435\u0440\u0436\u0434\u0435\u043d\u0438\u044f))"
)
_places: Final = places_of(CODES)
# What stands between such a word and the number: a sign, or the rest of a sentence with its verb.
_BETWEEN: Final = lazily(
    r"\\{0,3}[\"']?[^\n:=.,;!?(){}<>\d\u3002\uff0c]{0,40}?(?:\s?[:=\uff1a]|\s(?:is|ist|lautet|est|es|era|\u00e8|\u00e9|was|war|are|to|auf)(?:\s(?:now|jetzt|le|la|el|il|o|der|die|das|the))?|"
    r"[\u306f\u304c\u662f\u4e3a\u70ba]|[\uc740\ub294])"
    r"\s{0,2}\\{0,3}[\"'`\u300c*]{0,2}(?P<value>\d{4,8}[A-F]?|\d{3}[ -]\d{3})(?![A-Za-z0-9_-]|[.,]\d)"
)
_SPACED: Final = lazily(r"[ ]?(?P<value>\d{4,8})(?![A-Za-z0-9_-]|[.,]\d)")


def codes(text: str) -> Iterator[Span]:
    """The numbers that open something, in order."""
    done = 0
    for start, end in _places(text):
        found = _BETWEEN.match(text, end)
        if found is None and (text[start:end].isupper() or not text[start:end].isascii()):
            found = _SPACED.match(text, end)
        if found and found.start("value") >= done and len(set(found["value"])) > 1:
            yield *found.span("value"), "pin"
            done = found.end("value")
