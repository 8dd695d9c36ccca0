"""Repeats: the second calls of a hook that is set up twice, as by a plugin and in a file of settings."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import Final

from agent_memory.capture.envelope import REPEATED_WITHIN_MS, Envelope
from agent_memory.recent import keep

# Far more calls than come in while their repeats may.
CALLS_MAX: Final = 4096


class Repeats:
    """Gives the repeats of a call the first one's key, from which the event has its id and its time. For any thread."""

    def __init__(self) -> None:
        # The last first call of each content, without its payload; and, for each repeat's key, that of its first call.
        self._first: OrderedDict[bytes, Envelope] = OrderedDict()
        self._repeats: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def as_first(self, envelope: Envelope) -> Envelope:
        """The envelope, under the first call's key where it repeats one; the same whenever it comes again."""
        content = envelope.content
        with self._lock:
            if key := self._repeats.get(envelope.key):
                return replace(envelope, key=key)
            first = self._first.get(content)
            if first is None or abs(first.arrived_ms - envelope.arrived_ms) > REPEATED_WITHIN_MS:
                keep(self._first, content, replace(envelope, payload=b""), CALLS_MAX)
                return envelope
            if first.key != envelope.key:
                keep(self._repeats, envelope.key, first.key, CALLS_MAX)
            return replace(envelope, key=first.key)
