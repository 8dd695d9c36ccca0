"""The redactor: a text goes in, and comes out with a marker where each secret stood.

A marker names the secret's kind and, where the redactor has a key, four characters that are the same for the same
secret: two places can be told to hold the same one, and nobody without the key can try out which one.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from agent_memory.plain_view import plain_view
from agent_memory.redaction import payment
from agent_memory.redaction.commands import passwords_in_commands
from agent_memory.redaction.environment import environment_values
from agent_memory.redaction.hashes import password_hashes
from agent_memory.redaction.headers import cookies, signatures
from agent_memory.redaction.kubernetes import kubernetes_secrets
from agent_memory.redaction.named import named_values
from agent_memory.redaction.positional import passwords_in_links, private_keys
from agent_memory.redaction.prefilter import may_contain_secret
from agent_memory.redaction.seed_phrases import seed_phrases
from agent_memory.redaction.shapes import Span, known_tokens, tokens_in_base64
from agent_memory.redaction.wrapped import continued, wrapped_tokens

MARKER: Final = re.compile(r"\[redacted:([a-z0-9-]{1,40})(?::[0-9a-z]{4})?\]")
_TAG_LETTERS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_TAG_LENGTH: Final = 4
# What was hidden by what was taken out is looked for again; more often only a text that was made for it needs.
_ROUNDS_MAX: Final = 6
# Too short for that, or made of words.
_NEVER_WRAPPED: Final = frozenset(("password", "url-password", "private-key", "seed-phrase", "card-number", "iban"))

Finder = Callable[[str], Iterator[Span]]
# The surest first: what one has taken out, the next does not see.
_FINDERS: Final[tuple[Finder, ...]] = (
    private_keys,
    wrapped_tokens,
    tokens_in_base64,
    known_tokens,
    password_hashes,
    kubernetes_secrets,
    passwords_in_links,
    signatures,
    cookies,
    passwords_in_commands,
    named_values,
    seed_phrases,
)


class Redactor:
    """Takes secrets out. With a key, the same secret gets the same marker; without one, markers tell the kind only."""

    def __init__(self, key: bytes = b"", *, payment_data: bool = False) -> None:
        """`payment_data` says whether the numbers of cards and bank accounts are secrets, too."""
        self._key = key
        self._finders = (*_FINDERS, payment.payment_data) if payment_data else _FINDERS

    def redact(self, text: str, counts: Counter[str] | None = None, *, is_environment: bool = False) -> str:
        """The text with markers; `counts` is told how many of which kind. What is redacted already stays as it is.

        `is_environment` says that the text shows a file of settings in which every value may be secret.
        """
        finders = (*self._finders, environment_values) if is_environment else self._finders
        for _ in range(_ROUNDS_MAX):
            before = text
            for finder in finders:
                text = self._without(text, finder, counts)
            text = self._without(text, _disguised(finders), counts)
            if text == before:
                break
        return text

    def _without(self, text: str, finder: Finder, counts: Counter[str] | None) -> str:
        if "[redacted:" not in text:
            return self._part_without(text, finder, counts)
        parts = []
        place = 0
        for marker in MARKER.finditer(text):
            parts += [self._part_without(text[place : marker.start()], finder, counts), marker[0]]
            place = marker.end()
        return "".join([*parts, self._part_without(text[place:], finder, counts)])

    def _part_without(self, text: str, finder: Finder, counts: Counter[str] | None) -> str:
        parts = []
        place = 0
        for start, end, kind in finder(text):
            if start < place:
                continue  # it overlaps with the one before
            if kind not in _NEVER_WRAPPED:
                end = continued(text, end)
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


def _disguised(finders: Sequence[Finder]) -> Finder:
    """A finder of what these find, behind colours, escapes and invisible characters."""

    def find(text: str) -> Iterator[Span]:
        view = plain_view(text)
        if view is not None and may_contain_secret(view.text.encode("utf-8", "surrogatepass")):
            found: list[Span] = []
            for finder in finders:
                for start, end, kind in finder(view.text):
                    if all(end <= other[0] or other[1] <= start for other in found):
                        found.append((start, end, kind))
            for start, end, kind in sorted(found):
                yield *view.place(start, end), kind

    return find


_WITHOUT_KEY: Final = Redactor()


def redact(text: str) -> str:
    """The text with markers that tell kinds only: for what goes to others."""
    return _WITHOUT_KEY.redact(text)
