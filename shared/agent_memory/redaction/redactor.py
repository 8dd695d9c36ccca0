"""The redactor: a text goes in, and comes out with a marker where each secret stood.

A marker names the secret's kind and, where the redactor has a key, four characters that are the same for the same
secret: two places can be told to hold the same one, and nobody without the key can try out which one.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from agent_memory.redaction.environment import environment_values
from agent_memory.redaction.named import named_values
from agent_memory.redaction.positional import passwords_in_links, private_keys
from agent_memory.redaction.shapes import Span, known_tokens, tokens_in_base64

MARKER: Final = re.compile(r"\[redacted:([a-z0-9-]{1,40})(?::[0-9a-z]{4})?\]")
_TAG_LETTERS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_TAG_LENGTH: Final = 4
# What was hidden by what was taken out is looked for again; more often only a text that was made for it needs.
_ROUNDS_MAX: Final = 6

Finder = Callable[[str], Iterator[Span]]
# The surest first: what one has taken out, the next does not see.
_FINDERS: Final[tuple[Finder, ...]] = (private_keys, tokens_in_base64, known_tokens, passwords_in_links, named_values)


class Redactor:
    """Takes secrets out. With a key, the same secret gets the same marker; without one, markers tell the kind only."""

    def __init__(self, key: bytes = b"") -> None:
        self._key = key

    def redact(self, text: str, counts: Counter[str] | None = None, *, is_environment: bool = False) -> str:
        """The text with markers; `counts` is told how many of which kind. What is redacted already stays as it is.

        `is_environment` says that the text shows a file of settings in which every value may be secret.
        """
        finders = (*_FINDERS, environment_values) if is_environment else _FINDERS
        for _ in range(_ROUNDS_MAX):
            before = text
            for finder in finders:
                text = self._without(text, finder, counts)
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


_WITHOUT_KEY: Final = Redactor()


def redact(text: str) -> str:
    """The text with markers that tell kinds only: for what goes to others."""
    return _WITHOUT_KEY.redact(text)
