"""Formats: how an agent's file holds hooks or servers, and what the file is with ours in it and without them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from agent_memory.agents.agent import Hook
from agent_memory.hook.install.unusable import Unusable


class State(Enum):
    """Whether a file has our hooks or tools, and up to date."""

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

    Each method raises Unusable where the agent can't read the text, or where something would have to change that is not
    ours.
    """

    def state(self, text: str) -> State:
        """Whether ours are in it, and up to date."""

    def has_any(self, text: str) -> bool:
        """Whether there are such things in it, whosever they are."""

    def connect(self, text: str) -> str:
        """The text, which has none of ours, with all of them."""

    def renew(self, text: str, without: str) -> str:
        """The text, which has outdated ones of ours, with all of them up to date; `without` is it without ours."""

    def disconnect(self, text: str, original: str | None) -> str:
        """The text without ours; `original` is what it was before there were any, where that is known."""


@dataclass(frozen=True, slots=True)
class OurFile:
    """A file that is ours alone, in a folder from which the agent reads every file."""

    content: str

    def state(self, text: str) -> State:
        if text == self.content:
            return State.CURRENT
        if not text:
            return State.ABSENT
        if "agent-memory" not in text and "agent_memory" not in text:
            raise Unusable("it was not written by agent-memory, but has the name that ours would have")
        return State.OUTDATED

    def has_any(self, text: str) -> bool:
        return bool(text)

    def connect(self, text: str) -> str:
        return self.content

    def renew(self, text: str, without: str) -> str:
        return self.connect(without)

    def disconnect(self, text: str, original: str | None) -> str:
        return ""
