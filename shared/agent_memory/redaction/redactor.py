"""The redactor: a text goes in, and comes out with a marker where each secret stood.

A marker names the secret's kind and, where the redactor has a key, four characters that are the same for the same
secret: two places can be told to hold the same one, and nobody without the key can try out which one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from agent_memory.redaction import MARKER
from agent_memory.redaction.finders import payment
from agent_memory.redaction.finders.codes import codes
from agent_memory.redaction.finders.commands import passwords_in_commands
from agent_memory.redaction.finders.environment import environment_values
from agent_memory.redaction.finders.formats import formatted
from agent_memory.redaction.finders.hashes import password_hashes
from agent_memory.redaction.finders.headers import authorizations, cookies, links, signatures
from agent_memory.redaction.finders.kubernetes import kubernetes_secrets
from agent_memory.redaction.finders.lists import listed
from agent_memory.redaction.finders.named import named_values
from agent_memory.redaction.finders.nearby import nearby
from agent_memory.redaction.finders.positional import passwords_in_links, private_keys
from agent_memory.redaction.finders.printed import printed
from agent_memory.redaction.finders.seed_phrases import seed_phrases
from agent_memory.redaction.finders.sentences import sentences
from agent_memory.redaction.finders.settings_lines import passwords_of_lines
from agent_memory.redaction.finders.shapes import Span, aws_pairs, known_tokens, tokens_in_base64
from agent_memory.redaction.finders.tables import tabled
from agent_memory.redaction.finders.wrapped import continued, wrapped_tokens
from agent_memory.redaction.prefilter import candidates, may_contain_secret
from agent_memory.text.plain_view import plain_view

_TAG_LETTERS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_TAG_LENGTH: Final = 4
# What was hidden by what was taken out is looked for again; more often only a text that was made for it needs.
_ROUNDS_MAX: Final = 6
# Nothing shorter has a secret and what tells that it is one.
_SECRET_MIN: Final = 6
# Too short for that, or made of words.
_NEVER_WRAPPED: Final = frozenset(("password", "url-password", "private-key", "seed-phrase", "card-number", "iban"))

Finder = Callable[[str], Iterator[Span]]
# The surest first: what one has taken out, the next does not see.
_FINDERS: Final[tuple[Finder, ...]] = (
    private_keys,
    wrapped_tokens,
    aws_pairs,
    tokens_in_base64,
    known_tokens,
    password_hashes,
    kubernetes_secrets,
    formatted,
    passwords_in_links,
    signatures,
    links,
    cookies,
    passwords_in_commands,
    printed,
    named_values,
    authorizations,
    listed,
    tabled,
    nearby,
    passwords_of_lines,
    sentences,
    codes,
    seed_phrases,
)


class Redactor:
    """Takes secrets out. With a key, the same secret gets the same marker; without one, markers tell the kind only."""

    def __init__(self, key: bytes = b"", *, payment_data: bool = False) -> None:
        """`payment_data` says whether the numbers of cards and bank accounts are secrets, too."""
        self._key = key
        self._payment_data = payment_data
        self._finders = (*_FINDERS, payment.payment_data) if payment_data else _FINDERS

    def redact(self, text: str, counts: Counter[str] | None = None, *, is_environment: bool = False) -> str:
        """The text with markers; `counts` is told how many of which kind. What is redacted already stays as it is.

        `is_environment` says that the text shows a file of settings in which every value may be secret.
        """
        finders = (*self._finders, environment_values) if is_environment else self._finders
        finders = (*finders, _disguised(finders))
        for _ in range(_ROUNDS_MAX):
            before = text
            text = self._without(text, finders, counts, is_environment=is_environment)
            if text == before or "[redacted:" not in text:
                break
        return text

    def _without(
        self, text: str, finders: Sequence[Finder], counts: Counter[str] | None, *, is_environment: bool
    ) -> str:
        if "[redacted:" not in text:
            return self._replaced(text, _found(text, finders), counts)
        parts = []
        place = 0
        for marker in MARKER.finditer(text):
            parts += [text[place : marker.start()], marker[0]]
            place = marker.end()
        parts.append(text[place:])
        # Between markers there is hardly anything: one look at all that stands there, and at the same only once.
        between = list(dict.fromkeys(part for part in parts[::2] if len(part) >= _SECRET_MIN))
        contents = [part.encode("utf-8", "surrogatepass") for part in between]
        suspected = set(candidates(contents, payment_data=self._payment_data))
        if is_environment:
            suspected.update(number for number, content in enumerate(contents) if b"=" in content)
        found = {between[number]: spans for number in suspected if (spans := _found(between[number], finders))}
        if found:
            parts[::2] = [self._replaced(part, found.get(part, ()), counts) for part in parts[::2]]
        return "".join(parts)

    def _replaced(self, text: str, found: Sequence[Span], counts: Counter[str] | None) -> str:
        parts = []
        place = 0
        for start, end, kind in found:
            parts += [text[place:start], self._marker(kind, text[start:end])]
            place = end
            if counts is not None:
                counts[kind] += 1
        return "".join([*parts, text[place:]]) if parts else text

    def _marker(self, kind: str, secret: str) -> str:
        if not self._key:
            return f"[redacted:{kind}]"
        digest = hashlib.blake2b(secret.encode("utf-8", "surrogatepass"), key=self._key, digest_size=_TAG_LENGTH)
        return f"[redacted:{kind}:{''.join(_TAG_LETTERS[byte & 31] for byte in digest.digest())}]"


def _found(text: str, finders: Sequence[Finder]) -> list[Span]:
    """What the finders find, in order; where two overlap, what the surer one has found."""
    found: list[Span] = []
    for finder in finders:
        if more := [*finder(text)]:
            found = _joined(text, found, more)
    return found


def _joined(text: str, found: list[Span], more: list[Span]) -> list[Span]:
    """Both in order, without those of `more` that overlap with one before them or of `found`."""
    joined: list[Span] = []
    surer = iter([*found, (len(text), len(text), "")])
    after = next(surer)
    place = 0
    for start, end, kind in more:
        while after[1] <= start and after[2]:
            joined.append(after)
            place = after[1]
            after = next(surer)
        if start < place or end > after[0]:
            continue
        if kind not in _NEVER_WRAPPED:
            end = min(continued(text, end), after[0])
        joined.append((start, end, kind))
        place = end
    return [*joined, *([after, *surer][:-1])]


def _disguised(finders: Sequence[Finder]) -> Finder:
    """A finder of what these find, behind colours, escapes and invisible characters."""

    def find(text: str) -> Iterator[Span]:
        view = plain_view(text)
        if view is not None and may_contain_secret(view.text.encode("utf-8", "surrogatepass")):
            for start, end, kind in _found(view.text, finders):
                yield *view.place(start, end), kind

    return find


_WITHOUT_KEY: Final = Redactor()


def redact(text: str) -> str:
    """The text with markers that tell kinds only: for what goes to others."""
    return _WITHOUT_KEY.redact(text)
