"""Secrets that web programs pass on: cookies, and the signatures of links that open for whoever has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent_memory.redaction.finders.shapes import Span
from agent_memory.redaction.linear import has
from agent_memory.redaction.looks.values import VALUE_MIN, is_random, is_stand_in, is_wordy
from agent_memory.redaction.patterns import lazily

_HEADER: Final = lazily(
    r"\b(?:set-)?cookie2?\\{0,3}[\"'`]?\]?\s{0,4}[:=,]\s{0,4}\[?\s{0,4}\\{0,3}[\"'`]?", re.IGNORECASE
)
_OPTION: Final = lazily(r"\s(?:-b|--cookie)[\s=]{1,2}\\{0,3}[\"'`]?")
# So far behind its name curl is given an option.
_COMMAND_MAX: Final = 300
_PAIR: Final = lazily(
    r"[;,]?\s{0,2}([!#$%&*+.^`|~\w-]{1,80})=\"?([^;,\s\"'\\]{1,4096})\"?|;?\s{0,2}(?:httponly|secure|partitioned)\b",
    re.IGNORECASE,
)
# What a server says about its cookie, in words.
_ATTRIBUTES: Final = lazily(
    r"(?:path|domain|expires|max-age|samesite|priority|version|comment|_ga\w*|_gid|__utm\w*|_gcl\w*|_fbp|theme|lang(?:uage)?|locale|tz|timezone|currency)\Z",
    re.IGNORECASE,
)
_EXPIRES: Final = lazily(r";\s{0,2}expires=\w{3,9},\s\d\d[ -]\w{3}[ -]\d{2,4}\s[\d:]{8}\s\w{3}", re.IGNORECASE)
_SESSION: Final = lazily(
    r"sess|sid\Z|token|auth|jwt|csrf|xsrf|remember|login|secret|credential|\.aspx|connect\.sid", re.IGNORECASE
)
# A line of the file in which curl and browsers keep cookies.
_JAR: Final = lazily(r"\t(?:TRUE|FALSE)\t/\S{0,200}\t(?:TRUE|FALSE)\t\d{1,12}\t([^\t\n]{1,80})\t([^\s\"']{1,4096})")
_PLAIN: Final = lazily(r"[A-Za-z]+\Z|\d{1,7}\Z|(?:deleted|undefined|null)\Z", re.IGNORECASE)

# What a link that anybody may post to has in its path or its query: only whoever knows it can.
_LINK: Final = lazily(r"https?://[\w.-]{3,255}(?::\d{1,5})?/[\w./@%?&=:+~-]{8,2048}", re.ASCII)
_HOOK: Final = lazily(
    r"hook|/services/T|hc-ping|maker\.ifttt|/key/|logic\.azure|zapier|integromat|n8n|/catch/|ntfy\.sh/", re.IGNORECASE
)
# In every text with such a link, this is found.
LINKED: Final = (
    r"://\S*(?i:hook|/services/T|hc-ping|maker\.ifttt|/key/|logic\.azure|zapier|integromat|n8n|/catch/|ntfy\.sh/|"
    r"[?&](?:code|key|apikey|access_key|secret|sas|token)=)"
)
# What lets in whoever has the link.
_DOOR: Final = lazily(
    r"magic|/(?:reset|invite|invitation|confirm|verify|activate|sso|signin|login|share|onetime|s)(?![\w-])",
    re.IGNORECASE,
)
_DOOR_PART: Final = lazily(r"(?<=[/=])[A-Za-z0-9_-]{20,512}(?=[/?&]|\Z)")
_HOOK_PART: Final = lazily(r"(?<=[/=@])(?:[A-Za-z0-9_-]{12,512})(?=[/?&@]|\Z)")
_CODE: Final = lazily(
    r"[?&](?:code|key|apikey|access_key|secret|sas|token)=(?P<value>[\w%=/.~-]{24,512})", re.IGNORECASE
)
_HEXADECIMAL: Final = lazily(r"[0-9a-fA-F-]+\Z")
_UUID: Final = lazily(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)

# Whatever scheme it has, what stands behind it opens something.
_AUTHORIZATION: Final = lazily(
    r"\b(?:proxy-)?authorization\\{0,3}[\"']?\s?[:=,]\s{0,2}\\{0,3}[\"']?(?P<scheme>[A-Za-z][\w-]{1,30})"
    r"[ ](?P<rest>[^\r\n]{8,4096})",
    re.IGNORECASE,
)
_PARAMETER: Final = lazily(
    r"(?:mac|\w*signature|response|\w*token|\w*key|\w*secret|password|sig|credential)=\\{0,3}[\"']?(?P<value>[\w+/=.~%-]{8,2048})",
    re.IGNORECASE,
)
_OPAQUE: Final = lazily(r"(?=[^\s\"'\\<>{}$]{0,64}\d)[^\s\"'\\<>{}$,;]{8,4096}")
# In every text with such a signature, this is found.
SIGNED: Final = r"(?i:[?&]code|[?&;,\s](?:sig|q-signature|signature|security-?token)|\bx-\w+-s\w+(?:-token)?)(?:=|%3D)"
_is_signed: Final = has(SIGNED)
_SIGNATURE: Final = lazily(
    r"(?:\bx-(?:amz|goog|oss|obs|cos|tos|ms)-(?:signature|security-token)|\bq-signature|[?&;,\s](?:sig|signature|security-?token)|[?&]code)"
    r"(?:=|%3D)(?P<value>[\w%+/=~.-]{20,2048})",
    re.IGNORECASE,
)


def cookies(text: str) -> Iterator[Span]:
    """The values of cookies that tell who somebody is, wherever a header or a cookie file shows them, in order."""
    yield from sorted(_cookies(text))


def _cookies(text: str) -> Iterator[Span]:
    if "ookie" in text or "OOKIE" in text or ("curl" in text and " -b" in text):
        for header in (_HEADER, _OPTION):
            done = 0
            for found in header.finditer(text):
                place = found.end()
                # What a header holds is read once, also where it looks like further headers.
                if place < done or (header is _OPTION and text.rfind("curl", max(0, place - _COMMAND_MAX), place) < 0):
                    continue
                while pair := _EXPIRES.match(text, place) or _PAIR.match(text, place):
                    if pair.lastindex and pair[1] and _is_secret(pair[1], pair[2]):
                        yield *pair.span(2), "cookie"
                    place = pair.end()
                done = place
    if "\t/" in text:
        for line in _JAR.finditer(text):
            if _is_secret(line[1], line[2]):
                yield *line.span(2), "cookie"


def signatures(text: str) -> Iterator[Span]:
    """The signatures of links and requests: Azure's SAS, AWS' and Google's signed URLs, and their like."""
    if _is_signed(text):
        for found in _SIGNATURE.finditer(text):
            if is_random(found["value"], least=VALUE_MIN) and not is_stand_in(found["value"]):
                yield *found.span("value"), "signature"


def links(text: str) -> Iterator[Span]:
    """What opens a webhook, or a function that a link calls, in order."""
    if "://" in text:
        for link in _LINK.finditer(text):
            yield from sorted(_in_link(text, *link.span()))


def authorizations(text: str) -> Iterator[Span]:
    """What stands behind the scheme of a header that says who asks, in order."""
    if "uthorization" in text or "UTHORIZATION" in text:
        for header in _AUTHORIZATION.finditer(text):
            start, end = header.span("rest")
            if parameters := [*_PARAMETER.finditer(text, start, end)]:
                yield from ((*each.span("value"), "token") for each in parameters if not is_stand_in(each["value"]))
            elif (
                (found := _OPAQUE.match(text, start, end))
                and not is_stand_in(found[0])
                and "=" not in found[0].rstrip("=")
            ):
                yield *found.span(), "token"


def _in_link(text: str, start: int, end: int) -> Iterator[Span]:
    if _HOOK.search(text, start, end):
        path = text.find("/", text.find("://", start, end) + 3, end)
        for part in _HOOK_PART.finditer(text, path, end):
            if _UUID.match(part[0]) or (is_random(part[0], least=12) and not is_wordy(part[0])):
                yield *part.span(), "webhook"
        return
    if _DOOR.search(text, start, end):
        for part in _DOOR_PART.finditer(text, text.find("/", text.find("://", start, end) + 3, end), end):
            if is_random(part[0], least=20) and not is_wordy(part[0]) and not _HEXADECIMAL.match(part[0]):
                yield *part.span(), "webhook"
        return
    code = _CODE.search(text, start, end)
    if code and is_random(code["value"], least=24) and not is_stand_in(code["value"]):
        yield *code.span("value"), "signature"


def _is_secret(name: str, value: str) -> bool:
    if _ATTRIBUTES.match(name) or _PLAIN.match(value) or is_stand_in(value):
        return False
    if _SESSION.search(name):
        return len(value) >= VALUE_MIN and any(character.isdigit() for character in value)
    return is_random(value, least=VALUE_MIN) and not is_wordy(value)
