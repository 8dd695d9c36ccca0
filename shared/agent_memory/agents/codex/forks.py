"""Forks: a forked rollout first repeats what its thread was forked from, stamped with the time of the fork.

The rollout of the other thread says what was said there: the turns by their ids, or, from clients of 2025, which have
none, the messages in their order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from agent_memory.agents.payload import Payload, at_ms_of, object_of, text_of

# Below the folder of the rollouts, in which a rollout's own folder is its day's.
_DEPTH: Final = 3
_GO_MS: Final = 500
_UUID_7: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_MESSAGES: Final = ("user_message", "agent_message")


class Replay:
    """The beginning of a rollout that repeats another thread's."""

    def __init__(self, path: Path, thread_id: str, forked_from_id: str) -> None:
        self.forked_from_id = forked_from_id
        self._thread_id = thread_id
        self._turns, self._messages = _content_of(_rollout(path, forked_from_id))
        # Whether the other rollout is there, which has all this itself.
        self.is_kept_elsewhere = bool(self._turns or self._messages)
        self._at_ms = 0
        self._place = 0

    def is_over(self, record: Payload) -> bool:
        """Whether the thread's own part begins with that record, at the latest."""
        payload = object_of(record, "payload")
        turn_id = text_of(payload, "turn_id") or text_of(object_of(payload, "turn_attribution"), "turn_id")
        if turn_id and self._turns:
            return turn_id not in self._turns
        if self.is_kept_elsewhere:
            return self._is_new_message(payload)
        if _counts_time(turn_id) and _counts_time(self._thread_id):
            return turn_id > self._thread_id
        # It is written in one go.
        before_ms, self._at_ms = self._at_ms, at_ms_of(record)
        return (
            before_ms > 0 and self._at_ms - before_ms > _GO_MS and record.get("type") in ("turn_context", "event_msg")
        )

    def _is_new_message(self, payload: Payload) -> bool:
        if payload.get("type") not in _MESSAGES:
            return False
        if self._place < len(self._messages) and self._messages[self._place] == text_of(payload, "message"):
            self._place += 1
            return False
        return True


def _counts_time(any_id: str) -> bool:
    """Whether it is a UUID of the seventh version, of which an earlier one is the smaller one."""
    return _UUID_7.fullmatch(any_id) is not None


def _content_of(rollout: Path | None) -> tuple[frozenset[str], list[str]]:
    """The ids of its turns, and its messages."""
    turns: set[str] = set()
    messages: list[str] = []
    for payload in _payloads(rollout):
        if turn_id := text_of(payload, "turn_id"):
            turns.add(turn_id)
        if payload.get("type") in _MESSAGES:
            messages.append(text_of(payload, "message"))
    return frozenset(turns), messages


def _payloads(rollout: Path | None) -> Iterator[Payload]:
    if rollout is None:
        return
    with suppress(OSError), rollout.open("rb") as file:
        for line in file:
            if b'"turn_id"' not in line and b'_message"' not in line:
                continue
            with suppress(ValueError, RecursionError):
                record = json.loads(line)
                if isinstance(record, dict) and record.get("type") in ("turn_context", "event_msg"):
                    yield object_of(record, "payload")


def _rollout(path: Path, thread_id: str) -> Path | None:
    """The rollout of that thread, in the same folder or in that of another day."""
    if not thread_id or "/" in thread_id or any(mark in thread_id for mark in "*?["):
        return None
    root = path.parents[_DEPTH] if len(path.parents) > _DEPTH and path.parent.name.isdigit() else path.parent
    for folder, pattern in ((path.parent, "*"), (root, "**/*")):
        found = next(iter(sorted(folder.glob(f"{pattern}{thread_id}.jsonl"))), None)
        if found is not None:
            return found
    return None
