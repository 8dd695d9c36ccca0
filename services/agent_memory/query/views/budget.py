"""Budgets: what an answer costs its reader, in tokens, and where it ends so that it costs no more than allowed."""

from __future__ import annotations

from math import inf
from typing import TypedDict

from google.protobuf.message import Message

from agent_memory.text import tokens


class Price(TypedDict):
    """The price of an answer, by the names of its message's fields."""

    size_tokens: int
    needed_tokens: int


class Budget:
    """Takes whole items into an answer until one does not fit, and none after that. Without a limit all fit."""

    def __init__(self, max_tokens: int) -> None:
        """A `max_tokens` of 0 or less is no limit."""
        self.is_limited = max_tokens > 0
        self.size_bytes = 0
        # The smallest limit that would take one item more; 0 while nothing has been left out.
        self.needed_tokens = 0
        self._room_bytes = tokens.bytes_within(max_tokens) if self.is_limited else inf

    @property
    def has_more(self) -> bool:
        """Whether something was left out."""
        return self.needed_tokens > 0

    @property
    def price(self) -> Price:
        return {"size_tokens": _price(self.size_bytes), "needed_tokens": self.needed_tokens}

    def takes(self, item: Message | str) -> bool:
        """Whether the item fits; if so, it is counted."""
        size_bytes = self.size_bytes + _size(item)
        if size_bytes > self._room_bytes:
            self.needed_tokens = self.needed_tokens or _price(size_bytes)
            self._room_bytes = 0  # nothing after it is taken, however small
            return False
        self.size_bytes = size_bytes
        return True

    def charge(self, item: Message) -> None:
        """Count an item that the answer includes whatever it costs."""
        self.size_bytes += _size(item)


def price(message: Message) -> int:
    """About how many tokens the message costs to read."""
    return _price(_size(message))


def _price(size_bytes: int) -> int:
    return tokens.of_bytes(size_bytes) if size_bytes else 0


def _size(item: Message | str) -> int:
    return len(item.encode()) if isinstance(item, str) else item.ByteSize()
