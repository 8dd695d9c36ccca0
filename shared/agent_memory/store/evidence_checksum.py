"""The evidence checksum: a grip's hash of the events it quotes, which shows whether they have changed since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from agent_memory.model import TOOL_HEAD_CHARACTERS, Event, EventType


def evidence_checksum(events: Iterable[Event]) -> str:
    """The hash of who said what and when in these events: 32 hexadecimal digits.

    Only the head of a tool's result counts: nothing else of it is read, so nothing else can be quoted.
    """
    digest = hashlib.blake2b(digest_size=16)
    for event in events:
        is_result = event.event_type == EventType.TOOL_RESULT
        text = event.text[:TOOL_HEAD_CHARACTERS] if is_result else event.text
        said = [event.event_id, event.session_id, event.timestamp_ms, event.event_type, event.role, text]
        # A line of JSON per event: two different lists never give the same bytes.
        digest.update(json.dumps(said).encode() + b"\n")
    return digest.hexdigest()
