"""Budgets: what an answer costs its reader, in tokens, and where it ends so that it costs no more than was allowed."""

from __future__ import annotations

from math import inf
from typing import TypedDict

from google.protobuf.message import Message

from agent_memory import tokens


class Price(TypedDict):
    """What an answer tells of its price, by the names of its fields."""

    size_tokens: int
    needed_tokens: int


class Budget:
    """Takes items into an answer, whole, until one does not fit; then no more. Without a limit all of them fit."""

    def __init__(self, max_tokens: int) -> None:
        """0 tokens and less are no limit."""
        self.is_limited = max_tokens > 0
        self.size_bytes = 0
        # The least limit with which more would have been taken; 0 as long as nothing was left out.
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
        """Whether the item still fits; it counts if it does."""
        size_bytes = self.size_bytes + _size(item)
        if size_bytes > self._room_bytes:
            self.needed_tokens = self.needed_tokens or _price(size_bytes)
            self._room_bytes = 0  # for what is smaller and comes later, too
            return False
        self.size_bytes = size_bytes
        return True

    def charge(self, item: Message) -> None:
        """Count what the answer says whatever it costs."""
        self.size_bytes += _size(item)


def price(message: Message) -> int:
    """About how many tokens it costs to read this message."""
    return _price(_size(message))


def _price(size_bytes: int) -> int:
    return tokens.of_bytes(size_bytes) if size_bytes else 0


def _size(item: Message | str) -> int:
    return len(item.encode()) if isinstance(item, str) else item.ByteSize()
