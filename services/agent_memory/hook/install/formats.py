"""Layouts: how an agent writes its hooks down, and what a file of it is with ours in it and without them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from agent_memory.hook.agents import Hook
from agent_memory.hook.install.unusable import Unusable


class State(Enum):
    """How a file stands to what should be in it."""

    ABSENT = "not installed"
    OUTDATED = "outdated"
    CURRENT = "up to date"


@dataclass(frozen=True, slots=True)
class Connected:
    """A hook and the command it calls."""

    hook: Hook
    command: str


class Format(Protocol):
    """The text of a file, whole, before and after; an empty one stands for no file.

    Each raises Unusable where the text is not what the agent can read, or where something would have to be touched that
    is not ours.
    """

    def state(self, text: str) -> State:
        """Whether our hooks are in it, as they should be."""

    def has_hooks(self, text: str) -> bool:
        """Whether there are hooks in it, whosever they are."""

    def connect(self, text: str) -> str:
        """The text, in which none of our hooks are, with all of them."""

    def disconnect(self, text: str, original: str | None) -> str:
        """The text without our hooks; `original` is what it was before there were any, where that is known."""


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file that is ours alone, in a folder from which the agent takes every file."""

    content: str

    def state(self, text: str) -> State:
        if text == self.content:
            return State.CURRENT
        if not text:
            return State.ABSENT
        if "agent-memory" not in text and "agent_memory" not in text:
            raise Unusable("it was not written by agent-memory, but has the name that its own would have")
        return State.OUTDATED

    def has_hooks(self, text: str) -> bool:
        return bool(text)

    def connect(self, text: str) -> str:
        return self.content

    def disconnect(self, text: str, original: str | None) -> str:
        return ""
