"""What a thing is by its name: a password, a token, a secret, a key, or nothing that has to be kept."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from agent_memory.redaction.patterns import lazily

# One of them is in every name of a secret.
STEMS: Final = (
    "pass",
    "pw",
    "secret",
    "token",
    "key",
    "auth",
    "cred",
    "bearer",
    "cookie",
    "signature",
    "_pat",
    "salt",
    "pepper",
    "jwt",
    "hmac",
    "licen",
)
# So far a name is followed before such a word, and behind it.
_BEFORE_MAX: Final = 48
_TAIL: Final = lazily(r"[\w-]{0,40}+", re.ASCII)
# Passwords in other languages; what is not here has "pass" in it.
FOREIGN_STEMS: Final = (
    *("kennwort", "mdp", "contrase\u00f1a", "contrasena", "clave", "parola", "senha", "psk", "wachtwoord", "kodeord"),
    *("adgangskode", "losenord", "l\u00f6senord", "salasana", "haslo", "has\u0142o", "heslo", "jelszo", "jelsz\u00f3"),
)
_PASSWORD: Final = lazily(
    r"(?:passwords?|passwd|passphrase|passcode|passwort|pwd|kennwort|mots?depasse|mdp|contrase\u00f1a|contrasena|senha|"
    r"palavrapasse|parola(?:d\W?ordine|chiave|d\W?accesso)?|clave(?:deacceso)?|psk|wachtwoord|kodeord|adgangskode|"
    r"l[o\u00f6]senord|salasana|has[l\u0142]o|heslo|jelsz[o\u00f3])\d{0,3}\Z"
)
# A pass is also what a compiler, a renderer or a test makes.
_PASS: Final = lazily(
    r"(?:(?:\w*[a-z0-9])??(?:become|ssh|sudo|db|user|admin|root|smtp|imap|ftp|ldap|vault)|user|usr|db|database|sql|root|admin|my|mysql|maria|pg|postgres|mongo|redis|rabbit(?:mq)?|amqp|mq|smtp|mail|imap|pop3?|"
    r"ftp|sftp|ssh|http|proxy|login|sudo|su|auth|basicauth|account|service|svc|app|api|client|server|key|keystore|store|"
    r"trust(?:store)?|ca|cert|pfx|p12|jks|pem|wifi|wlan|vpn|ldap|bind|ad|es|elastic(?:search)?|neo4j|kafka|zip|backup|"
    r"vault|registry|docker|jenkins|nexus|web|wp|ora(?:cle)?|sa|mssql|rdp|vnc|ipmi|bmc|snmp|broker|mqtt|influx(?:db)?|grafana)"
    r"p(?:ass|w)\d?\Z"
)
_PW: Final = lazily(r"(?:\A|[-_.]|[a-z](?=P))(?:pw|PW|Pw)\d?\Z")
# These alone are words like others.
SHORT: Final = frozenset(("pass", "pw"))
_PASS_VARIABLE: Final = lazily(r"(?:\A|[A-Z0-9]_)PASS\d?\Z")
_TOKEN: Final = lazily(
    r"tokens?\Z|authorization\Z|auth\Z|bearer\Z|cred(?:ential)?s?\Z|cookie\Z|(?:x|request|webhook)signature\Z"
)
# A personal access token, which has its name as a word of its own: `AZURE_PAT`.
_PAT: Final = lazily(r"[-_.]pat\Z", re.IGNORECASE)
_OPAQUE: Final = lazily(
    r"otpauth\Z|(?:page|pagination|continuation|change|purchase|clientrequest|idempotency|sync|resume|cancel(?:lation)?|next|max|min|num|design|syntax|lexer|stop|eos|bos|pad)"
    r"tokens?\Z|(?:by|no|with|has|is|the|of|per)tokens?\Z"
)
_SECRET: Final = lazily(
    r"secret(?:key(?:base)?)?\d?\Z|secretvalue\Z|(?:mfa|t?otp|2fa|twofactor|wallet)seed\Z|"
    r"(?:api|access|secret|private|sign(?:ing)?|encrypt(?:ion)?|decrypt(?:ion)?|crypto|cipher|master|account|shared|auth|"
    r"license|licence|webhook|service|deploy|client|consumer|server|app|application|subscription|storage|integration|"
    r"ingest(?:ion)?|hmac|aes|jwt|session|admin|rest|write|prod|live|production|functions?|host|instrumentation|pass)key\d?\Z"
)
# Names with more behind that word: a value that a generator made is one all the same, unless they say what it is.
_HOLDS_SECRET: Final = lazily(r"secret|apitoken|accesstoken|authtoken|apikey")
_OF_SECRET: Final = lazily(
    r"(?:hash|digest|id|ids|name|arn|file|path|url|uri|length|size|count|type|version|index|ref|class|provider|manager|field|"
    r"header|prefix|expiry|expires(?:at|in)?|at|store|data)\d?\Z|secretary|tokenizer"
)
# A value behind these is one only if a generator made it.
_WEAK: Final = lazily(
    r"(?:\A|[a-z0-9])(?:salt|pepper|jwt|hmac|licen[cs]e(?:code|number|serial)?)\Z|\A(?:salt|pepper|jwt|hmac|totp)\Z"
)
_OTHER_KEY: Final = lazily(
    r"(?:public|pub|primary|foreign|cache|partition|sort|idempotency|object|s3|file|i18n|translation|hash|dedup|group|"
    r"lookup|index|map|dict|row|column|col|known|hot|short|arrow|routing|composite|unique|sorting|config|registry|query|"
    r"publishable|anon|site|ssh|gpg|pgp|host|storage|react|list|item|node|tree|left|right|up|down|enter|return|escape|tab)"
    r"key\d?\Z"
)


def begin_of_name(text: str, start: int, most: int) -> int:
    """Where the name begins that has the word at `start` in it: at most so many characters before."""
    begin = start
    while begin > 0 and start - begin < most and (text[begin - 1].isalnum() or text[begin - 1] in "_-."):
        begin -= 1
    return begin


def name_around(text: str, start: int, end: int) -> tuple[int, str]:
    """The whole name that the word from `start` to `end` is in, and where it begins."""
    begin = begin_of_name(text, start, _BEFORE_MAX)
    tail = _TAIL.match(text, end)
    return begin, text[begin : tail.end() if tail else end]


@lru_cache(maxsize=4096)
def kind_of(name: str, *, is_variable: bool) -> str:
    """What a thing of that name is: password, token, secret, key; empty for a name that says nothing."""
    flat = re.sub(r"[-_ ]", "", name.rpartition(".")[2] or name).lower()
    if _PASSWORD.search(flat) or _PASS.match(flat) or flat in SHORT or _PW.search(name):
        return "password"
    if is_variable and _PASS_VARIABLE.search(name):
        return "password"
    if _PAT.search(name):
        return "token"
    if _TOKEN.search(flat):
        return "" if _OPAQUE.search(flat) else "token"
    if _SECRET.search(flat):
        return "secret" if "secret" in flat and not flat.endswith("key") else "api-key"
    if _HOLDS_SECRET.search(flat) and not _OF_SECRET.search(flat):
        return "made"
    if flat.endswith("key") and len(flat) > 3 and not _OTHER_KEY.search(flat):
        return "key"
    return "key" if flat == "key" or _WEAK.search(flat) else ""
