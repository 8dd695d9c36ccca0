"""How much a text costs whoever reads it with a model: the one estimate that everything here counts by."""

from __future__ import annotations

from typing import Final

# Four bytes of UTF-8 are about one token in every script: English words and Chinese characters alike.
BYTES_PER_TOKEN: Final = 4


def of_text(text: str) -> int:
    """About how many tokens the text has, at least one."""
    return of_bytes(len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass")))


def of_bytes(length: int) -> int:
    """About how many tokens so many bytes of UTF-8 have, at least one."""
    return length // BYTES_PER_TOKEN + 1


def bytes_within(max_tokens: int) -> int:
    """How many bytes of UTF-8 a text of that many tokens may have."""
    return max_tokens * BYTES_PER_TOKEN - 1
