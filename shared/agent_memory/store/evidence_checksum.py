"""Seals: a grip carries a hash of the events it quotes, which tells whether they are still what they were."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from agent_memory.model import TOOL_HEAD_CHARACTERS, Event, EventType


def evidence_checksum(events: Iterable[Event]) -> str:
    """What stands for these events: who said what, when. Equal events, equal seals; 32 hexadecimal digits.

    Of a tool's result the head is sealed: it is all that is read, and so all that can be quoted.
    """
    digest = hashlib.blake2b(digest_size=16)
    for event in events:
        is_result = event.event_type == EventType.TOOL_RESULT
        text = event.text[:TOOL_HEAD_CHARACTERS] if is_result else event.text
        said = [event.event_id, event.session_id, event.timestamp_ms, event.event_type, event.role, text]
        # A line of JSON an event: no two lists of events give the same bytes.
        digest.update(json.dumps(said).encode() + b"\n")
    return digest.hexdigest()
