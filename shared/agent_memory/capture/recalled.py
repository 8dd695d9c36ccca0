"""Recalled text: what we put before an agent is marked, so that it is never taken for part of the conversation."""

from __future__ import annotations

import re
from typing import Final

_MARK: Final = "agent-memory-recall"
OPENING: Final = f"<{_MARK}>"
CLOSING: Final = f"</{_MARK}>"

# Some agents escape brackets, and their transcripts are JSON.
_LEFT, _RIGHT = r"(?:<|&lt;|\\u003c)", r"(?:>|&gt;|\\u003e)"
_MARKED = re.compile(rf"\s*{_LEFT}{_MARK}{_RIGHT}.*?{_LEFT}/{_MARK}{_RIGHT}\s*", re.DOTALL | re.IGNORECASE)
# Questions to the memory, as an agent types them into a shell.
_QUESTION = re.compile(r"(?:^|[\s/;&|('\"])memory-daemon\s[^;&|\n]*\bquery\b")
# What a terminal, or a model's tokenizer, might obey; line ends and tabs are harmless.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def marked(text: str) -> str:
    """The text between our marks. Nothing in it can end them early, or act on a terminal that shows it."""
    harmless = _CONTROL.sub(" ", text).replace(_MARK, _MARK.replace("-", " "))
    return f"{OPENING}\n{harmless}\n{CLOSING}"


def is_question(command: str) -> bool:
    """Whether the command asks the memory something: what it prints is stored already."""
    return "memory-daemon" in command and _QUESTION.search(command) is not None


def without(text: str) -> str:
    """The text without what we recalled into it."""
    return _MARKED.sub("\n", text).strip("\n") if _MARK in text else text
