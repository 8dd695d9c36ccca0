"""Recalled text: what we put before an agent carries a mark, so that it is never taken for something that was said."""

from __future__ import annotations

import re
from typing import Final

OPENING: Final = "<agent-memory-recall>"
CLOSING: Final = "</agent-memory-recall>"

# Some agents escape the brackets of what they pass on.
_MARKED = re.compile(
    r"\s*(?:<|&lt;)agent-memory-recall(?:>|&gt;).*?(?:<|&lt;)/agent-memory-recall(?:>|&gt;)\s*", re.DOTALL
)


def without(text: str) -> str:
    """The text without what we had recalled into it."""
    return _MARKED.sub("\n", text).strip("\n") if "agent-memory-recall" in text else text
